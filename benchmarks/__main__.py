"""`python -m benchmarks [NAME ...]`: run benchmarks and write their results."""

import sys

from benchmarks import (
    idle_tenant,
    make_up,
    noisy_neighbour,
    one_more_tenant,
    operators,
    overheads,
    stores,
    ten_tenants,
    webhooks,
)

BENCHMARKS = {
    "one_more_tenant": one_more_tenant.run,
    "idle_tenant": idle_tenant.run,
    "ten_tenants": ten_tenants.run,
    "stores_ready": stores.ready,
    "stores_memory": stores.memory,
    "noisy_neighbour": noisy_neighbour.run,
    "overheads": overheads.run,
    "operators_ready": operators.ready,
    "operators_memory": operators.memory,
    "webhooks": webhooks.run,
    "make_up": make_up.run,
    "make_up_cold": make_up.run_cold,
}


def main(chosen: list[str]) -> int:
    """Run the chosen ones, or all."""
    unknown = [name for name in chosen if name not in BENCHMARKS]
    if unknown:
        print(f"benchmarks: no such benchmark, got {unknown}; use {', '.join(BENCHMARKS)}")
        return 2
    for name in chosen or BENCHMARKS:
        print(BENCHMARKS[name]().write())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
