"""The host's own rules for pods of operators, tried at a real API server.

What the program and the host agent make gets through; what comes another way doesn't.
"""

import copy

import pytest

from core import names
from core.manifests import admission, operator_policy, priorities, tenant
from core.operators import pods
from tests.support import control_plane
from tests.support.control_plane import DOMAIN
from tests.support.kubectl import eventually
from tests.support.operator_objects import container, template, wiring

pytestmark = pytest.mark.processes

CORE = "/api/v1/namespaces"
FIRST = priorities.NAMES[priorities.OPERATORS]
PRIORITIES = "/apis/scheduling.k8s.io/v1/priorityclasses"
PODS = f"{CORE}/tenant-acme/pods"
PATHS = {
    kind: f"/apis/{admission.GROUP}/v1/{plural}"
    for kind, plural in (
        ("ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
        ("ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"),
    )
}


def pod(given=None, name="demo-0", **changes):
    """A pod of an operator as the platform makes it; changes are made after that."""
    made = pods.rewrite(given or template(), wiring(priority_class=FIRST), "ops")
    made = {"apiVersion": "v1", "kind": "Pod", **copy.deepcopy(made)}
    made["metadata"]["name"] = name
    made["spec"] |= changes
    return made


def changed(change):
    made = pod()
    change(made)
    return made


@pytest.fixture(scope="module")
def masters(tmp_path_factory):
    """A host with the rules in force, and two tenants' namespaces."""
    folder = tmp_path_factory.mktemp("policy")
    etcd = control_plane.Etcd(folder / "etcd")
    host = control_plane.host(folder / "host", etcd).wait()
    for document in admission.renamed(operator_policy.policy(), operator_policy.NAME):
        path = f"{PATHS[document['kind']]}/{operator_policy.NAME}"
        assert host.masters.apply(path, document).ok
    for name, registries in (("acme", ["ghcr.io/", "quay.io/acme"]), ("globex", [])):
        metadata = {
            "name": names.namespace(name),
            "labels": tenant.namespace_labels(name),
            "annotations": tenant.namespace_annotations(name, DOMAIN, registries),
        }
        assert host.masters.create(CORE, {"metadata": metadata}).ok
    for role in (priorities.OPERATORS, priorities.TENANTS):
        body = {"metadata": {"name": priorities.NAMES[role]}} | priorities.priority_class(role)
        assert host.masters.create(PRIORITIES, body).ok
    hostile = pod(nodeName="node-1")
    eventually(lambda: not tried(host.masters, hostile).ok, "the rules are in force")
    yield host.masters
    host.stop()
    etcd.process.kill()


def tried(masters, made, path=PODS):
    return masters.create(f"{path}?dryRun=All", made)


def test_the_rules_have_no_error_that_shows_only_when_they_judge(masters):
    """An expression that can't be evaluated denies everything, as failurePolicy is Fail."""
    path = f"{PATHS['ValidatingAdmissionPolicy']}/{operator_policy.NAME}"
    found = eventually(
        lambda: (
            masters.get(path).body.get("status", {}).get("observedGeneration")
            or "not looked at yet"
        ),
        "the policy was looked at",
    )
    assert found
    assert "expressionWarnings" not in str(masters.get(path).body.get("status"))


SOURCES = [
    {"configMap": {"name": "config"}},
    {"secret": {"name": "certificates"}},
    {"serviceAccountToken": {"path": "t"}},
]
FULL = template(
    containers=[
        container(
            env=[{"name": "A", "valueFrom": {"secretKeyRef": {"name": "a", "key": "k"}}}],
            envFrom=[{"configMapRef": {"name": "b"}}],
        )
    ],
    initContainers=[container("first")],
    volumes=[
        {"name": "a", "configMap": {"name": "config"}},
        {"name": "b", "secret": {"secretName": "certificates"}},
        {"name": "c", "emptyDir": {}},
        {"name": "d", "projected": {"sources": SOURCES}},
        {"name": "e", "persistentVolumeClaim": {"claimName": "data"}},
    ],
    nodeSelector={"kubernetes.io/os": "linux"},
    imagePullSecrets=[{"name": "pull"}],
)


@pytest.mark.parametrize("given", [template(), FULL], ids=["little", "much"])
def test_what_the_platform_makes_gets_through(masters, given):
    answer = tried(masters, pod(given))
    assert answer.ok, answer


def test_tokens_of_the_tenant_get_through(masters):
    made = pods.rewrite(template(), wiring(identity="tenant", priority_class=FIRST), "ops")
    made = {"apiVersion": "v1", "kind": "Pod", **made}
    made["metadata"]["name"] = "demo"
    assert tried(masters, made).ok


def test_what_kubernetes_adds_by_itself_gets_through(masters):
    """A node that isn't ready yet is tolerated for some minutes: an admission plugin says so."""
    key = "node.kubernetes.io/not-ready"
    tolerations = [{"key": key, "operator": "Exists", "effect": "NoExecute"}]
    assert tried(masters, pod(tolerations=tolerations)).ok


def test_a_sandbox_may_bring_its_nodes(masters):
    """Its RuntimeClass says where it runs, in the pod itself."""
    made = pod(
        runtimeClassName="gvisor",
        nodeSelector={"sandbox.gke.io/runtime": "gvisor"},
        tolerations=[{"key": "sandbox.gke.io/runtime", "operator": "Exists"}],
    )
    answer = tried(masters, made)
    assert "operators" not in answer.message, answer  # there is no such class on this host


def test_a_statefulset_has_its_own_volumes(masters):
    """Its controller names a claim after the pod: no name with a dot could be a volume's."""
    made = pod(name="demo-0")
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-demo-0"}}
    made["spec"]["volumes"].append(claim)
    assert tried(masters, made).ok


def volume(**source):
    return lambda made: made["spec"]["volumes"].append({"name": "v", **source})


def projected(**source):
    return volume(projected={"sources": [source]})


def spec(**fields):
    return lambda made: made["spec"].update(fields)


def first(**fields):
    return lambda made: made["spec"]["containers"][0].update(fields)


def env(**source):
    return first(env=[{"name": "A", "valueFrom": source}])


NOT_ITS_OWN = "an operator's pod reads copies of the tenant's ConfigMaps and Secrets, and no others"
UNBOUNDED = "each container of an operator's pod has a limit of memory, above 0"
FOR_OTHERS = "an operator's tokens are for its own tenant alone"

HOSTILE = {
    "a token of the host": (
        spec(automountServiceAccountToken=True),
        "an operator's pod has no token of the host",
    ),
    "the usual account": (spec(serviceAccountName="default"), "called after one of the tenant"),
    "another audience": (
        projected(serviceAccountToken={"path": "t", "audience": "https://globex.tenants.test"}),
        FOR_OTHERS,
    ),
    "no audience": (projected(serviceAccountToken={"path": "t"}), FOR_OTHERS),
    "keys of the tenant": (volume(secret={"secretName": "kube-apiserver"}), NOT_ITS_OWN),
    "keys in a projection": (projected(secret={"name": "kube-apiserver"}), NOT_ITS_OWN),
    "keys in a variable": (
        env(secretKeyRef={"name": "kube-apiserver", "key": "tls.key"}),
        NOT_ITS_OWN,
    ),
    "keys as variables": (first(envFrom=[{"secretRef": {"name": "etcd-keys"}}]), NOT_ITS_OWN),
    "the config of the tenant": (volume(configMap={"name": "kube-apiserver"}), NOT_ITS_OWN),
    "config in a variable": (
        env(configMapKeyRef={"name": "kube-apiserver", "key": "audit.yaml"}),
        NOT_ITS_OWN,
    ),
    "the data of the tenant's own etcd": (
        volume(persistentVolumeClaim={"claimName": "data-etcd-0"}),
        NOT_ITS_OWN,
    ),
    "what a driver of the host mounts": (
        volume(csi={"driver": "secrets-store.csi.k8s.io"}),
        NOT_ITS_OWN,
    ),
    "a certificate of the host": (
        projected(clusterTrustBundle={"name": "x", "path": "t"}),
        NOT_ITS_OWN,
    ),
    "a place before the tenants'": (
        spec(priorityClassName=priorities.NAMES[priorities.TENANTS]),
        "an operator's pod has PriorityClass tenantplane-operators",
    ),
    "no place": (
        lambda made: made["spec"].pop("priorityClassName"),
        "an operator's pod has PriorityClass tenantplane-operators",
    ),
    "its node": (spec(nodeName="node-1"), "can't choose its node"),
    "a pool of nodes": (spec(nodeSelector={"pool": "system"}), "can choose nodes by"),
    "nodes of others": (spec(tolerations=[{"operator": "Exists"}]), "kept for others"),
    "nodes of others by name": (
        spec(tolerations=[{"key": "dedicated", "operator": "Exists"}]),
        "kept for others",
    ),
    "the platform's own pods": (
        lambda made: made["metadata"]["labels"].update({names.LABEL_PART_OF: names.PART_OF}),
        "can't pass for one of the platform",
    ),
    "an image from elsewhere": (first(image="evil.test/x"), "not from a registry that this tenant"),
    "nearly the registry": (first(image="ghcr.io.evil.test/x"), "not from a registry"),
    "nearly the path": (first(image="quay.io/acme-evil/x"), "not from a registry"),
    "a short name": (first(image="nginx"), "not from a registry"),
    "as much memory as there is": (first(resources={"limits": {"memory": "0"}}), UNBOUNDED),
    "memory that nobody bounds": (first(resources={"limits": {"cpu": "1"}}), UNBOUNDED),
    "no bounds": (lambda made: made["spec"]["containers"][0].pop("resources"), UNBOUNDED),
    "the first container's memory": (
        lambda made: made["spec"].update(
            initContainers=[
                {
                    **made["spec"]["containers"][0],
                    "name": "f",
                    "resources": {"limits": {"memory": "0"}, "requests": {"memory": "0"}},
                }
            ]
        ),
        UNBOUNDED,
    ),
    "the first container's image": (
        lambda made: made["spec"].update(
            initContainers=[{**made["spec"]["containers"][0], "name": "f", "image": "evil.test/x"}]
        ),
        "not from a registry",
    ),
}


@pytest.mark.parametrize(("change", "says"), HOSTILE.values(), ids=HOSTILE)
def test_what_comes_another_way_is_refused(masters, change, says):
    answer = tried(masters, changed(change))
    assert not answer.ok
    assert says in answer.message, answer


def test_a_tenant_without_operators_runs_none(masters):
    """Its namespace names no registry."""
    wired = wiring(audience=names.issuer("globex", DOMAIN), priority_class=FIRST)
    made = pods.rewrite(template(), wired, "ops")
    made = {"apiVersion": "v1", "kind": "Pod", **made}
    made["metadata"]["name"] = "demo"
    answer = tried(masters, made, f"{CORE}/tenant-globex/pods")
    assert "not from a registry that this tenant's operators may use" in answer.message


def test_pods_of_the_platform_and_of_others_are_not_judged(masters):
    plain = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}
    plain["spec"] = {"containers": [container()], "nodeName": "node-1"}
    plain["spec"]["containers"][0]["image"] = "evil.test/x"
    elsewhere = pod(nodeName="node-1")
    assert "operators." not in tried(masters, plain).message
    assert tried(masters, elsewhere, f"{CORE}/default/pods").ok
