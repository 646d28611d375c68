"""What an operator may take of its host at most is known before anything runs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.operators import budget, pods
from core.operators.budget import Budget, Demand
from tests.support.operator_objects import container, obj, template, wiring, workload


def limited(memory, name="main", **fields):
    return container(name, resources={"limits": {"memory": memory}}, **fields)


def pod(*containers, **spec):
    return template(containers=list(containers), **spec)


ONE = pod(limited("100Mi"))
NONE = Budget(memory_mib=64, pods=1)


@pytest.mark.parametrize(
    ("quantity", "mib"),
    [
        ("1Mi", 1),
        ("1Gi", 1024),
        ("0.5Gi", 512),
        ("1", 1),  # rounded up
        (1073741824, 1024),
        ("1e9", 954),
        ("1G", 954),
        ("1048576000m", 1),
        ("", 0),
        ("none", 0),
        (None, 0),
        ("1Xi", 0),
        (".5Gi", 512),
        ("1.2.3", 0),
    ],
)
def test_quantities_are_kubernetes_own(quantity, mib):
    assert budget.mib(quantity) == mib


@pytest.mark.parametrize(
    ("quantity", "millicores"),
    [
        ("10m", 10),
        ("1", 1000),
        (2, 2000),
        (0.5, 500),
        ("0.1", 100),
        ("1k", 10**6),
        ("100u", 1),
        ("", 0),
    ],
)
def test_quantities_of_cpu_are_too(quantity, millicores):
    assert budget.millicores(quantity) == millicores


@example(999_999_999_999_999, "M")
@given(st.integers(1, 10**15), st.sampled_from(["", "k", "M", "Ki", "Mi", "Gi"]))
def test_no_quantity_counts_less_than_it_is(number, unit):
    units = {"": 1, "k": 10**3, "M": 10**6, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
    assert budget.mib(f"{number}{unit}") * 2**20 >= number * units[unit]


@pytest.mark.parametrize(
    ("spec", "pods"),
    [
        ({}, 2),
        ({"replicas": None}, 2),
        ({"replicas": 0}, 0),
        ({"replicas": 4}, 5),
        ({"replicas": 5}, 7),
        ({"replicas": 2, "strategy": {"type": "Recreate"}}, 2),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": 0}}}, 4),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": 3}}}, 7),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": "30%"}}}, 6),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": "100%"}}}, 8),
        ({"replicas": 4, "strategy": {"rollingUpdate": {"maxSurge": "some"}}}, 5),
    ],
)
def test_a_deployment_is_as_large_as_while_it_is_rolled(spec, pods):
    """The surge is rounded up (k8s.io/kubernetes pkg/controller/deployment/util)."""
    made = workload(spec={**spec}, pod=ONE)
    assert budget.workload(made) == Demand(memory_mib=100 * pods, pods=pods)


@pytest.mark.parametrize(
    ("kind", "spec", "pods"),
    [
        ("StatefulSet", {"replicas": 3}, 3),
        ("StatefulSet", {}, 1),
        ("Job", {}, 1),
        ("Job", {"parallelism": 4, "completions": 9}, 4),
        ("CronJob", {"schedule": "@daily"}, 1),
        ("Pod", None, 1),
    ],
)
def test_others_are_as_large_as_they_say(kind, spec, pods):
    made = workload(kind, pod=ONE, **({} if spec is None else {"spec": dict(spec)}))
    assert budget.workload(made) == Demand(memory_mib=100 * pods, pods=pods)


def test_what_starts_before_counts_only_if_it_is_more():
    small = pod(limited("100Mi"), initContainers=[limited("50Mi", "first")])
    large = pod(limited("100Mi"), initContainers=[limited("300Mi", "first")])
    found = [budget.workload(workload("Job", pod=one)).memory_mib for one in (small, large)]
    assert found == [100, 300]


def test_sidecars_count_beside_all_others():
    sidecar = limited("20Mi", "sidecar", restartPolicy="Always")
    both = pod(limited("100Mi"), initContainers=[sidecar, limited("300Mi", "first")])
    assert budget.workload(workload("Job", pod=both)).memory_mib == 320


def asking(cpu, name="main", **fields):
    return container(name, resources={"requests": {"cpu": cpu}}, **fields)


def test_cpu_is_counted_by_what_is_asked_for_while_it_is_rolled():
    sidecar = asking("20m", "sidecar", restartPolicy="Always")
    both = pod(asking("100m"), asking("1", "other"), initContainers=[sidecar, asking("3", "first")])
    assert budget.workload(workload("Job", pod=both)).cpu_millicores == 3020
    made = workload(spec={"replicas": 2}, pod=pod(asking("100m")))
    assert budget.workload(made) == Demand(pods=3, cpu_millicores=300)
    assert budget.together([budget.workload(made)] * 2).cpu_millicores == 600


def test_more_cpu_than_it_may_ask_for_is_refused():
    limits = Budget(memory_mib=64, pods=1, cpu_millicores=500)
    found = budget.problems(Demand(cpu_millicores=501), limits, "operator demo")
    assert [str(one) for one in found] == [
        (
            "operator demo: its containers ask for more CPU together than the operator may, in "
            "millicores, got 501; lower the requests, or raise cpuMillicores (now 500)"
        )
    ]
    assert list(budget.problems(Demand(cpu_millicores=500), limits, "operator demo")) == []


def test_what_has_no_pods_takes_nothing():
    assert budget.workload(obj("Service")) == Demand()
    assert budget.together([]) == Demand()


def claim(size, name="data"):
    return {"metadata": {"name": name}, "spec": {"resources": {"requests": {"storage": size}}}}


def test_volumes_are_counted_by_what_is_asked_for():
    alone = obj("PersistentVolumeClaim", "data", spec=claim("1Gi")["spec"])
    assert budget.workload(alone) == Demand(storage_mib=1024)
    templates = [claim("1Gi"), claim("512Mi", "log")]
    several = workload(
        "StatefulSet", pod=ONE, spec={"replicas": 2, "volumeClaimTemplates": templates}
    )
    assert budget.workload(several).storage_mib == 2 * 1536


def test_volumes_are_refused_where_none_are_given():
    (said,) = (str(one) for one in budget.problems(Demand(storage_mib=1024), NONE, "operator demo"))
    assert said == (
        "operator demo: its volumes are larger together than the operator's may be, in MiB, got "
        "1024; ask for less in its values, or raise storageGib (now 0)"
    )
    some = Budget(memory_mib=64, pods=1, storage_gib=1)
    assert list(budget.problems(Demand(storage_mib=1024), some, "operator demo")) == []


def test_several_are_counted_together():
    given = [workload("Job", "a", pod=ONE), workload("Job", "b", pod=ONE), obj("ConfigMap")]
    assert budget.together([budget.workload(one) for one in given]) == Demand(
        memory_mib=200, pods=2
    )


def test_more_than_it_may_is_refused_with_both_ways_out():
    limits = Budget(memory_mib=256, pods=2)
    memory, pods = (str(one) for one in budget.problems(Demand(300, 3), limits, "operator demo"))
    assert memory == (
        "operator demo: its containers may use more memory together than the operator may, in MiB, "
        "got 300; lower the limits in its values, or raise memoryMib (now 256)"
    )
    assert pods == (
        "operator demo: has more pods than the operator may, got 3; lower the replicas in its "
        "values, or raise pods (now 2)"
    )
    assert list(budget.problems(Demand(256, 2), limits, "operator demo")) == []


def test_what_asks_for_nothing_counts_as_what_it_gets():
    """Every container has a limit once it is rewritten, so that none counts as nothing."""
    rewritten = pods.rewrite(pod(container()), wiring(), "ops")
    found = budget.workload(workload("Job", pod=rewritten))
    assert (found.memory_mib, found.cpu_millicores) == (512, 10)
