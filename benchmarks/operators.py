"""A tenant with Crossplane: time from `pulumi up` to a first claim, memory and CPU when it is idle.

Packages and claim are those of examples/crossplane; the packages come from a registry on this
machine. provider-kubernetes has four kinds (Object and its like, of a namespace or of the cluster),
so there is little that could stay inactive: a provider of a big cloud has hundreds.
Not here: its webhooks' latency (webhooks.py).
"""

import json
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import idle_tenant, processes, rig_host
from benchmarks.figures import Result
from core import names
from tests.support import crossplane
from tests.support.kubectl import Kubectl, eventually
from tests.support.probe import Target
from tests.support.pulumi_cli import PulumiCli

RUNS = 5
TENANTS = 3
_DEPLOYMENTS = {"crossplane", "crossplane-rbac-manager"}
_GIVE_UP_SECONDS = 300
_EVERYTHING = {
    "apiVersion": "apiextensions.crossplane.io/v1alpha1",
    "kind": "ManagedResourceActivationPolicy",
    "metadata": {"name": "everything"},
    "spec": {"activate": ["*"]},
}
_PROCESSES = {
    "API server": "kube-apiserver ",
    "controller manager": "kube-controller-manager ",
    "Crossplane": "crossplane core ",
    "RBAC manager": "crossplane rbac ",
    "provider": "crossplane-kubernetes-provider",
    "function": "crossplane.pythonic",
}
"""What is in the command line of each."""
_SHARED = {"store": idle_tenant.STORE, "host agent": names.AGENT_NAMESPACE}
"""Namespaces of what all tenants of a host share."""


def ready() -> Result:
    """Add a tenant with Crossplane, use it and remove it again, RUNS times beside two others."""
    result = Result("operators_ready")
    found: dict[str, list[float]] = {}
    with rig_host.stack(tenants=2, operators=True) as stack:
        for number in range(RUNS):
            for what, seconds in _first_claim(stack, f"more{number}").items():
                found.setdefault(what, []).append(seconds)
            stack.config["tenants"] = rig_host.names(2)
            stack.up()
    for what, values in found.items():
        result.add(f"start of pulumi up to {what}", "s", values)
    return result


def _first_claim(stack: PulumiCli, name: str) -> dict[str, float]:
    """Add a tenant with Crossplane and claim something in it: seconds until each step is done."""
    stack.config["tenants"] = [*stack.config["tenants"], _with_crossplane(name)]
    found: dict[str, float] = {}
    start = time.monotonic()
    watcher = threading.Thread(target=_watch, args=(names.namespace(name), start, found))
    watcher.start()
    stack.up()
    found["its end"] = rig_host.seconds(start)
    watcher.join()
    known = stack.outputs()["kubeconfigs"]
    tenant = Kubectl(known[name])
    eventually(lambda: _is_served(tenant), "Crossplane's kinds", seconds=_GIVE_UP_SECONDS)
    found["its kinds in the hands of the tenant's user"] = rig_host.seconds(start)
    crossplane.install(tenant, rig_host.registry())
    crossplane.wait_for_packages(tenant)
    found["provider and function Healthy"] = rig_host.seconds(start)
    crossplane.claim(tenant, known["t0"])
    found["the first claim Ready"] = rig_host.seconds(start)
    tenant.run("delete", *crossplane.WORKSPACE, timeout=120)  # what it made in t0 goes with it
    return found


def _watch(namespace: str, start: float, found: dict[str, float]) -> None:
    """Ask the host every 100 ms whether Crossplane's pods are ready."""
    connection = Target(rig_host.kubectl().kubeconfig).connection()
    while rig_host.seconds(start) < _GIVE_UP_SECONDS:
        connection.request("GET", f"/apis/apps/v1/namespaces/{namespace}/deployments")
        listed = json.loads(connection.getresponse().read())["items"]
        are_ready = {
            one["metadata"]["name"] for one in listed if one["status"].get("readyReplicas")
        }
        if are_ready >= _DEPLOYMENTS:
            found["Crossplane's pods ready"] = rig_host.seconds(start)
            return
        time.sleep(0.1)


def _is_served(tenant: Kubectl) -> bool:
    """Whether a user of the tenant may install packages."""
    tenant.out("get", "--raw", "/apis/pkg.crossplane.io/v1")
    return bool(tenant.can_i("create", "providers.pkg.crossplane.io"))


def memory() -> Result:
    """Have TENANTS idle ones: Crossplane alone, with packages, with all their kinds active."""
    result = Result("operators_memory")
    with rig_host.stack(tenants=0, operators=True) as stack:
        empty = _idle(_SHARED.values())
        stack.config["tenants"] = [_with_crossplane(one["name"]) for one in rig_host.names(TENANTS)]
        stack.up()
        _add(result, "Crossplane", empty, "<= 320")
        tenants = [Kubectl(one) for one in stack.outputs()["kubeconfigs"].values()]
        for tenant in tenants:
            crossplane.install(tenant, rig_host.registry())
        for tenant in tenants:
            crossplane.wait_for_packages(tenant)
        _add(result, "with packages", empty)
        for tenant in tenants:
            tenant.apply(_EVERYTHING)
            eventually(lambda of=tenant: _is_all_active(of), "all kinds", seconds=60)
        _add(result, "with packages, all kinds active", empty)
    return result


def _with_crossplane(name: str) -> dict[str, Any]:
    return {"name": name, "operators": [crossplane.operator(rig_host.registry())]}


def _is_all_active(tenant: Kubectl) -> bool:
    listed = tenant.json("get", "managedresourcedefinitions")["items"]
    return {one["spec"]["state"] for one in listed} == {"Active"}


@dataclass(frozen=True)
class _Use:
    """What the pods of a namespace take, idle."""

    mib: float
    millicores: float
    mib_by_process: Mapping[str, float] = field(default_factory=dict)


def _idle(namespaces: Iterable[str]) -> dict[str, _Use]:
    """What is taken in each namespace, two minutes from now."""
    time.sleep(idle_tenant.SETTLE_SECONDS)
    pids = {namespace: processes.of_pods(namespace) for namespace in namespaces}
    mib = {namespace: processes.memory_mib(found) for namespace, found in pids.items()}
    by_process = {namespace: _by_process(found) for namespace, found in pids.items()}
    before = {namespace: processes.cpu_seconds(found) for namespace, found in pids.items()}
    time.sleep(idle_tenant.CPU_WINDOW_SECONDS)
    return {
        namespace: _Use(
            mib[namespace],
            (processes.cpu_seconds(found) - before[namespace])
            / idle_tenant.CPU_WINDOW_SECONDS
            * 1000,
            by_process[namespace],
        )
        for namespace, found in pids.items()
    }


def _by_process(pids: Sequence[int]) -> dict[str, float]:
    """Memory in MiB of those that there are."""
    found: dict[str, float] = {}
    for pid in pids:
        name = process(processes.command(pid))
        if name is not None:
            found[name] = found.get(name, 0) + processes.memory_mib([pid])
    return found


def process(command: str) -> str | None:
    """What figures call the process of a command line; None for a pod's own and what ended."""
    return next((name for name, mark in _PROCESSES.items() if mark in command), None)


def _add(result: Result, title: str, empty: Mapping[str, _Use], target: str = "") -> None:
    """Add what idle tenants take now, each with its share of what all have together.

    Args:
        result: Is written at once: what follows takes minutes.
        title: What the tenants have.
        empty: What is shared, before there was any tenant.
        target: For the memory.
    """
    tenants = [names.namespace(one["name"]) for one in rig_host.names(TENANTS)]
    found = _idle([*_SHARED.values(), *tenants])
    own = [found[namespace] for namespace in tenants]
    shares = {what: _share(found[where], empty[where]) for what, where in _SHARED.items()}
    memory = [one.mib + shares["store"].mib for one in own]
    result.add(f"{title}: anonymous memory with store share", "MiB", memory, target)
    for name in own[0].mib_by_process:
        each = [one.mib_by_process[name] for one in own]
        result.add(f"{title}: {name}", "MiB", each)
    cpu = [one.millicores + shares["store"].millicores for one in own]
    result.add(f"{title}: CPU with store share", "millicores", cpu)
    for what, share in shares.items():
        result.add(f"{title}: {what}'s share", "MiB", [share.mib])
        result.add(f"{title}: {what}'s share of CPU", "millicores", [share.millicores])
    result.write()


def _share(now: _Use, before: _Use) -> _Use:
    """What each tenant adds to what all have together."""
    more = max(0.0, now.mib - before.mib), max(0.0, now.millicores - before.millicores)
    return _Use(*(one / TENANTS for one in more))
