"""What an idle tenant costs: anonymous memory and CPU of its processes, its share of the store."""

import os
import re
import time
from pathlib import Path

from benchmarks import rig_host
from benchmarks.figures import Result

TENANTS = 10
SETTLE_SECONDS = 120
CPU_WINDOW_SECONDS = 60
_POD = re.compile(r"pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})")


def run() -> Result:
    """Measure TENANTS idle tenants two minutes after the last was made."""
    result = Result("idle_tenant")
    with rig_host.stack(tenants=0) as stack:
        empty = sum(_anonymous_mib(pid) for pid in _store())
        stack.config["tenants"] = rig_host.names(TENANTS)
        stack.up()
        time.sleep(SETTLE_SECONDS)
        tenants = _tenants()
        share = max(0.0, sum(_anonymous_mib(pid) for pid in _store()) - empty) / TENANTS
        memory = [sum(map(_anonymous_mib, pids)) + share for pids in tenants.values()]
        result.add("anonymous memory with store share", "MiB", memory, "<= 150")
        result.add("store share in it", "MiB", [share])
        before = {name: sum(map(_cpu_seconds, pids)) for name, pids in tenants.items()}
        store_before = sum(map(_cpu_seconds, _store()))
        time.sleep(CPU_WINDOW_SECONDS)
        store = (sum(map(_cpu_seconds, _store())) - store_before) / TENANTS
        cpu = [
            (sum(map(_cpu_seconds, pids)) - before[name] + store) / CPU_WINDOW_SECONDS * 1000
            for name, pids in tenants.items()
        ]
        result.add("CPU with store share", "millicores", cpu, "<= 20")
    return result


def _processes() -> dict[int, list[str]]:
    """Command lines by pid."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                raw = (folder / "cmdline").read_bytes()
            except OSError:
                continue  # it ended between the two looks
            found[int(folder.name)] = raw.decode(errors="replace").split("\0")
    return found


def _tenants() -> dict[str, list[int]]:
    """Pids of each tenant's API server and controller manager, by its pod's cgroup."""
    prefix = "--etcd-prefix=/t/"
    processes = _processes()
    servers = {
        arg.removeprefix(prefix): pid
        for pid, arguments in processes.items()
        for arg in arguments
        if arg.startswith(prefix)
    }
    pods = {_pod(pid): name for name, pid in servers.items()}
    tenants: dict[str, list[int]] = {name: [pid] for name, pid in servers.items()}
    for pid, arguments in processes.items():
        if arguments[0].endswith("kube-controller-manager") and _pod(pid) in pods:
            tenants[pods[_pod(pid)]].append(pid)
    incomplete = [name for name, pids in tenants.items() if len(pids) != 2]  # noqa: PLR2004
    if incomplete or len(tenants) != TENANTS:
        raise RuntimeError(f"found {sorted(tenants)}, without both processes: {incomplete}")
    return tenants


def _pod(pid: int) -> str:
    """The uid of the pod in a process's cgroup path; empty for a process in none."""
    found = _POD.search(Path(f"/proc/{pid}/cgroup").read_text())
    return found[1] if found else ""


def _store() -> list[int]:
    """Pids of the shared etcd's members."""
    return [
        pid
        for pid, arguments in _processes().items()
        if arguments[0].endswith("etcd") and "--initial-cluster-token=shared" in arguments
    ]


def _anonymous_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
