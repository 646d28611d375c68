"""What an idle tenant costs: memory and CPU of its processes, its share of the store."""

import time

from benchmarks import processes, rig_host
from benchmarks.figures import Result
from core import names

TENANTS = 10
SETTLE_SECONDS = 120
CPU_WINDOW_SECONDS = 60
STORE = names.etcd_namespace("shared")


def run() -> Result:
    """Measure TENANTS idle tenants two minutes after the last was made."""
    result = Result("idle_tenant")
    with rig_host.stack(tenants=0) as stack:
        empty = processes.memory_mib(processes.of_pods(STORE))
        stack.config["tenants"] = rig_host.names(TENANTS)
        stack.up()
        time.sleep(SETTLE_SECONDS)
        tenants = [processes.of_pods(f"tenant-t{number}") for number in range(TENANTS)]
        store = processes.of_pods(STORE)
        share = max(0.0, processes.memory_mib(store) - empty) / TENANTS
        memory = [processes.memory_mib(pids) + share for pids in tenants]
        result.add("anonymous memory with store share", "MiB", memory, "<= 150")
        result.add("store share in it", "MiB", [share])
        before = [processes.cpu_seconds(pids) for pids in (store, *tenants)]
        time.sleep(CPU_WINDOW_SECONDS)
        after = [processes.cpu_seconds(pids) for pids in (store, *tenants)]
        used = [now - then for then, now in zip(before, after, strict=True)]
        cpu = [(own + used[0] / TENANTS) / CPU_WINDOW_SECONDS * 1000 for own in used[1:]]
        result.add("CPU with store share", "millicores", cpu, "<= 20")
    return result
