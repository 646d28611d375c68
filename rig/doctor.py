"""doctor: looks at this machine before a host is brought up; each finding has its remedy.

Kernel features are tried in namespaces of their own, which leave nothing behind.
Not here: installing packages (packages.py), setting the kernel up (hosts/native/machine.py).
"""

import os
import platform
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import TenantplaneError
from rig import cache, packages, pulumi, toolchain
from rig.hosts import choose, kernel
from rig.hosts.adopted import AdoptedHost
from rig.hosts.kind import GATEWAY_PORT, KindHost
from rig.hosts.native import gateway_api, layout, machine, state

_MIB = 1024**2
_GIB = 1024**3
_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}
_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One line."""

    level: str
    """ok, warn (it works, but), fail (it won't work)."""
    thing: str
    detail: str
    remedy: str = ""
    """Command or advice; empty if the level is ok, and only then."""


def examine(name: str, folder: Path) -> list[Finding]:
    """Examine the machine for the kind of host that it gets.

    Args:
        name: Of the host.
        folder: Checkout-local folder, where the choice of hosts that are up is remembered.
    """
    seen = choose.this_machine()
    try:
        host, why = choose.choose(name, folder, seen)
    except TenantplaneError as error:
        return [_python(), _failed(f"host {name}", error)]
    thing, _, chosen = why.partition(": ")
    findings = [_python(), Finding("ok", thing, chosen)]
    if isinstance(host, AdoptedHost):
        return [*findings, *_adopted(host)]
    checks = _KIND if host.kind == KindHost.kind else _NATIVE
    return [*findings, *(finding for check in checks for finding in check())]


def shown(findings: list[Finding]) -> str:
    """Return findings as text."""
    width = max(len(finding.thing) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{_MARKS[finding.level]} {finding.thing.ljust(width)}  {finding.detail}")
        if finding.remedy:
            lines.append(f"  {' ' * width}  -> {finding.remedy}")
    return "\n".join(lines)


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info >= _PYTHON:
        return Finding("ok", "Python", version)
    return Finding("fail", "Python", version, "install Python 3.11 or newer")


def _failed(thing: str, error: TenantplaneError) -> Finding:
    """Return an error as a finding: what it says to do stands behind its first semicolon."""
    detail, _, remedy = str(error).removeprefix("host: ").partition("; ")
    return Finding("fail", thing, detail, remedy or "look it up in docs/troubleshooting.md")


def _adopted(host: AdoptedHost) -> Iterator[Finding]:
    yield from _go(())
    thing = "adopted cluster"
    try:
        server, trouble = host.server(), host.trouble()
    except TenantplaneError as error:
        yield _failed(thing, error)
        return
    if trouble:
        remedy = f"see whether `kubectl --kubeconfig {host.kubeconfig} version` works"
        yield Finding("fail", thing, f"{server} doesn't answer: {trouble}", remedy)
    else:
        yield Finding("ok", thing, f"{server} answers")
    detail = "none of this machine's; those of the cluster's nodes are seen when tenants are up"
    yield Finding("ok", "ports", detail)


def _kind() -> Iterator[Finding]:
    path = shutil.which("kind")
    if path:
        yield Finding("ok", "kind", path)
        return
    remedy = "install it: https://kind.sigs.k8s.io/docs/user/quick-start"
    yield Finding("fail", "kind", "is not on PATH", remedy)


def _kind_port() -> Iterator[Finding]:
    thing = f"port {GATEWAY_PORT} of 127.0.0.1"
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", GATEWAY_PORT)) != 0:
            yield Finding("ok", thing, "free: kind's node binds it for the gateway, and no other")
            return
    remedy = "end what listens there, unless it is the host itself: docker ps"
    yield Finding("warn", thing, "in use", remedy)


def _kind_go() -> Iterator[Finding]:
    return _go((gateway_api.go_version(),))


def _kind_disk() -> Iterator[Finding]:
    yield _room("disk for Docker", Path("/var/lib/docker"), 5, "docker system prune")
    yield _cache_room()


def _kind_memory() -> Iterator[Finding]:
    """Look at what Docker has: on macOS that is a machine of its own."""
    if Path("/proc/meminfo").exists():
        yield from _memory()
        return
    asked = subprocess.run(
        ["docker", "info", "--format", "{{.MemTotal}}"], capture_output=True, text=True, check=False
    )
    total = int(asked.stdout) // _MIB if asked.stdout.strip().isdigit() else 0
    yield _enough_memory(total, "for Docker", "give Docker more, in its settings")


def _root() -> Iterator[Finding]:
    if os.geteuid() == 0:
        yield Finding("ok", "user", "root")
    else:
        yield Finding("fail", "user", "not root", "run as root, or start Docker and install kind")


def _native_go() -> Iterator[Finding]:
    return _go([one.go_version() for one in toolchain.RECIPES.values()])


def _go(wanted: Iterable[str]) -> Iterator[Finding]:
    """Look for a Go that is new enough for the host, and for Pulumi where none is installed.

    Args:
        wanted: The oldest Go for each thing that the host needs it for; maybe none.
    """
    offline = () if _has_pulumi() else pulumi.OFFLINE
    own = [toolchain.recipe(name).go_version() for name in offline]
    least = max((*wanted, *own), key=_numbers, default="")
    if not least:
        yield Finding("ok", "Go", "not needed: the host is there, and Pulumi is installed")
        return
    remedy = f"install Go {least} or newer: https://go.dev/doc/install"
    if not shutil.which("go"):
        yield Finding("fail", "Go", "is not on PATH", remedy)
        return
    done = subprocess.run(["go", "version"], capture_output=True, text=True, check=False)
    said = done.stdout.split()
    version = said[2].removeprefix("go") if len(said) > 2 else "unknown"  # noqa: PLR2004
    fits = _numbers(version) >= _numbers(least)
    yield Finding("ok" if fits else "fail", "Go", version, "" if fits else remedy)


def _has_pulumi() -> bool:
    """Say whether a Pulumi is installed, beside the one that the checkout made for itself."""
    found = shutil.which("pulumi")
    return found is not None and not Path(found).is_relative_to(pulumi.LOCAL)


def _packages() -> Iterator[Finding]:
    wanted = packages.missing()
    if not wanted:
        yield Finding("ok", "Debian packages", "all there")
        return
    level = "warn" if os.geteuid() == 0 and shutil.which("apt-get") else "fail"
    names = ", ".join(package.name for package in wanted)
    detail = f"{names} missing" + (", `up` installs them" if level == "warn" else "")
    yield Finding(level, "Debian packages", detail, f"sudo {packages.command(wanted)}")


def _kernel() -> Iterator[Finding]:
    if os.geteuid() != 0 or packages.missing():
        remedy = "as root, with the packages above: `.venv/bin/python -m rig doctor`"
        yield Finding("warn", "kernel", "not tried: that needs root and packages", remedy)
        return
    for feature, trouble in kernel.try_all():
        remedy = f"{feature.remedy}; it said: {trouble}" if trouble else ""
        level = "ok" if not trouble else "fail" if feature.needed else "warn"
        yield Finding(level, f"kernel: {feature.name}", feature.why, remedy)


def _sysctls() -> Iterator[Finding]:
    changed = machine.to_change()
    for name in (*machine.AT_LEAST, *machine.EXACTLY):
        if name not in changed:
            yield Finding("ok", name, "high enough" if name in machine.AT_LEAST else "as needed")
            continue
        now, then = changed[name]
        verb = "raises" if name in machine.AT_LEAST else "sets"
        detail = f"{now}, `up` {verb} it to {then} until the last host goes"
        yield Finding("warn", name, detail, f"sudo sysctl -w {name}={then}")


def _cgroups() -> Iterator[Finding]:
    unified = Path("/sys/fs/cgroup/cgroup.controllers").exists()
    writable = os.access("/sys/fs/cgroup", os.W_OK)
    detail = "v2" if unified else "v1: works with Kubernetes up to 1.37"
    if writable:
        yield Finding("ok", "cgroups", detail)
    else:
        remedy = "run outside of the container, or give it the machine's cgroups (--privileged)"
        yield Finding("fail", "cgroups", f"{detail}, read-only", remedy)


def _subnets() -> Iterator[Finding]:
    taken = sorted(state.routed() - state.numbers().keys())
    if not taken:
        yield Finding("ok", "subnets", "10.231.0.0/16 is free")
        return
    detail = f"10.231.<n>.0/24 is routed by something else for n = {', '.join(map(str, taken))}"
    remedy = "nothing, hosts take other numbers; `ip route` says what has these"
    yield Finding("warn", "subnets", detail, remedy)


def _ports() -> Iterator[Finding]:
    detail = "none of this machine's: a host has its own, in its network namespace"
    yield Finding("ok", "ports", detail)


def _disk() -> Iterator[Finding]:
    remedy = f"take hosts down that nobody needs, or mount a larger disk at {layout.BASE}"
    yield _room("disk for the hosts", layout.BASE, 5, remedy)
    yield _cache_room()


def _cache_room() -> Finding:
    remedy = "remove what else fills it, or set TENANTPLANE_CACHE to a folder on a larger disk"
    return _room("disk for the cache", cache.root(), 15, remedy)


def _room(thing: str, path: Path, least: int, remedy: str) -> Finding:
    there = next(one for one in (path, *path.parents) if one.exists())
    free = shutil.disk_usage(there).free // _GIB
    level = "fail" if free < least // 2 else "warn" if free < least else "ok"
    detail = f"{free} GiB free in {there}"
    return Finding(level, thing, detail, "" if level == "ok" else f"{least} GiB: {remedy}")


def _memory() -> Iterator[Finding]:
    lines = Path("/proc/meminfo").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    yield _enough_memory(values["MemAvailable"] // 1024, "available", "stop what you don't need")


def _enough_memory(free: int, which: str, remedy: str) -> Finding:
    detail = f"{free} MiB {which}; a host takes 1000, each tenant 150"
    level = "fail" if free < 1500 else "warn" if free < 3000 else "ok"  # noqa: PLR2004
    return Finding(level, "memory", detail, "" if level == "ok" else remedy)


def _processes() -> Iterator[Finding]:
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    yield Finding("ok", "processes and threads", f"at most {most}; each tenant takes about 60")


_Checks = tuple[Callable[[], Iterator[Finding]], ...]
_KIND: _Checks = (_kind, _kind_go, _kind_port, _kind_disk, _kind_memory)
_NATIVE: _Checks = (
    _root,
    _native_go,
    _packages,
    _kernel,
    _sysctls,
    _cgroups,
    _subnets,
    _ports,
    _disk,
    _memory,
    _processes,
)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
