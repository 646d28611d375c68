"""packages: the Debian packages that a native host needs, found by what they bring.

Not here: what else the machine must have (doctor.py).
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from core.errors import HostError
from rig.progress import Progress, Step

_SHOWN_LINES = 8
_DPKG_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Package:
    """One package."""

    name: str
    files: tuple[str, ...]
    """Program on PATH, or pattern of absolute paths, that shows it is there; any one is enough."""
    why: str
    without: tuple[str, ...] = ()
    """Programs that its installation calls, and that do nothing here."""


PACKAGES = (
    Package("containerd", ("containerd", "/usr/sbin/containerd"), "runs containers"),
    Package("runc", ("runc", "/usr/sbin/runc"), "starts containers"),
    Package("nftables", ("nft", "/usr/sbin/nft"), "kube-proxy calls it"),
    Package("iptables", ("iptables-save", "/usr/sbin/iptables-save"), "kube-router calls it"),
    Package("ipset", ("ipset", "/usr/sbin/ipset"), "kube-router calls it"),
    Package("conntrack", ("conntrack", "/usr/sbin/conntrack"), "kube-proxy calls it"),
    Package("iproute2", ("ip", "/usr/sbin/ip"), "makes network namespaces"),
    Package("procps", ("sysctl", "/usr/sbin/sysctl"), "sets the kernel's network options"),
    Package(
        "containernetworking-plugins",
        ("/usr/lib/cni/bridge", "/opt/cni/bin/bridge"),
        "connects pods",
    ),
    Package("mmdebstrap", ("mmdebstrap",), "makes the host agent's image"),
)

SQL = (
    Package(
        "postgresql",
        ("/usr/lib/postgresql/*/bin/postgres",),
        "tenants' databases",
        without=("pg_createcluster",),  # makes databases, and a service for them
    ),
    Package("mariadb-server-core", ("mariadbd", "/usr/sbin/mariadbd"), "tenants' databases"),
    Package("mariadb-client-core", ("my_print_defaults",), "mariadb-install-db calls it"),
)
"""For a host with SQL servers. MariaDB's package `mariadb-server` would start one of its own."""


REGISTRY = (
    Package(
        "docker-registry",
        ("docker-registry",),
        "images and packages of operators",
        # Else a service listens on port 5000 of this machine, now and after each reboot.
        without=("deb-systemd-helper", "deb-systemd-invoke", "invoke-rc.d", "update-rc.d"),
    ),
)
"""For a host with a registry."""


def missing(more: Sequence[Package] = ()) -> list[Package]:
    """Return the packages that this machine lacks, of those for every host and some more."""
    return [one for one in (*PACKAGES, *more) if not any(map(_is_there, one.files))]


def command(wanted: list[Package]) -> str:
    """Return the command that installs packages."""
    return f"apt-get install -y --no-install-recommends {' '.join(one.name for one in wanted)}"


def ensure(report: Progress, step: Step, more: Sequence[Package] = ()) -> None:
    """Install what is missing, of those for every host and some more.

    Raises:
        HostError: it can't be installed here; the message has the command.
    """
    wanted = missing(more)
    if not wanted:
        return
    names = ", ".join(f"{one.name} ({one.why})" for one in wanted)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise HostError(f"machine: packages are missing, got {names}; run `sudo {command(wanted)}`")
    report.say(f"   installs {names}")
    for without, group in groupby(sorted(wanted, key=_without), key=_without):
        _install(list(group), without, step)


def _install(wanted: list[Package], without: Sequence[str], step: Step) -> None:
    step.update("apt-get install")
    if _apt(command(wanted), without):
        step.update("apt-get update")
        said = _apt("apt-get update") or _apt(command(wanted), without)
        if said:
            names = ", ".join(one.name for one in wanted)
            raise HostError(
                f"machine: apt-get can't install {names}, got:\n{said}\nsee to it, then try again"
            )


def _without(package: Package) -> tuple[str, ...]:
    return package.without


def _is_there(file: str) -> bool:
    if file.startswith("/"):
        return any(Path("/").glob(file.removeprefix("/")))
    return shutil.which(file) is not None


def _apt(line: str, without: Sequence[str] = ()) -> str:
    """Run apt-get; return its last lines if it failed, else nothing.

    Args:
        line: The command.
        without: Programs of which packages, which look for them on PATH, find ones that do nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        for program in without:
            nothing = Path(folder, program)
            nothing.write_text("#!/bin/sh\n")
            nothing.chmod(0o755)
        done = subprocess.run(
            [*line.split(), "-o", f"DPkg::Path={folder}:{_DPKG_PATH}"],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    if done.returncode == 0:
        return ""
    lines = done.stdout.strip().splitlines()[-_SHOWN_LINES:]
    return "\n".join(f"  {line}" for line in lines) or f"  exit code {done.returncode}"
