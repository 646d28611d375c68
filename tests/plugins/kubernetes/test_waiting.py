"""Operations end when a resource is ready, and say why when it isn't."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from rig.plugins.kubernetes.kinds import builtin
from rig.plugins.kubernetes.waiting import service
from rig.plugins.kubernetes.waiting.loop import Watcher
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import FailedError
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

LABELS = {"app": "demo"}
POD = {"containers": [{"name": "main", "image": "example.test/b:1"}]}
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
JOB = "kubernetes:batch/v1:Job"
SHORT = {"pulumi.com/timeoutSeconds": "2"}


def obj(token, namespace, spec, annotations=None, **more):
    module, _, kind = token.removeprefix("kubernetes:").rpartition(":")
    return {
        "apiVersion": module.removeprefix("core/"),
        "kind": kind,
        "metadata": {"name": "demo", "namespace": namespace, "annotations": annotations or {}},
        "spec": spec,
        **more,
    }


def deployment(namespace, annotations=None, image="example.test/b:1", replicas=2):
    spec = {"containers": [{"name": "main", "image": image}]}
    template = {"metadata": {"labels": LABELS}, "spec": spec}
    selector = {"matchLabels": LABELS}
    return obj(
        DEPLOYMENT,
        namespace,
        {"replicas": replicas, "selector": selector, "template": template},
        annotations,
    )


def stateful_set(namespace, image="example.test/b:1"):
    spec = deployment(namespace, image=image)["spec"]
    return obj(STATEFUL_SET, namespace, {**spec, "serviceName": "demo"})


def job(namespace, annotations=None):
    template = {"spec": {**POD, "restartPolicy": "Never"}}
    return obj(JOB, namespace, {"backoffLimit": 0, "template": template}, annotations)


@contextmanager
def meanwhile(action, seconds=0.5):
    """Do something while the test waits for the plugin."""
    timer = threading.Timer(seconds, action)
    timer.start()
    yield
    timer.join()


def say(api, namespace, kind, status):
    """Set the status of a custom resource as soon as there is one."""
    path = f"/apis/{objects.CRD_GROUP}/v1/namespaces/{namespace}/{kind.lower()}s/demo/status"
    eventually(lambda: api.merge(path, {"status": status}).ok, "there")


def test_a_deployment_is_created_when_its_pods_are_ready(plugin, namespace, kubelet):
    kubelet.say(kubelet.ready, delay_seconds=0.5)
    made = plugin.create(DEPLOYMENT, "demo", deployment(namespace))
    assert made.plain["status"]["availableReplicas"] == 2
    assert any("Waiting for Pods" in text for text in plugin.messages.texts())


def test_an_update_of_a_deployment_waits_for_the_new_pods(plugin, namespace, kubelet):
    made = plugin.create(DEPLOYMENT, "demo", deployment(namespace))
    kubelet.say(kubelet.ready, delay_seconds=0.5)
    changed = plugin.update(made, deployment(namespace, image="example.test/b:2"))
    status = changed.plain["status"]
    assert (status["updatedReplicas"], status["replicas"]) == (2, 2)


def test_a_stateful_set_is_waited_for_through_its_roll_out(plugin, namespace, kubelet):
    made = plugin.create(STATEFUL_SET, "demo", stateful_set(namespace))
    assert made.plain["status"]["readyReplicas"] == 2
    changed = plugin.update(made, stateful_set(namespace, image="example.test/b:2"))
    status = changed.plain["status"]
    assert status["currentRevision"] == status["updateRevision"]


def test_a_job_is_created_when_it_is_complete(plugin, namespace, kubelet):
    kubelet.say(kubelet.succeeds, delay_seconds=0.3)
    made = plugin.create(JOB, "demo", job(namespace))
    assert made.plain["status"]["succeeded"] == 1


def test_a_job_that_fails_ends_the_wait(plugin, namespace, kubelet):
    kubelet.say(kubelet.fails)
    with pytest.raises(FailedError, match=r"\[BackoffLimitExceeded\]") as raised:
        plugin.create(JOB, "demo", job(namespace))
    assert raised.value.partial.id == f"{namespace}/demo"


def test_an_unready_job_is_replaced_where_its_user_says_so(plugin, namespace, kubelet):
    kubelet.say(kubelet.fails)
    annotated = job(namespace, {"pulumi.com/replaceUnready": "true", **SHORT})
    skipped = job(namespace, {"pulumi.com/skipAwait": "true"})
    made = plugin.create(JOB, "demo", skipped)
    annotations = annotated["metadata"]["annotations"]
    annotated["metadata"]["annotations"] = {**annotations, "pulumi.com/skipAwait": "true"}
    answer = plugin.diff_of(made, annotated)
    assert any("replaceUnready" in path for path in answer.replaces)
    assert answer.deleteBeforeReplace


def test_a_pod_is_created_when_it_is_ready(plugin, namespace, kubelet):
    kubelet.say(kubelet.ready, delay_seconds=0.3)
    made = plugin.create("kubernetes:core/v1:Pod", "demo", obj("core/v1:Pod", namespace, POD))
    assert made.plain["status"]["phase"] == "Running"


def test_a_service_is_created_when_pods_answer_for_it(plugin, namespace, api, kubelet):
    kubelet.say(kubelet.ready, delay_seconds=0.5)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"node-{namespace}"}}
    assert api.create("/api/v1/nodes", node).ok
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "demo", "labels": LABELS},
        "spec": {**POD, "nodeName": f"node-{namespace}"},
    }
    assert api.create(f"/api/v1/namespaces/{namespace}/pods", pod).ok
    plugin.create(
        "kubernetes:core/v1:Service",
        "demo",
        obj("core/v1:Service", namespace, {"selector": LABELS, "ports": [{"port": 80}]}),
    )
    assert "Waiting for Pods to direct traffic to" in plugin.messages.texts()


class OneEndpoint:
    """An API server on which one pod begins to answer, and then nothing happens any more."""

    def get(self, path, **query):
        return {"metadata": {"resourceVersion": "1"}, "items": []}

    def watch(self, path, seconds, query):
        endpoint = {"conditions": {"ready": True}}
        yield "ADDED", {"metadata": {"name": "a"}, "endpoints": [endpoint]}
        raise AssertionError("waits although a pod answers")


def test_a_service_is_ready_at_once_when_a_pod_answers():
    """Not 10 s later: the product's tenants are waited for by people."""
    made = obj("core/v1:Service", "n", {"selector": LABELS})
    watcher = Watcher(OneEndpoint(), builtin("v1", "Service"), lambda _: None, threading.Event())
    assert service.until_served(watcher, made, 60) is made


@pytest.mark.parametrize(
    "spec",
    [
        {"ports": [{"port": 80}]},
        {"clusterIP": "None", "selector": LABELS, "ports": [{"port": 80}]},
        {"type": "ExternalName", "externalName": "a.test"},
    ],
    ids=["no selector", "headless", "external name"],
)
def test_a_service_that_leads_to_no_pods_is_not_waited_for(plugin, namespace, spec):
    plugin.create("kubernetes:core/v1:Service", "demo", obj("core/v1:Service", namespace, spec))


def test_a_load_balancer_without_an_address_runs_out_of_time(plugin, namespace):
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    with pytest.raises(FailedError, match="the cluster has to provide load balancers"):
        plugin.create(
            "kubernetes:core/v1:Service", "demo", obj("core/v1:Service", namespace, spec, SHORT)
        )


def claim(namespace, storage_class, annotations=None):
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": "1Gi"}},
    }
    return obj("core/v1:PersistentVolumeClaim", namespace, spec, annotations)


def test_a_claim_is_created_when_it_is_bound(plugin, namespace, api):
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"volume-{namespace}"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "hostPath": {"path": "/nowhere"},
            "storageClassName": f"by-hand-{namespace}",
        },
    }
    with meanwhile(lambda: api.create("/api/v1/persistentvolumes", volume)):
        made = plugin.create(
            "kubernetes:core/v1:PersistentVolumeClaim",
            "demo",
            claim(namespace, f"by-hand-{namespace}"),
        )
    assert made.plain["status"]["phase"] == "Bound"


def test_a_claim_that_waits_for_a_pod_is_not_waited_for(plugin, namespace, api):
    storage_class = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": f"late-{namespace}"},
        "provisioner": "example.test/none",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    assert api.create("/apis/storage.k8s.io/v1/storageclasses", storage_class).ok
    made = plugin.create(
        "kubernetes:core/v1:PersistentVolumeClaim", "demo", claim(namespace, f"late-{namespace}")
    )
    assert made.plain["status"]["phase"] == "Pending"


def test_a_token_is_waited_for(plugin, namespace, api):
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "demo"}}
    assert api.create(f"/api/v1/namespaces/{namespace}/serviceaccounts", account).ok
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/service-account-token",
        "metadata": {
            "name": "token",
            "namespace": namespace,
            "annotations": {"kubernetes.io/service-account.name": "demo"},
        },
    }
    made = plugin.create("kubernetes:core/v1:Secret", "demo", secret)
    assert made.plain["data"]["token"]


@pytest.mark.parametrize(
    "condition",
    [
        ("condition=Ready", {"conditions": [{"type": "Ready", "status": "True"}]}),
        ("condition=Busy=False", {"conditions": [{"type": "Busy", "status": "False"}]}),
        ("jsonpath={.status.phase}=Done", {"phase": "Done"}),
        (
            '["condition=Ready", "jsonpath={.status.phase}"]',
            {"conditions": [{"type": "Ready", "status": "True"}], "phase": "x"},
        ),
    ],
    ids=lambda condition: condition[0],
)
def test_a_custom_resource_is_waited_for_as_its_user_says(
    plugin, namespace, api, definition, condition
):
    annotation, status = condition
    custom = objects.custom(
        namespace, kind=definition, annotations={"pulumi.com/waitFor": annotation}
    )
    with meanwhile(lambda: say(api, namespace, definition, status)):
        made = plugin.create(objects.custom_token(definition), "demo", custom)
    assert made.plain["status"] == status


def test_a_condition_that_does_not_come_is_named_with_what_there_is(
    plugin, namespace, api, definition
):
    annotations = {"pulumi.com/waitFor": "condition=Ready", **SHORT}
    custom = objects.custom(namespace, kind=definition, annotations=annotations)
    said = {"type": "Ready", "status": "False", "reason": "UnknownStore", "message": "no pool x"}
    with (
        meanwhile(lambda: say(api, namespace, definition, {"conditions": [said]})),
        pytest.raises(FailedError) as raised,
    ):
        plugin.create(objects.custom_token(definition), "demo", custom)
    assert raised.value.text == (
        f"{definition} {namespace}/demo: not ready after 2 s: waiting for condition Ready=True, "
        "it is Ready=False (UnknownStore): no pool x"
    )
    assert raised.value.partial.id == f"{namespace}/demo"


def test_a_mistake_in_what_to_wait_for_is_found_before_anything_is_created(plugin, namespace, api):
    custom = deployment(namespace, {"pulumi.com/waitFor": "Ready"})
    with pytest.raises(FailedError, match="begins with neither condition= nor jsonpath="):
        plugin.create(DEPLOYMENT, "demo", custom)
    assert api.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/demo").status == 404


def test_skip_await_does_not_wait(plugin, namespace):
    made = plugin.create(
        DEPLOYMENT, "demo", deployment(namespace, {"pulumi.com/skipAwait": "true"})
    )
    assert not made.plain["status"].get("availableReplicas")


def test_a_time_out_names_the_pod_the_container_and_the_reason(plugin, namespace, kubelet):
    kubelet.say(kubelet.pulls_nothing)
    with pytest.raises(FailedError) as raised:
        plugin.create(DEPLOYMENT, "demo", deployment(namespace, SHORT, replicas=1))
    first, *reasons = raised.value.partial.reasons
    assert (
        first
        == f"Deployment {namespace}/demo: not ready after 2 s: waiting for Pods (0/1 available)"
    )
    assert any(
        reason.startswith(f"pod {namespace}/demo-")
        and 'container main: ImagePullBackOff: Back-off pulling image "example.test/b:1"' in reason
        for reason in reasons
    ), reasons
    assert "ImagePullBackOff" in raised.value.text


def test_a_crash_is_named_with_its_exit_code(plugin, namespace, kubelet):
    kubelet.say(kubelet.crashes)
    with pytest.raises(FailedError) as raised:
        plugin.create(STATEFUL_SET, "demo", stateful_set(namespace), timeout=2)
    text = raised.value.text
    assert f"pod {namespace}/demo-0: container main: CrashLoopBackOff" in text
    assert "ended last time with exit code 3, Error: no such file; restarted 4 times" in text


def test_a_crash_is_named_while_its_container_runs_again(plugin, namespace, kubelet):
    """Without a readiness probe it is ready until it crashes the next time."""
    kubelet.say(kubelet.runs_between_crashes)
    crashing = deployment(namespace, SHORT, replicas=1)
    crashing["spec"]["minReadySeconds"] = 10**9
    crashing["spec"]["progressDeadlineSeconds"] = 10**9 + 1
    with pytest.raises(FailedError) as raised:
        plugin.create(DEPLOYMENT, "demo", crashing)
    assert "ended last time with exit code 3, Error: no such file" in raised.value.text


def test_what_was_created_but_is_not_ready_is_kept(plugin, namespace, kubelet):
    """The engine has to know it, else the next run fails because it exists."""
    kubelet.say(kubelet.pulls_nothing)
    with pytest.raises(FailedError) as raised:
        plugin.create(DEPLOYMENT, "demo", deployment(namespace, SHORT))
    kept = raised.value.partial
    assert kept.id == f"{namespace}/demo"
    assert kept.properties.fields["metadata"].struct_value.fields["uid"].string_value


def test_a_refresh_says_that_a_workload_is_not_ready(plugin, namespace, kubelet):
    made = plugin.create(DEPLOYMENT, "demo", deployment(namespace, replicas=1))
    changed = deployment(namespace, {"pulumi.com/skipAwait": "false"}, replicas=3)
    kubelet.say(kubelet.pulls_nothing)
    with pytest.raises(FailedError):
        plugin.update(made, changed, timeout=1)
    with pytest.raises(FailedError, match="ImagePullBackOff") as raised:
        plugin.read(made)
    assert raised.value.partial.inputs.fields["spec"]
    kubelet.say(kubelet.ready)
    eventually(lambda: _readable(plugin, made), "ready again")


def _readable(plugin, resource):
    try:
        return plugin.read(resource) is not None
    except FailedError:
        return False


def test_a_deletion_while_waiting_ends_the_wait(plugin, namespace, api):
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/demo"
    with (
        meanwhile(lambda: api.delete(path)),
        pytest.raises(FailedError, match="it was deleted while it was waited for"),
    ):
        plugin.create(DEPLOYMENT, "demo", deployment(namespace))


def test_a_cancellation_ends_the_wait(drive, namespace):
    plugin = drive()
    with (
        meanwhile(plugin.cancel),
        pytest.raises(FailedError, match="the operation was cancelled") as raised,
    ):
        plugin.create(DEPLOYMENT, "demo", deployment(namespace))
    assert raised.value.partial.id == f"{namespace}/demo"


def test_waiting_survives_a_restart_of_the_api_server(plugin, namespace, cluster, kubelet):
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/demo"
    kubelet.say(kubelet.pulls_nothing)
    with ThreadPoolExecutor() as pool:
        made = pool.submit(plugin.create, DEPLOYMENT, "demo", deployment(namespace, replicas=1))
        eventually(lambda: cluster.masters.get(path).ok, "created")
        cluster.restart()
        kubelet.say(kubelet.ready)
    assert made.result().plain["status"]["availableReplicas"] == 1


def test_a_deletion_ends_when_the_object_is_gone(plugin, namespace, api, definition):
    custom = objects.custom(namespace, kind=definition)
    custom["metadata"]["finalizers"] = ["conformance.test/keep"]
    made = plugin.create(objects.custom_token(definition), "demo", custom)
    path = f"/apis/{objects.CRD_GROUP}/v1/namespaces/{namespace}/{definition.lower()}s/demo"
    with meanwhile(lambda: api.merge(path, {"metadata": {"finalizers": []}})):
        plugin.delete(made)
    assert api.get(path).status == 404


def test_a_deletion_that_takes_too_long_says_what_keeps_the_object(
    plugin, namespace, api, definition
):
    custom = objects.custom(namespace, kind=definition)
    custom["metadata"]["finalizers"] = ["conformance.test/keep"]
    made = plugin.create(objects.custom_token(definition), "demo", custom)
    with pytest.raises(FailedError) as raised:
        plugin.delete(made, timeout=1)
    assert f"{definition} {namespace}/demo: not gone after 1 s" in raised.value.text
    assert "finalizer conformance.test/keep keeps it" in raised.value.text
    path = f"/apis/{objects.CRD_GROUP}/v1/namespaces/{namespace}/{definition.lower()}s/demo"
    assert api.merge(path, {"metadata": {"finalizers": []}}).ok
