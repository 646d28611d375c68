"""priorities: whose pods a full node keeps, as PriorityClasses of a host.

Not here: who declares them (components/host_cluster.py), which pod has which (each workload).
"""

STORE, GATEWAY, AGENT, TENANTS, OPERATORS = "store", "gateway", "agent", "tenants", "operators"

_VALUES = {
    STORE: 1_000_000,
    GATEWAY: 900_000,
    AGENT: 800_000,
    TENANTS: 700_000,
    OPERATORS: 600_000,
}
"""A store takes many tenants with it, the gateway all; without the agent tenants go on.

Above pods that say nothing (0), far below Kubernetes' own (2,000,000,000).
"""

_FOR = {
    STORE: "etcd, shared and tenants' own",
    GATEWAY: "the way to all tenants",
    AGENT: "the host agent",
    TENANTS: "tenants' API servers and controllers",
    OPERATORS: "programs that serve a tenant",
}

NAMES = {role: f"tenantplane-{role}" for role in _VALUES}
"""The classes by the role of the pods."""


def priority_class(role: str) -> dict[str, object]:
    """Value and description of the class of one role. None is the default of other pods."""
    return {"value": _VALUES[role], "description": f"tenantplane: {_FOR[role]}"}
