"""packages: the Debian packages that a native host needs, found by what they bring.

Not here: what else the machine must have (doctor.py).
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.errors import HostError
from rig.progress import Progress, Step

_SHOWN_LINES = 8


@dataclass(frozen=True)
class Package:
    """One package."""

    name: str
    files: tuple[str, ...]
    """Program on PATH, or absolute path, that shows it is there; any one of them is enough."""
    why: str


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


def missing() -> list[Package]:
    """Return the packages that this machine lacks."""
    return [package for package in PACKAGES if not any(map(_is_there, package.files))]


def command(wanted: list[Package]) -> str:
    """Return the command that installs packages."""
    return f"apt-get install -y --no-install-recommends {' '.join(one.name for one in wanted)}"


def ensure(report: Progress, step: Step) -> None:
    """Install what is missing.

    Raises:
        HostError: it can't be installed here; the message has the command.
    """
    wanted = missing()
    if not wanted:
        return
    names = ", ".join(f"{one.name} ({one.why})" for one in wanted)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise HostError(f"machine: packages are missing, got {names}; run `sudo {command(wanted)}`")
    report.say(f"   installs {names}")
    step.update("apt-get install")
    if _apt(command(wanted)):
        step.update("apt-get update")
        said = _apt("apt-get update") or _apt(command(wanted))
        if said:
            raise HostError(
                f"machine: apt-get can't install {names}, got:\n{said}\nsee to it, then try again"
            )


def _is_there(file: str) -> bool:
    return Path(file).exists() if file.startswith("/") else shutil.which(file) is not None


def _apt(line: str) -> str:
    """Run apt-get; return its last lines if it failed, else nothing."""
    done = subprocess.run(
        line.split(),
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
