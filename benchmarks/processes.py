"""Processes on this machine: which are a pod's, which a server's, what they take of it.

Not here: the cgroups they are in (rig/hosts/native/cgroup.py).
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from benchmarks import rig_host

_POD = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")


def of_pods(*namespaces: str) -> list[int]:
    """Pids of all that runs in the pods of namespaces of the host."""
    pods = [
        pod["metadata"]["uid"]
        for namespace in namespaces
        for pod in rig_host.kubectl().json("get", "pods", "-n", namespace)["items"]
    ]
    return [pid for pid in _all() if _pod(pid) in pods]


def named(program: str) -> list[int]:
    """Pids of a program that runs beside the host's pods."""
    return [pid for pid in _all() if _program(pid) == program]


def command(pid: int) -> str:
    """The command line of a process; empty for one that ended."""
    return _read(pid, "cmdline").replace("\0", " ").strip()


def memory_mib(pids: Iterable[int]) -> float:
    """Anonymous and shared memory, what is shared counted once."""
    wanted = ("Pss_Anon:", "Pss_Shmem:")
    return sum(_smaps_kib(pid, wanted) for pid in pids) / 1024


def cpu_seconds(pids: Iterable[int]) -> float:
    """Seconds of CPU since they began."""
    return sum(map(_ticks, pids)) / os.sysconf("SC_CLK_TCK")


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _pod(pid: int) -> str:
    """The uid of the pod in a process's cgroup path; empty for a process in none."""
    found = _POD.search(_read(pid, "cgroup"))
    return found[1].replace("_", "-") if found else ""


def _program(pid: int) -> str:
    return Path(_read(pid, "cmdline").partition("\0")[0].partition(" ")[0].rstrip(":")).name


def _smaps_kib(pid: int, wanted: tuple[str, ...]) -> int:
    lines = _read(pid, "smaps_rollup").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(wanted))


def _ticks(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) if fields else 0


def _read(pid: int, file: str) -> str:
    """What /proc says of a process; nothing of one that ended between two looks."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text(errors="replace")
    except OSError:
        return ""
