"""One more tenant on a running host: from the start of `pulumi up` to /readyz, publicly."""

import ssl
import threading
import time

from benchmarks import rig_host
from benchmarks.figures import Result
from tests.support.probe import Target
from tests.support.pulumi_cli import PulumiCli

RUNS = 20
_GIVE_UP_SECONDS = 120


def run() -> Result:
    """Add and remove a tenant RUNS times beside two others."""
    result = Result("one_more_tenant")
    ready, whole = [], []
    with rig_host.stack(tenants=2) as stack:
        model = Target(stack.kubeconfig("t0"))
        for number in range(RUNS):
            to_ready, to_end = add(stack, model, {"name": f"more{number}"})
            ready.append(to_ready)
            whole.append(to_end)
            stack.config["tenants"] = rig_host.names(2)
            stack.up()
    result.add("start of pulumi up to /readyz", "s", ready, "p50 <= 6, p99 <= 10")
    result.add("start to end of pulumi up", "s", whole)
    return result


def add(stack: PulumiCli, model: Target, tenant: dict[str, str]) -> tuple[float, float]:
    """Add one beside those that there are: seconds until it answers, and until `pulumi up` ends.

    Args:
        stack: Of all.
        model: Connections to t0.
        tenant: As the config lists it.
    """
    stack.config["tenants"] = [*stack.config["tenants"], tenant]
    name = tenant["name"]
    found: list[float] = []
    start = time.monotonic()
    watcher = threading.Thread(target=_watch, args=(model, name, start, found))
    watcher.start()
    stack.up()
    whole = rig_host.seconds(start)
    watcher.join()
    if not found:
        raise TimeoutError(f"tenant {name} did not answer within {_GIVE_UP_SECONDS} s")
    return found[0], whole


def _watch(model: Target, name: str, start: float, found: list[float]) -> None:
    """Ask every 50 ms by the new tenant's name until it answers; nobody knows its authority yet."""
    target = Target.__new__(Target)
    target.__dict__.update(model.__dict__)
    target.name = model.name.replace("t0.", f"{name}.", 1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    target.context = lambda **_: context  # type: ignore[method-assign]
    while rig_host.seconds(start) < _GIVE_UP_SECONDS:
        if rig_host.answers(target):
            found.append(rig_host.seconds(start))
            return
        time.sleep(0.05)
