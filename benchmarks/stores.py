"""Each kind of store, and gVisor: one more tenant's time to ready, an idle tenant's memory."""

import time
from collections.abc import Mapping

from benchmarks import idle_tenant, one_more_tenant, processes, rig_host
from benchmarks.figures import Result
from core import names
from tests.support.probe import Target
from tests.support.pulumi_cli import PulumiCli

TENANTS = 20
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "shared": {},
    "dedicated": {"datastore": "dedicated"},
    "postgresql": {"datastore": "postgresql"},
    "mariadb": {"datastore": "mariadb"},
    "gvisor": {"runtimeClass": "gvisor"},
}
"""What a tenant says of it, by name; the first and the last are in the shared etcd."""

_READY_TARGETS = {
    "shared": "p50 <= 6, p99 <= 10",
    "dedicated": "p50 <= 8",
    "postgresql": "p50 <= 8",
}
_MEMORY_TARGETS = {"shared": "<= 150", "dedicated": "<= 220", "postgresql": "<= 220"}
_SERVERS = {"postgresql": "postgres", "mariadb": "mariadbd"}
"""Programs of which a tenant uses a share, beside the shared etcd."""


def ready() -> Result:
    """Add one of each variant, RUNS times."""
    result = Result("stores_ready")
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with rig_host.stack(tenants=2, sql=True) as stack:
        model = Target(stack.kubeconfig("t0"))
        for number in range(one_more_tenant.RUNS):
            for name, said in VARIANTS.items():
                stack.config["tenants"] = rig_host.names(2)  # who came before goes afterwards
                tenant = {"name": f"{name}-{number}", **said}
                found[name].append(one_more_tenant.add(stack, model, tenant)[0])
    for name, values in found.items():
        title = f"{name}: start of pulumi up to /readyz"
        result.add(title, "s", values, _READY_TARGETS.get(name, ""))
    return result


def memory() -> Result:
    """Have TENANTS idle ones of each variant, one variant after another."""
    result = Result("stores_memory")
    with rig_host.stack(tenants=2, sql=True) as stack:
        for name, said in VARIANTS.items():
            values = _memory(stack, name, said)
            result.add(f"{name}: memory", "MiB", values, _MEMORY_TARGETS.get(name, ""))
            result.write()
    return result


def _memory(stack: PulumiCli, name: str, said: Mapping[str, str]) -> list[float]:
    """Memory of each of TENANTS idle tenants, its share of what it has with others included."""
    tenants = [f"{name}-{number}" for number in range(TENANTS)]
    stack.config["tenants"] = rig_host.names(2)
    stack.up()
    time.sleep(idle_tenant.SETTLE_SECONDS)  # who was there before has left its heap
    before = _shared_mib(name)
    stack.config["tenants"] += [{"name": tenant, **said} for tenant in tenants]
    stack.up()
    time.sleep(idle_tenant.SETTLE_SECONDS)
    share = max(0.0, _shared_mib(name) - before) / TENANTS
    own = [processes.memory_mib(processes.of_pods(names.namespace(tenant))) for tenant in tenants]
    return [mib + share for mib in own]


def _shared_mib(name: str) -> float:
    """Memory of what tenants of a variant share."""
    if name in _SERVERS:
        return processes.memory_mib(processes.named(_SERVERS[name]))
    return processes.memory_mib(processes.of_pods(idle_tenant.STORE))
