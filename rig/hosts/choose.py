"""choose: which kind of host this machine gets, and why; the choice of a host that is up is kept.

Not here: the kinds themselves (native/, kind.py, adopted.py).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import HostError
from rig import files
from rig.hosts import Host
from rig.hosts.adopted import AdoptedHost
from rig.hosts.kind import KindHost
from rig.hosts.native import NativeHost
from rig.hosts.native.layout import check_name

_DOCKER_SECONDS = 10


@dataclass(frozen=True)
class Machine:
    """What the choice depends on."""

    kubeconfig: str
    """Of a cluster that the user wants adopted; empty: none."""
    docker: bool
    """Whether Docker answers."""
    linux: bool
    root: bool


def this_machine(environment: Mapping[str, str] = os.environ) -> Machine:
    """Look at the machine."""
    return Machine(
        kubeconfig=environment.get("HOST_KUBECONFIG", ""),
        docker=_docker_answers(),
        linux=sys.platform == "linux",
        root=os.geteuid() == 0,
    )


def choose(name: str, folder: Path, machine: Machine) -> tuple[Host, str]:
    """Return the host of this name, and one line on what was chosen and why.

    Args:
        name: Of the host.
        folder: Checkout-local folder, where the choice of hosts that are up is remembered.
        machine: What there is.

    Raises:
        HostError: there is no way to get a host here, or one of another kind is up.
    """
    check_name(name)
    kind, why = kind_for(machine)
    before = remembered(folder).get(name)
    if before and before["kind"] != kind and not machine.kubeconfig:
        return _make(name, before, folder), f"host {name}: {before['kind']}, as it was brought up"
    if before and before["kind"] != kind:
        raise HostError(
            f"host {name}: is up already, got kind {before['kind']!r}; take it down first with "
            f"`python -m rig down --host {name}`, or give the adopted one another name with --host"
        )
    choice = {"kind": kind, "kubeconfig": machine.kubeconfig}
    return _make(name, choice, folder), f"host {name}: {kind}, because {why}"


def existing(name: str, folder: Path, machine: Machine) -> Host:
    """Return the host that was brought up under this name, or would be."""
    before = remembered(folder).get(name)
    if before:
        return _make(check_name(name), before, folder)
    return choose(name, folder, machine)[0]


def remember(host: Host, folder: Path) -> None:
    """Keep the choice, so that `down` and `status` mean the same host later."""
    with files.locked(folder / "hosts.lock"):
        choices = remembered(folder)
        choices[host.name] = {"kind": host.kind, "kubeconfig": str(host.kubeconfig)}
        _write(folder, choices)


def forget(host: Host, folder: Path) -> None:
    """Drop the choice of a host that was taken down."""
    with files.locked(folder / "hosts.lock"):
        choices = remembered(folder)
        if choices.pop(host.name, None):
            _write(folder, choices)


def remembered(folder: Path) -> dict[str, dict[str, str]]:
    """Return the hosts that were brought up from this checkout."""
    try:
        found: dict[str, dict[str, str]] = json.loads((folder / "hosts.json").read_text())
    except FileNotFoundError:
        return {}
    return found


def kind_for(machine: Machine) -> tuple[str, str]:
    """Return the kind of host that a machine gets, and why.

    Raises:
        HostError: there is no way to get one.
    """
    if machine.kubeconfig:
        return "adopted", f"HOST_KUBECONFIG is {machine.kubeconfig}"
    if machine.docker:
        return "kind", "Docker answers"
    if machine.linux and machine.root:
        return "native", "this is Linux, you are root, and no Docker answers"
    lacking = "this is not Linux" if not machine.linux else "you are not root"
    raise HostError(
        f"host: there is no way to get one here: no HOST_KUBECONFIG, no Docker, and {lacking}; "
        "start Docker and install kind, or give a cluster with HOST_KUBECONFIG=<path>, or on Linux "
        "run as root"
    )


def _make(name: str, choice: Mapping[str, str], folder: Path) -> Host:
    if choice["kind"] == "adopted":
        return AdoptedHost(name, Path(choice["kubeconfig"]))
    return KindHost(name, folder) if choice["kind"] == "kind" else NativeHost(name)


def _write(folder: Path, choices: dict[str, dict[str, str]]) -> None:
    text = json.dumps(choices, indent=2, sort_keys=True) + "\n"
    files.write(folder / "hosts.json", text, 0o644)


def _docker_answers() -> bool:
    try:
        done = subprocess.run(
            ["docker", "info"], capture_output=True, check=False, timeout=_DOCKER_SECONDS
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
