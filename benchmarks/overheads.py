"""What encryption, the audit log and gVisor cost one client: get, list, create and watch."""

from collections.abc import Mapping

from benchmarks import clients, rig_host
from benchmarks.figures import Result, Series

TURNS = 10
ROUNDS = 100
_PLAIN = {"encryption": "none", "audit": "none"}
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "plain": _PLAIN,
    "encryption": {**_PLAIN, "encryption": "secrets"},
    "audit": {**_PLAIN, "audit": "metadata"},
    "gvisor": {**_PLAIN, "runtimeClass": "gvisor"},
}
"""What a tenant says of it, by name; each differs from the first in one thing."""
_WHAT = ("get", "list", "create", "watch")


def run() -> Result:
    """Measure the variants in turn, TURNS times ROUNDS requests of each kind."""
    result = Result("overheads")
    with clients.program() as program, rig_host.stack(tenants=0) as stack:
        stack.config["tenants"] = [{"name": name, **said} for name, said in VARIANTS.items()]
        stack.up()
        known = stack.outputs()["kubeconfigs"]
        found: dict[tuple[str, str], list[float]] = {}
        for turn in range(TURNS + 1):
            for name in VARIANTS:
                client = clients.rounds(program, known[name], prefix=f"turn{turn}", count=ROUNDS)
                for what, values in client.end().items():
                    if turn:  # the first turn warms up
                        found.setdefault((name, what), []).extend(values)
    for what in _WHAT:
        plain = Series("ms", found["plain", what])
        for name in VARIANTS:
            values = Series("ms", found[name, what])
            result.add(f"{name}: {what}", "ms", values.values)
            for share, label in ((0.5, "p50"), (0.99, "p99")) if name != "plain" else ():
                ratio = values.percentile(share) / plain.percentile(share)
                result.add(f"{name}: {what}, {label} to plain's", "", [ratio])
    return result
