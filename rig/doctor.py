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
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import TenantplaneError
from rig import cache, packages, toolchain
from rig.hosts import choose, kernel
from rig.hosts.kind import GATEWAY_PORT
from rig.hosts.native import machine, state

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
    """Command or advice; empty when all is well."""


def examine(name: str = "dev") -> list[Finding]:
    """Examine the machine for the kind of host that it gets."""
    seen = choose.this_machine()
    findings = [_python(), _choice(name, seen)]
    if seen.kubeconfig:
        return findings
    if seen.docker or not seen.linux:
        return [*findings, _kind(), _kind_port(), *_disk()]
    return [*findings, *(finding for check in _NATIVE for finding in check())]


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


def _choice(name: str, seen: choose.Machine) -> Finding:
    try:
        kind, why = choose.kind_for(seen)
    except TenantplaneError as error:
        return Finding("fail", f"host {name}", str(error))
    return Finding("ok", f"host {name}", f"would be {kind}, because {why}")


def _kind() -> Finding:
    path = shutil.which("kind")
    if path:
        return Finding("ok", "kind", path)
    remedy = "install it: https://kind.sigs.k8s.io/docs/user/quick-start"
    return Finding("fail", "kind", "is not on PATH", remedy)


def _kind_port() -> Finding:
    thing = f"port {GATEWAY_PORT} of 127.0.0.1"
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", GATEWAY_PORT)) != 0:
            return Finding("ok", thing, "free, the gateway's")
    remedy = "end what listens there, unless it is the host itself: docker ps"
    return Finding("warn", thing, "in use", remedy)


def _root() -> Iterator[Finding]:
    if os.geteuid() == 0:
        yield Finding("ok", "user", "root")
    else:
        yield Finding("fail", "user", "not root", "run as root, or start Docker and install kind")


def _go() -> Iterator[Finding]:
    wanted = max((one.go_version() for one in toolchain.RECIPES.values()), key=_numbers)
    remedy = f"install Go {wanted} or newer: https://go.dev/doc/install"
    if not shutil.which("go"):
        yield Finding("fail", "Go", "is not on PATH", remedy)
        return
    done = subprocess.run(["go", "version"], capture_output=True, text=True, check=False)
    said = done.stdout.split()
    version = said[2].removeprefix("go") if len(said) > 2 else "unknown"  # noqa: PLR2004
    fits = _numbers(version) >= _numbers(wanted)
    yield Finding("ok" if fits else "fail", "Go", version, "" if fits else remedy)


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
        yield Finding("warn", "kernel", "not tried: that needs root and the packages above")
        return
    for feature, trouble in kernel.try_all():
        remedy = f"{feature.remedy}; it said: {trouble}" if trouble else ""
        yield Finding("fail" if trouble else "ok", f"kernel: {feature.name}", feature.why, remedy)


def _sysctls() -> Iterator[Finding]:
    low = machine.too_low()
    for name, wanted in machine.AT_LEAST.items():
        if name not in low:
            yield Finding("ok", name, "high enough")
            continue
        detail = f"{low[name][0]}, `up` raises it to {wanted} until the last host goes"
        yield Finding("warn", name, detail, f"sudo sysctl -w {name}={wanted}")


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
    yield Finding("warn", "subnets", f"{detail}; hosts take other numbers")


def _disk() -> Iterator[Finding]:
    for what, path, least in (("hosts", Path("/var/lib"), 5), ("cache", cache.root(), 10)):
        there = next(one for one in (path, *path.parents) if one.exists())
        free = shutil.disk_usage(there).free // _GIB
        level = "fail" if free < least // 2 else "warn" if free < least else "ok"
        remedy = "" if level == "ok" else f"make {least} GiB free, or set TENANTPLANE_CACHE"
        yield Finding(level, f"disk for the {what}", f"{free} GiB free in {there}", remedy)


def _memory() -> Iterator[Finding]:
    lines = Path("/proc/meminfo").read_text().splitlines()
    values = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    free = values["MemAvailable"] // 1024
    detail = f"{free} MiB available; a host takes 1000, each tenant 150"
    level = "fail" if free < 1500 else "warn" if free < 3000 else "ok"  # noqa: PLR2004
    yield Finding(level, "memory", detail, "" if level == "ok" else "stop what you don't need")


def _processes() -> Iterator[Finding]:
    most = int(Path("/proc/sys/kernel/pid_max").read_text())
    yield Finding("ok", "processes and threads", f"at most {most}; each tenant takes about 60")


_NATIVE: tuple[Callable[[], Iterator[Finding]], ...] = (
    _root,
    _go,
    _packages,
    _kernel,
    _sysctls,
    _cgroups,
    _subnets,
    _disk,
    _memory,
    _processes,
)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
