"""Each kind of store, and gVisor: one more tenant's time to ready, an idle tenant's memory."""

import time
from collections.abc import Mapping

from benchmarks import idle_tenant, one_more_tenant, processes, rig_host
from benchmarks.figures import Result
from tests.support.probe import Target
from tests.support.pulumi_cli import PulumiCli

TENANTS = 10
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "shared": {},
    "dedicated": {"datastore": "dedicated"},
    "postgresql": {"datastore": "postgresql"},
    "mariadb": {"datastore": "mariadb"},
    "gvisor": {"runtimeClass": "gvisor"},
}
"""What a tenant says of it, by name; the first and the last are in the shared etcd."""

_TARGETS = {
    "shared": ("p50 <= 6, p99 <= 10", "<= 150"),
    "dedicated": ("p50 <= 8", "<= 220"),
    "postgresql": ("p50 <= 8", "<= 220"),
}
_SERVERS = {"postgresql": "postgres", "mariadb": "mariadbd"}
"""Programs of which a tenant uses a share, beside the shared etcd."""


def run() -> Result:
    """Measure each variant: RUNS tenants one after another, then TENANTS idle ones."""
    result = Result("stores")
    with rig_host.stack(tenants=2, sql=True) as stack:
        model = Target(stack.kubeconfig("t0"))
        for name, said in VARIANTS.items():
            ready, memory = _TARGETS.get(name, ("", ""))
            values = [_ready(stack, model, name, said, run) for run in range(one_more_tenant.RUNS)]
            result.add(f"{name}: start of pulumi up to /readyz", "s", values, ready)
            result.add(f"{name}: memory", "MiB", _memory(stack, name, said), memory)
    return result


def _ready(
    stack: PulumiCli, model: Target, name: str, said: Mapping[str, str], number: int
) -> float:
    to_ready, _ = one_more_tenant.add(stack, model, {"name": f"{name}-{number}", **said})
    stack.config["tenants"] = rig_host.names(2)
    stack.up()
    return to_ready


def _memory(stack: PulumiCli, name: str, said: Mapping[str, str]) -> list[float]:
    """Memory of each of TENANTS idle tenants, its share of what it has with others included."""
    before = _shared_mib(name)
    tenants = [f"{name}-m{number}" for number in range(TENANTS)]
    added = [{"name": tenant, **said} for tenant in tenants]
    stack.config["tenants"] = [*rig_host.names(2), *added]
    stack.up()
    time.sleep(idle_tenant.SETTLE_SECONDS)
    share = max(0.0, _shared_mib(name) - before) / TENANTS
    own = [processes.memory_mib(processes.of_pods(f"tenant-{tenant}")) for tenant in tenants]
    stack.config["tenants"] = rig_host.names(2)
    stack.up()
    return [mib + share for mib in own]


def _shared_mib(name: str) -> float:
    """Memory of what tenants of a variant share."""
    if name in _SERVERS:
        return processes.memory_mib(processes.named(_SERVERS[name]))
    return processes.memory_mib(processes.of_pods(idle_tenant.STORE))
