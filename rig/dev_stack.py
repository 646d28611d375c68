"""The dev stack: `pulumi up` on the local host, and what to do with its tenants afterwards.

Owns: the run that `make up` ends with, its progress, the closing lines, `make kubeconfig`.
Not here: the update itself (automation/), what the stack declares (stacks/dev.py), which Pulumi
runs it (pulumi.py).
"""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from automation import Event, Installation, Phase, StackNotFoundError, UpResult
from core.errors import TenantplaneError
from rig import pulumi
from rig.progress import Progress, Step

STACK = "dev"


def up(report: Progress) -> None:
    """Run `pulumi up` and say for each tenant its address, version, and how to use it.

    Raises:
        TenantplaneError: something could not be made; the message names it.
    """
    installation = Installation(pulumi.ROOT, STACK, pulumi.environment())
    try:
        installation.settings()
    except StackNotFoundError:
        _pulumi("stack", "init", STACK)  # its config stands in Pulumi.dev.yaml already
    ready: dict[str, float] = {}
    with report.step(f"pulumi up of stack {STACK}") as step:
        result = installation.up(_Follower(step, ready))
    for line in closing_lines(result, ready):
        report.say(line)


def down(report: Progress) -> None:
    """Forget the state of a host that is gone: nothing is left that it could destroy."""
    if not pulumi.is_ready():
        return
    checkpoint = pulumi.LOCAL / "backend/.pulumi/stacks/tenantplane"
    if not any(checkpoint.glob(f"{STACK}.json*")):
        return
    with report.step(f"state of stack {STACK}"):
        _pulumi("stack", "rm", "--yes", "--force", "--preserve-config", "--stack", STACK)


def kubeconfig(tenant: str) -> str:
    """Return the kubeconfig of one tenant's users."""
    return Installation(pulumi.ROOT, STACK, pulumi.environment()).kubeconfig(tenant)


def closing_lines(result: UpResult, ready: Mapping[str, float]) -> list[str]:
    """Return what `make up` ends with: a table of tenants, and a command for each."""
    rows = [("TENANT", "ADDRESS", "VERSION", "READY AFTER")]
    for name, tenant in result.tenants.items():
        seconds = f"{ready[name]:.1f} s" if name in ready else "was ready"
        rows.append((name, tenant.endpoint, tenant.version, seconds))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows), ""]
    lines += [
        f"make kubeconfig TENANT={name} > {name}.yaml && "
        f"kubectl --kubeconfig {name}.yaml api-resources"
        for name in result.tenants
    ]
    return [*lines, "", 'plain pulumi in this checkout: eval "$(make env)"']


class _Follower:
    """Turns the events of an update into progress, and notes when each tenant was whole."""

    def __init__(self, step: Step, ready: dict[str, float]) -> None:
        self._step, self._ready = step, ready
        self._done, self._began = 0, time.monotonic()

    def __call__(self, event: Event) -> None:
        if event.phase is not Phase.FINISHED:
            return
        self._done += 1
        self._step.update(f"{self._done} resources made or changed")
        if event.tenant is not None and event.operation == "create":
            self._ready[event.tenant] = time.monotonic() - self._began


def _pulumi(*arguments: str) -> None:
    environment = os.environ | pulumi.environment()
    done = subprocess.run(
        [str(Path(pulumi.LOCAL) / "bin/pulumi"), *arguments, "--non-interactive"],
        cwd=pulumi.ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise TenantplaneError(f"pulumi {arguments[0]}: failed\n{done.stdout}{done.stderr}")
