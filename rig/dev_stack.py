"""The dev stack: `pulumi up` on the local host, and what to do with its tenants afterwards.

Owns: the run that `make up` ends with, its progress, the closing table, `make kubeconfig`.
Not here: what the stack declares (stacks/dev.py), which Pulumi runs it (pulumi.py).
"""

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from core.errors import TenantplaneError
from rig import pulumi
from rig.progress import Progress, Step

STACK = "dev"
_TENANT_TYPE = "tenantplane:index:TenantControlPlane"
_POLL_SECONDS = 0.2
_LEFT_MARGIN = " "


def up(report: Progress, kubeconfig: Path) -> None:
    """Run `pulumi up` and print for each tenant its address, version, and how to use it.

    Raises:
        TenantplaneError: the run failed; its own words are in the message.
    """
    _run("stack", "select", "--create", STACK)
    settings = ["--path", "tenantplane:host.adopt.kubeconfig", str(_shown(kubeconfig))]
    if _config("tenantplane:host")["adopt"]["kubeconfig"] != str(_shown(kubeconfig)):
        _run("config", "set", *settings, "--stack", STACK)
    events = _Events()
    with report.step(f"pulumi up of stack {STACK}") as step, events.follow(step) as log:
        done = _call(
            *("up", "--yes", "--skip-preview", "--stack", STACK, "--suppress-progress"),
            *("--event-log", str(log)),
        )
        if done.returncode:
            raise TenantplaneError(f"stack {STACK}: pulumi up failed\n{done.stdout}{done.stderr}")
    for line in closing_lines(_outputs(), events.seconds_to_ready):
        report.say(line)


def down(report: Progress) -> None:
    """Forget the stack of a host that is gone: nothing is left that it could destroy."""
    if not pulumi.is_ready() or _call("stack", "ls", "--json").stdout.find(f'"{STACK}"') < 0:
        return
    with report.step(f"state of stack {STACK}"):
        _run("stack", "rm", "--yes", "--force", "--preserve-config", STACK)


def kubeconfig(tenant: str) -> str:
    """Return the kubeconfig of one tenant's users.

    Raises:
        TenantplaneError: the stack has no such tenant, or it did not come up.
    """
    found: Mapping[str, str] = _outputs(secrets=True).get("kubeconfigs", {})
    text = found.get(tenant)
    if text is None:
        known = ", ".join(sorted(found)) or "none; run make up"
        raise TenantplaneError(
            f"tenant {tenant}: stack {STACK} has no kubeconfig of it; its tenants: {known}"
        )
    return text


def closing_lines(outputs: Mapping[str, Any], seconds: Mapping[str, float]) -> list[str]:
    """Return the table and the next commands, as `make up` ends with them."""
    rows = [("TENANT", "ADDRESS", "VERSION", "READY AFTER")]
    for tenant, endpoint in sorted(outputs.get("endpoints", {}).items()):
        ready = f"{seconds[tenant]:.1f} s" if tenant in seconds else "was ready"
        rows.append((tenant, endpoint, outputs["versions"][tenant], ready))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["", *("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows), ""]
    for tenant, *_ in rows[1:]:
        lines.append(
            f"make kubeconfig TENANT={tenant} > {tenant}.yaml && "
            f"kubectl --kubeconfig {tenant}.yaml api-resources"
        )
    return [f"{_LEFT_MARGIN}{line}".rstrip() for line in lines]


class _Events:
    """Pulumi's event log while it is written: what is being made, when each tenant was done."""

    def __init__(self) -> None:
        self.seconds_to_ready: dict[str, float] = {}
        self._began = 0.0
        self._done = 0
        self._read = 0

    def follow(self, step: Step) -> "_Follower":
        """Read the log in a thread for as long as the context lasts."""
        self._began = time.time()
        return _Follower(self, step)

    def read(self, log: Path, step: Step) -> None:
        """Take note of what is new in the log."""
        if not log.exists():
            return
        with log.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                self._note(json.loads(line), step)

    def _note(self, event: Mapping[str, Any], step: Step) -> None:
        metadata = event.get("resOutputsEvent", {}).get("metadata")
        if metadata is None:
            return
        self._done += metadata["op"] != "same"
        urn = metadata["urn"]
        if self._done:
            step.update(f"{self._done} resources made or changed")
        if _TENANT_TYPE in urn and metadata["op"] == "create":
            tenant = _tenant_of(urn)
            self.seconds_to_ready[tenant] = time.time() - self._began


class _Follower:
    """Context in which an event log is read."""

    def __init__(self, events: _Events, step: Step) -> None:
        self._events, self._step = events, step
        self._folder = tempfile.TemporaryDirectory()
        self._log = Path(self._folder.name) / "events"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)

    def __enter__(self) -> Path:
        self._thread.start()
        return self._log

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._folder.cleanup()

    def _loop(self) -> None:
        while not self._over.wait(_POLL_SECONDS):
            self._events.read(self._log, self._step)
        self._events.read(self._log, self._step)


def _tenant_of(urn: str) -> str:
    """The tenant that a URN belongs to; each child's name begins with its parent's."""
    kinds, _, name = urn.rpartition("::")
    if kinds.endswith(_TENANT_TYPE):
        return name
    return max((t for t in _prefixes(name)), key=len, default=name)


def _prefixes(name: str) -> Iterator[str]:
    parts = name.split("-")
    for count in range(1, len(parts)):
        yield "-".join(parts[:count])


def _shown(path: Path) -> Path:
    """The path as the checked-in config has it, relative to the checkout."""
    return path.relative_to(pulumi.ROOT) if path.is_relative_to(pulumi.ROOT) else path


def _config(key: str) -> Any:  # noqa: ANN401 -- whatever the user wrote
    return json.loads(_run("config", "get", key, "--stack", STACK))


def _outputs(*, secrets: bool = False) -> dict[str, Any]:
    shown = ["--show-secrets"] if secrets else []
    found: dict[str, Any] = json.loads(_run("stack", "output", "--json", "--stack", STACK, *shown))
    return found


def _run(*arguments: str) -> str:
    done = _call(*arguments)
    if done.returncode:
        raise TenantplaneError(f"pulumi {arguments[0]}: failed\n{done.stdout}{done.stderr}")
    return done.stdout


def _call(*arguments: str) -> subprocess.CompletedProcess[str]:
    import os  # noqa: PLC0415

    toolchain = pulumi.environment()
    return subprocess.run(
        [str(Path(toolchain["PATH"].split(os.pathsep)[0]) / "pulumi"), *arguments],
        cwd=pulumi.ROOT,
        env=os.environ | toolchain,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
