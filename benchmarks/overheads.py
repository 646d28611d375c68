"""What encryption, the audit log and gVisor cost one client: get, list, create and watch."""

from collections.abc import Mapping

from benchmarks import clients, rig_host
from benchmarks.figures import Result, Series

TURNS = 10
ROUNDS = 100
_SECONDS = 300
_PLAIN = {"encryption": "none", "audit": "none"}
VARIANTS: Mapping[str, Mapping[str, str]] = {
    "plain": _PLAIN,
    "encryption": {**_PLAIN, "encryption": "secrets"},
    "audit": {**_PLAIN, "audit": "metadata"},
    "gvisor": {**_PLAIN, "runtimeClass": "gvisor"},
}
"""What a tenant says of it, by name; each differs from the first in one thing."""
_WHAT = ("Get", "List", "Create", "Watch")


def run() -> Result:
    """Measure the variants in turn, TURNS times ROUNDS requests of each sort."""
    result = Result("overheads")
    with clients.program() as program, rig_host.stack(tenants=0) as stack:
        stack.config["tenants"] = [{"name": name, **said} for name, said in VARIANTS.items()]
        stack.up()
        known = stack.outputs()["kubeconfigs"]
        found: dict[tuple[str, str], list[float]] = {}
        for turn in range(TURNS + 1):
            for name in VARIANTS:
                measured = clients.measuring(
                    program, known[name], prefix=f"turn{turn}", seconds=_SECONDS, rounds=ROUNDS
                ).end()
                for what in _WHAT if turn else ():  # the first turn warms up
                    found.setdefault((name, what), []).extend(measured[what])
    for what in _WHAT:
        plain = Series("ms", found["plain", what])
        for name in VARIANTS:
            values = found[name, what]
            result.add(f"{name}: {what.lower()}", "ms", values)
            if name != "plain":
                for share, label in ((0.5, "p50"), (0.99, "p99")):
                    ratio = Series("ms", values).percentile(share) / plain.percentile(share)
                    title = f"{name}: {what.lower()}, {label} to plain's"
                    result.add(title, "ratio", [ratio])
    return result
