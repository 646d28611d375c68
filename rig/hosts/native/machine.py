"""machine: what the hosts change on the machine itself, and how it is put back.

Every change is written down before it is made, and undone when the last host goes.
Not here: what a host has for itself alone (isolation.py).
"""

import json
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rig import files
from rig.hosts.native import state
from rig.hosts.native.layout import BASE
from rig.hosts.native.processes import boot

AT_LEAST = {"fs.inotify.max_user_instances": 8192}
"""Each kubelet, shim and apiserver holds several; Debian's 128 are used up by 40 pods."""

EXACTLY = {
    "vm.overcommit_memory": 1,
    "vm.panic_on_oom": 0,
    "kernel.panic": 10,
    "kernel.panic_on_oops": 1,
    "kernel.keys.root_maxkeys": 1000000,
    "kernel.keys.root_maxbytes": 25000000,
}
"""What kubelet sets when it starts (setupKernelTunables); set here to know what was before."""


@dataclass
class _Changes:
    """What was changed, for the hosts together."""

    boot: str = ""
    sysctls: dict[str, int] = field(default_factory=dict)
    """Values from before, in this boot."""
    folders: list[str] = field(default_factory=list)
    """Folders that were not there before, outermost first."""


def tune(base: Path = BASE) -> list[str]:
    """Set the kernel's settings that hosts need; return a line for each one that was changed."""
    said = []
    with state.lock(state.MACHINE, base):
        changes = _load(base)
        for name, (now, wanted) in to_change().items():
            changes.sysctls.setdefault(name, now)
            _save(changes, base)
            _sysctl(name).write_text(str(wanted))
            said.append(f"{name}: {now} -> {wanted}")
    return said


def made(path: str, base: Path = BASE) -> None:
    """Make a folder, and remember it if it wasn't there."""
    with state.lock(state.MACHINE, base):
        changes = _load(base)
        missing = [str(one) for one in (Path(path), *Path(path).parents) if not one.exists()]
        changes.folders.extend(reversed(missing))
        _save(changes, base)
        Path(path).mkdir(parents=True, exist_ok=True)


def restore(base: Path = BASE) -> None:
    """Undo everything, if no host is left."""
    with state.lock(state.MACHINE, base):
        if state.names(base):
            return
        changes = _load(base)
        for name, before in changes.sysctls.items():
            _sysctl(name).write_text(str(before))
        for folder in reversed(changes.folders):
            _remove_empty(Path(folder))
        (base / "machine.json").unlink(missing_ok=True)
        _remove_empty(base / "hosts")


def to_change() -> dict[str, tuple[int, int]]:
    """Return the settings that `tune` changes: value now, value then."""
    values = {name: (_read(name), wanted) for name, wanted in {**AT_LEAST, **EXACTLY}.items()}
    return {
        name: (now, wanted)
        for name, (now, wanted) in values.items()
        if now is not None and (now < wanted if name in AT_LEAST else now != wanted)
    }


def is_mount(path: Path) -> bool:
    """Say whether something is mounted there; os.path.ismount doesn't see a bind mount."""
    return str(path) in mounts()


def mounts() -> list[str]:
    """Return the mount points of the machine, in the order in which they were mounted."""
    return [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]


def _remove_empty(path: Path) -> None:
    """Remove a folder if nothing is in it; `ip netns` also made a mount of /run/netns."""
    if not path.is_dir() or any(path.iterdir()):
        return
    if is_mount(path):
        subprocess.run(["umount", str(path)], check=False, capture_output=True)
    try:
        path.rmdir()
    except OSError:  # another process began to use it: then it is not ours any more
        return


def _sysctl(name: str) -> Path:
    return Path("/proc/sys", *name.split("."))


def _read(name: str) -> int | None:
    """Return a setting; None if this kernel doesn't have it."""
    try:
        return int(_sysctl(name).read_text())
    except FileNotFoundError:
        return None


def _load(base: Path) -> _Changes:
    try:
        changes = _Changes(**json.loads((base / "machine.json").read_text()))
    except FileNotFoundError:
        changes = _Changes()
    if changes.boot != boot():
        changes.sysctls = {}  # the reboot put them back
        changes.boot = boot()
    return changes


def _save(changes: _Changes, base: Path) -> None:
    files.write(base / "machine.json", json.dumps(asdict(changes), indent=2) + "\n")
