"""What of a chart can be nowhere is refused, all of it at once, in words that help."""

import pytest

from core import names
from core.errors import InvalidInputError
from core.operators import objects, sides
from core.operators.budget import Budget
from core.operators.phases import LARGEST
from core.operators.wiring import token_secret
from tests.support.operator_objects import (
    ACCOUNT_TOKEN,
    RBAC,
    container,
    hook,
    obj,
    service,
    template,
    workload,
)
from tests.support.splitting import THING, parts, problems

CONTROL_PLANE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "control-plane"}
NAME_TAKEN = "has the name of something that is in the tenant's namespace on the host; give it"

HOSTILE = {
    "its tenant's control plane": (
        workload(name="control-plane"),
        f"Deployment.apps ops/control-plane: {NAME_TAKEN} another name by the values",
    ),
    "its tenant's API server": (
        service("kube-apiserver"),
        f"Service ops/kube-apiserver: {NAME_TAKEN} another name by the values",
    ),
    "its tenant's store": (
        workload("StatefulSet", "etcd"),
        f"StatefulSet.apps ops/etcd: {NAME_TAKEN} another name by the values",
    ),
    "its tenant's drains": (
        obj("PodDisruptionBudget", "control-plane", api_version="policy/v1", spec={}),
        f"PodDisruptionBudget.policy ops/control-plane: {NAME_TAKEN} another name by the values",
    ),
    "its tenant's replicas": (
        obj(
            "HorizontalPodAutoscaler",
            api_version="autoscaling/v2",
            spec={"scaleTargetRef": CONTROL_PLANE, "maxReplicas": 99},
        ),
        (
            "HorizontalPodAutoscaler.autoscaling ops/demo, scaleTargetRef: scales what is not of "
            "the chart, got 'control-plane'; let it scale a workload of its own"
        ),
    ),
    "an old version of a kind": (
        obj(
            "HorizontalPodAutoscaler",
            api_version="autoscaling/v1",
            spec={"scaleTargetRef": {"kind": "Deployment", "name": "demo"}},
        ),
        (
            "HorizontalPodAutoscaler.autoscaling ops/demo, apiVersion: isn't known on the host, "
            "got 'autoscaling/v1'; use autoscaling/v2"
        ),
    ),
    "the platform's accounts": (
        workload(namespace="tenantplane-system"),
        (
            "Deployment.apps tenantplane-system/demo: has pods in a namespace of the platform's, "
            "got 'tenantplane-system'; set another one"
        ),
    ),
    "Kubernetes' own accounts": (
        workload(namespace="kube-system"),
        (
            "Deployment.apps kube-system/demo: has pods in a namespace of the platform's, got "
            "'kube-system'; set another one"
        ),
    ),
    "another version than the host has": (
        obj("PodDisruptionBudget", api_version="policy/v1beta1", spec={}),
        (
            "PodDisruptionBudget.policy ops/demo, apiVersion: isn't known on the host, got "
            "'policy/v1beta1'; use policy/v1"
        ),
    ),
    "the platform's label on the host": (
        workload(labels={names.LABEL_TENANT: "globex"}),
        (
            "Deployment.apps ops/demo, label tenantplane.dev/tenant: can't be an operator's; "
            "leave it out: it is the platform's own"
        ),
    ),
    "the platform's label in the tenant": (
        obj("ConfigMap", labels={names.LABEL_PLATFORM: "true"}),
        (
            "ConfigMap ops/demo, label tenantplane.dev/platform: can't be an operator's; leave it "
            "out: it is the platform's own"
        ),
    ),
    "the administrators' role": (
        obj("ClusterRole", "tenantplane:tenant-admin", None, RBAC),
        (
            "ClusterRole.rbac.authorization.k8s.io tenantplane:tenant-admin: has a name of the "
            "platform's; give it another one"
        ),
    ),
    "another volume's data": (
        obj("PersistentVolumeClaim", "data", spec={"dataSource": {"name": "data-etcd-0"}}),
        (
            "PersistentVolumeClaim ops/data, dataSource: would choose its volume, or another's "
            "data; leave it out: a claim has accessModes, resources, storageClassName, volumeMode"
        ),
    ),
    "a volume of another": (
        workload(
            "StatefulSet",
            spec={
                "volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {"volumeName": "v"}}]
            },
        ),
        (
            "StatefulSet.apps ops/demo, claim d, volumeName: would choose its volume, or another's "
            "data; leave it out: a claim has accessModes, resources, storageClassName, volumeMode"
        ),
    ),
    "a volume that passes for the platform's": (
        workload(
            "StatefulSet",
            spec={
                "volumeClaimTemplates": [
                    {"metadata": {"name": "d", "labels": {names.LABEL_TENANT: "globex"}}}
                ]
            },
        ),
        (
            "StatefulSet.apps ops/demo, claim d, label tenantplane.dev/tenant: can't be an "
            "operator's; leave it out: it is the platform's own"
        ),
    ),
    "a way in from outside": (
        service(type="LoadBalancer"),
        (
            "Service ops/demo, type: would be reached from outside of the host, got "
            "'LoadBalancer'; make it a ClusterIP by the values"
        ),
    ),
    "a pod that is root": (
        workload("CronJob", pod=template(securityContext={"runAsUser": 0})),
        (
            "CronJob.batch ops/demo, securityContext.runAsUser: is root, got 0; set another user "
            "id, 65532 if the image doesn't say"
        ),
    ),
    "a hook that runs at upgrades alone": (
        hook(workload("Job"), "pre-upgrade"),
        (
            "Job.batch ops/demo: runs at upgrades and not at first, and these can't be told apart "
            "here; say in `sides`: `Job.batch/demo: host` to run it at first, too, and whenever "
            "it is another one, or `Job.batch/demo: nowhere` to leave it out"
        ),
    ),
    "a hook that never ends": (
        hook(workload(), "pre-install"),
        (
            "Deployment.apps ops/demo: is a hook that is no Job; make it a Job, or leave it out "
            "by the values"
        ),
    ),
}


@pytest.mark.parametrize(("given", "message"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_object_is_refused_in_words_that_help(given, message):
    beside = [workload()] if given["apiVersion"] == "autoscaling/v1" else []
    assert problems(given, *beside) == [f"{THING}, {message}"]


def test_a_secret_on_the_host_cannot_have_the_name_of_a_token_even_by_the_user():
    """The agent keeps those that a tenant issues in Secrets that are called after a namespace."""
    where, _, name = token_secret("ops", "core").partition(".")
    assert problems(obj("Secret", name, where), Secret="host") == [
        (
            f"{THING}, Secret {where}/{name}: could pass for one of the platform's, got "
            f"'{where}'; leave it in the tenant"
        )
    ]


def test_a_token_of_the_host_cannot_be_had_even_by_the_user():
    """The host's token controller would fill it in, for an account of the operator's there."""
    given = obj("Secret", type=ACCOUNT_TOKEN)
    assert problems(given, Secret="host") == [
        (
            f"{THING}, Secret ops/demo: would hold a token of the host, got '{ACCOUNT_TOKEN}'; "
            "leave it in the tenant"
        )
    ]
    assert given in parts(given).tenant


def test_two_objects_that_would_be_one_on_the_host_are_refused():
    """The chart's namespaces are one on the host."""
    (message,) = problems(workload(namespace="a"), workload(namespace="b"))
    assert message.startswith(f"{THING}, Deployment.apps b/demo: {NAME_TAKEN} another name")


def test_everything_is_said_at_once():
    given = [
        workload(pod=template(hostNetwork=True)),
        obj("Ingress", api_version="networking.k8s.io/v1"),
    ]
    assert len(problems(*given, Typo="host")) == 3


def test_more_than_the_operator_may_is_refused():
    limits = Budget(memory_mib=100, pods=1, cpu_millicores=10)
    with pytest.raises(InvalidInputError) as caught:
        parts(workload(), limits=limits)
    memory, count, cpu = caught.value.problems
    assert memory.startswith(f"{THING}: its containers may use more memory together")
    assert "got 1024; " in memory
    assert count.startswith(f"{THING}: has more pods than the operator may, got 2; ")
    assert cpu.startswith(f"{THING}: its containers ask for more CPU together than the operator")
    assert "got 20; " in cpu


def test_an_object_that_is_too_large_to_be_put_into_the_tenant_is_refused():
    (message,) = problems(obj("ConfigMap", data={"a": "x" * LARGEST}))
    assert message.startswith(f"{THING}, ConfigMap ops/demo: is larger than {LARGEST} bytes, got ")


CRD = {"name": "things.demo.test"}
MALFORMED = {
    "nothing in it": (workload() | {"spec": None}, "AttributeError("),
    "a grace as a text": (
        workload(pod=template(terminationGracePeriodSeconds="30")),
        "TypeError(",
    ),
    "a variable without a name": (
        workload(pod=template(containers=[container(env=[{"value": "x"}])])),
        "KeyError('name')",
    ),
    "a mount without a path": (
        workload(pod=template(containers=[container(volumeMounts=[{"name": "x"}])])),
        "KeyError('mountPath')",
    ),
    "replicas as a word": (
        workload(spec={"replicas": "two"}),
        "ValueError(\"invalid literal for int() with base 10: 'two'\")",
    ),
    "annotations as a list": (obj("ConfigMap", annotations=["a"]), "AttributeError("),
    "a definition of nothing": (
        {"apiVersion": "apiextensions.k8s.io/v1", "kind": sides.DEFINITION[1], "metadata": CRD},
        "KeyError('spec')",
    ),
}


@pytest.mark.parametrize(("given", "error"), MALFORMED.values(), ids=MALFORMED)
def test_what_kubernetes_would_not_have_is_named_with_its_object(given, error):
    """Helm renders anything: a chart's values end up as texts, lists or nothing."""
    (message,) = problems(given, obj("ConfigMap", "other"))
    assert message.startswith(
        f"{THING}, {objects.label(given)}: isn't as Kubernetes has it, got {error}"
    )
    assert message.endswith(
        "; render it by hand, and see what `kubectl apply --dry-run=server` says of it"
    )


def test_what_is_wrong_with_others_is_said_beside_it():
    hostile = workload(name="other", pod=template(hostNetwork=True))
    assert len(problems(workload(spec={"replicas": "two"}), hostile)) == 2
