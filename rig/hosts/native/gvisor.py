"""gvisor: the second runtime of a native host, for pods whose RuntimeClass is `gvisor`.

Not here: how runsc and its shim are compiled (rig/toolchain), what containerd is told (configs.py).
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.hosts.native.api import Api, path
from rig.hosts.native.layout import Layout

HANDLER = "gvisor"
"""Name of the RuntimeClass and of containerd's handler; GKE calls both so."""

BINARIES = ("runsc", "containerd-shim-runsc-v1")

_PLATFORM = "systrap"  # the one that needs neither KVM nor a ptrace stop for each system call
_RUNTIME_CLASS: dict[str, Any] = {
    "apiVersion": "node.k8s.io/v1",
    "kind": "RuntimeClass",
    "metadata": {"name": HANDLER},
    "handler": HANDLER,
}


def program(layout: Layout, name: str) -> Path:
    """Return where the host has one of BINARIES: not where components are, which have one each."""
    return layout.run / "gvisor" / name


def link(layout: Layout, binaries: Mapping[str, Path]) -> None:
    """Put the programs where containerd is told that they are."""
    for name in BINARIES:
        place = program(layout, name)
        place.parent.mkdir(exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(binaries[name])


def config(layout: Layout) -> str:
    """Return the shim's configuration."""
    return (
        f'binary_name = "{program(layout, "runsc")}"\n'
        'root = "/run/containerd/runsc"\n'
        "[runsc_config]\n"
        f'platform = "{_PLATFORM}"\n'
        'host-uds = "all"\n'  # else containers of a pod can't meet at a socket in an emptyDir
    )


def offer(client: Api, runsc: Path) -> str:
    """Let pods ask for the runtime if this kernel has what it needs.

    Returns:
        Why it doesn't; nothing if it does. Then the API server refuses pods that ask for it.
    """
    found = trouble(runsc)
    if found:
        client.delete(path(_RUNTIME_CLASS))
    else:
        client.apply_manifest(_RUNTIME_CLASS)
    return found


def trouble(runsc: Path) -> str:
    """Return why no sandbox can be run here, seen by running one (0.1 s); nothing if it can."""
    with tempfile.TemporaryDirectory() as root:
        options = (f"--platform={_PLATFORM}", "--network=none", "--ignore-cgroups")
        command = [str(runsc), *options, f"--root={root}", "do", "true"]
        done = subprocess.run(
            ["unshare", "--net", "--mount", *command], capture_output=True, text=True, check=False
        )
    said = (done.stderr or done.stdout).strip().splitlines()
    return "" if done.returncode == 0 else (said or ["no word"])[-1]
