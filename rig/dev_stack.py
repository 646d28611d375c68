"""The dev stack: `pulumi up` on the local host, and what to do with its tenants afterwards.

Owns: the run that `make up` ends with, its progress, the closing lines, `make kubeconfig`, and what
`make down` does with the stack.
Not here: the update itself (automation/), what the stack declares (stacks/dev.py), which Pulumi
runs it (pulumi.py), what its config says (dev_config.py).
"""

import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from automation import (
    AutomationError,
    Event,
    Installation,
    Phase,
    StackNotFoundError,
    UpResult,
)
from core.errors import HostError, TenantplaneError
from rig import dev_config, pulumi, reach
from rig.dev_config import HOST, STACK
from rig.hosts import Host, adopted
from rig.hosts.adopted import AdoptedHost
from rig.progress import Progress, Step

_STATE = pulumi.LOCAL / "backend/.pulumi/stacks/tenantplane"


def up(host: Host, report: Progress) -> None:
    """Run `pulumi up` and say for each tenant its address, version, and how to use it.

    Raises:
        TenantplaneError: something could not be made; the message names it.
    """
    installation = _installation()
    _make(installation)
    if isinstance(host, AdoptedHost):
        server = host.server(dev_config.context())
        for line in adopted.warnings(installation.settings(), server):
            report.say(line)
    ready: dict[str, float] = {}
    with report.step(f"pulumi up of stack {STACK}") as step:
        result = installation.up(_Follower(step, ready))
        step.update("asks each tenant at its address")
        unreached = reach.troubles(result.tenants)
    for line in closing_lines(result, ready, unreached):
        report.say(line)


def refuse_another_cluster(host: AdoptedHost, report: Progress) -> None:
    """Refuse a cluster while the stack has resources on another: they would be nobody's.

    Raises:
        HostError: it has; nothing was changed.
    """
    if not has_state():
        return
    _ready(report)
    server = host.server(dev_config.context())
    others = [other for other in _installation().host_servers() if other != server]
    if others:
        raise HostError(
            f"host {host.name}: stack {STACK} still has its resources on the cluster at "
            f"{', '.join(others)}, got {str(host.kubeconfig)!r} with {server}; run `make down` "
            "first, which removes them there"
        )


def forget_salt(config: Path) -> None:
    """Take out of a stack's config what Pulumi wrote into it for the stack's passphrase.

    In another checkout, with another passphrase, Pulumi would refuse it. A config in which
    something is encrypted stays as it is.
    """
    text = config.read_text()
    without = re.sub(r"(?m)^encryptionsalt: .*\n?", "", text)
    if without != text and not re.search(r"(?m)^\s*secure:", text):
        config.write_text(without)


def down(host: Host, kubeconfig: Path, report: Progress) -> None:
    """Destroy what the stack made on a cluster that stays, and forget its state.

    With a native or kind host, gone by now, all of it is gone: there the state alone is left.

    Args:
        host: That is down.
        kubeconfig: The checkout's copy of its kubeconfig, if there is one.
        report: Where progress is shown.

    Raises:
        TenantplaneError: something could not be destroyed; the state stays, to try again.
    """
    if has_state():
        _ready(report)
        if isinstance(host, AdoptedHost) or _is_elsewhere(kubeconfig):
            _destroy(report)
        with report.step(f"state of stack {STACK}"):
            _pulumi("stack", "rm", "--yes", "--force", "--preserve-config", "--stack", STACK)
    forget_salt(dev_config.FILE)


def _is_elsewhere(kubeconfig: Path) -> bool:
    """Say whether the stack is on another cluster: Pulumi.dev.yaml may adopt one by itself."""
    own = AdoptedHost(HOST, kubeconfig).server() if kubeconfig.exists() else ""
    return any(server != own for server in _installation().host_servers())


def _destroy(report: Progress) -> None:
    try:
        with report.step(f"pulumi destroy of stack {STACK}") as step:
            _installation().destroy(_Follower(step, {}, "resources removed"))
    except AutomationError as error:
        raise TenantplaneError(
            f"stack {STACK}: not all of it could be destroyed, so its state stays, for the reason "
            "below; mend that and run `make down` again, or, if the cluster is gone for good, "
            f"`PULUMI_K8S_DELETE_UNREACHABLE=true make down`\n{error}"
        ) from error


def kubeconfig(tenant: str) -> str:
    """Return the kubeconfig of one tenant's users."""
    return _installation().kubeconfig(tenant)


def closing_lines(
    result: UpResult, ready: Mapping[str, float], unreached: Mapping[str, str]
) -> list[str]:
    """Return what `make up` ends with: a table of tenants, and a command for each.

    Args:
        result: Of the update.
        ready: Seconds after which tenants that are new were whole.
        unreached: What is in the way to tenants that don't answer at their address.
    """
    rows = [("TENANT", "ADDRESS", "VERSION", "READY AFTER")]
    for name, tenant in result.tenants.items():
        seconds = f"{ready[name]:.1f} s" if name in ready else "was ready"
        rows.append((name, tenant.endpoint, tenant.version, seconds))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows), ""]
    for name, trouble in unreached.items():
        address = result.tenants[name].endpoint
        lines.append(
            f"tenant {name}: is up, but can't be reached at {address} from here, got {trouble!r}; "
            "let this machine through to it, or change tenantplane:gateway (exposure, address)"
        )
    lines += [""] if unreached else []
    lines += [
        f"make kubeconfig TENANT={name} > {name}.yaml && "
        f"kubectl --kubeconfig {name}.yaml api-resources"
        for name in result.tenants
    ]
    return [*lines, "", 'plain pulumi in this checkout: eval "$(make env)"']


def _installation() -> Installation:
    return Installation(pulumi.ROOT, STACK, pulumi.environment())


def _make(installation: Installation) -> None:
    """Make the stack, unless it is there."""
    try:
        installation.settings()
    except StackNotFoundError:
        forget_salt(dev_config.FILE)
        _pulumi("stack", "init", STACK)  # its config stands in Pulumi.dev.yaml already


def has_state() -> bool:
    """Say whether there is a stack; Pulumi keeps backups of one that was removed."""
    return any(".bak" not in file.name for file in _STATE.glob(f"{STACK}.json*"))


def _ready(report: Progress) -> None:
    if not pulumi.is_ready():
        pulumi.prepare(report)


class _Follower:
    """Turns the events of an update into progress, and notes when each tenant was whole."""

    def __init__(
        self, step: Step, ready: dict[str, float], what: str = "resources made or changed"
    ) -> None:
        self._step, self._ready, self._what = step, ready, what
        self._done, self._began = 0, time.monotonic()

    def __call__(self, event: Event) -> None:
        if event.phase is not Phase.FINISHED:
            return
        self._done += 1
        self._step.update(f"{self._done} {self._what}")
        if event.tenant is not None and event.operation == "create":
            self._ready[event.tenant] = time.monotonic() - self._began


def _pulumi(*arguments: str) -> None:
    environment = os.environ | pulumi.environment()
    done = subprocess.run(
        ["pulumi", *arguments, "--non-interactive"],
        cwd=pulumi.ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TenantplaneError(f"pulumi {arguments[0]}: failed\n{done.stdout}{done.stderr}")
