"""Ten tenants in one `pulumi up` on a host with none, and a run that changes nothing."""

import time

from benchmarks import rig_host
from benchmarks.figures import Result
from tests.support.probe import Target

TENANTS = 10
RUNS = 3
NO_CHANGE_RUNS = 5


def run() -> Result:
    """Create and remove ten tenants RUNS times; time no-change runs while they are there."""
    result = Result("ten_tenants")
    create, unchanged = [], []
    with rig_host.stack(tenants=0) as stack:
        for _ in range(RUNS):
            stack.config["tenants"] = rig_host.names(TENANTS)
            start = time.monotonic()
            stack.up()
            create.append(rig_host.seconds(start))
            for text in stack.outputs()["kubeconfigs"].values():
                if not rig_host.answers(Target(text)):
                    raise RuntimeError("pulumi up ended and a tenant does not answer")
            if not unchanged:
                unchanged = [_unchanged(stack) for _ in range(NO_CHANGE_RUNS)]
            stack.config["tenants"] = []
            stack.up()
    result.add("10 tenants in one pulumi up", "s", create, "<= 60")
    result.add("no-change pulumi up with 10 tenants", "s", unchanged, "<= 8")
    return result


def _unchanged(stack: rig_host.PulumiCli) -> float:
    start = time.monotonic()
    stack.up("--expect-no-changes")
    return rig_host.seconds(start)
