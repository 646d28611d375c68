"""An operator's pods live on the host and take the tenant's API server for their own."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import names
from core.manifests import pods as platform
from core.operators import pods, refusals
from core.operators import wiring as wiring_
from core.operators.wiring import ROOT_CA
from tests.support.operator_objects import container, template, wiring

NAMESPACE = "crossplane-system"


def rewritten(given=None, *, namespace=NAMESPACE, host_name=None, **wired):
    return pods.rewrite(given or template(), wiring(**wired), namespace, host_name=host_name)


def spec_of(given=None, **wired):
    return rewritten(given, **wired)["spec"]


def main(given=None, **wired):
    (found,) = spec_of(given, **wired)["containers"]
    return found


def env(found):
    return {one["name"]: one.get("value", one.get("valueFrom")) for one in found["env"]}


def access(spec):
    (volume,) = (one for one in spec["volumes"] if one["name"] == pods.ACCESS_VOLUME)
    return volume["projected"]["sources"]


def test_it_asks_the_tenants_api_server():
    """`rest.InClusterConfig` reads these two; a chart's own words would lead to the host."""
    chart = container(env=[{"name": "KUBERNETES_SERVICE_HOST", "value": "10.96.0.1"}])
    found = env(
        main(
            template(
                containers=[
                    chart,
                ]
            )
        )
    )
    assert found["KUBERNETES_SERVICE_HOST"] == names.APISERVER
    assert found["KUBERNETES_SERVICE_PORT"] == "6443"


def test_it_has_no_token_of_the_host_and_one_for_the_tenant_where_clients_look():
    spec = spec_of(template(automountServiceAccountToken=True))
    assert spec["automountServiceAccountToken"] is False
    token, authority, namespace = access(spec)
    assert token["serviceAccountToken"] == {
        "audience": "https://acme.tenants.test",
        "expirationSeconds": 3600,
        "path": "token",
    }
    assert authority["configMap"]["name"] == f"{NAMESPACE}.{ROOT_CA}"
    (item,) = namespace["downwardAPI"]["items"]
    assert item["path"] == "namespace"
    assert item["fieldRef"]["fieldPath"] == f"metadata.annotations['{pods.ANNOTATION_NAMESPACE}']"


def test_every_container_has_it_even_one_that_mounts_its_own():
    own = {"name": "token", "mountPath": f"{pods.ACCESS_PATH}/"}
    data = {"name": "data", "mountPath": "/data"}
    spec = spec_of(
        template(
            containers=[container(volumeMounts=[own, data])],
            initContainers=[container("first")],
            volumes=[{"name": "token", "emptyDir": {}}, {"name": "data", "emptyDir": {}}],
        )
    )
    mounted = platform.mount(pods.ACCESS_VOLUME, pods.ACCESS_PATH)
    assert spec["containers"][0]["volumeMounts"] == [data, mounted]
    assert spec["initContainers"][0]["volumeMounts"] == [mounted]


def test_it_is_told_the_tenants_namespace_and_account_by_every_way_to_ask():
    asked = [
        {"name": "NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "SA", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    ]
    items = [
        {"path": "ns", "fieldRef": {"fieldPath": "metadata.namespace"}},
        {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}},
    ]
    volumes = [
        {"name": "a", "downwardAPI": {"items": copy.deepcopy(items)}},
        {"name": "b", "projected": {"sources": [{"downwardAPI": {"items": items}}]}},
    ]
    spec = spec_of(
        template(containers=[container(env=asked)], volumes=volumes, serviceAccountName="core")
    )
    found = env(spec["containers"][0])
    assert (found["NS"], found["SA"]) == (NAMESPACE, "core")
    assert found["POD"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    first, second, _ = spec["volumes"]
    for part in (first, second["projected"]["sources"][0]):
        namespace, labels = part["downwardAPI"]["items"]
        assert pods.ANNOTATION_NAMESPACE in namespace["fieldRef"]["fieldPath"]
        assert labels["fieldRef"]["fieldPath"] == "metadata.labels"


def test_the_annotation_that_answers_says_the_tenants_namespace():
    metadata = rewritten()["metadata"]
    assert metadata["annotations"] == {pods.ANNOTATION_NAMESPACE: NAMESPACE}


def test_it_is_marked_as_its_operators_and_keeps_what_harms_nobody():
    """Pods roll by a checksum; a network plugin would obey other annotations, and finalizers."""
    said = {"checksum/config": "b", "k8s.v1.cni.cncf.io/networks": "host"}
    chart = {
        "labels": {"app": "x"},
        "annotations": said,
        "namespace": "other",
        "finalizers": ["chart.test/stay"],
    }
    metadata = rewritten(template() | {"metadata": chart})["metadata"]
    assert metadata == {
        "labels": {"app": "x", names.LABEL_OPERATOR: "demo"},
        "annotations": {"checksum/config": "b", pods.ANNOTATION_NAMESPACE: NAMESPACE},
    }


@pytest.mark.parametrize(
    ("spec", "account"),
    [
        ({}, "default"),
        ({"serviceAccountName": "core"}, "core"),
        ({"serviceAccount": "old"}, "old"),
        ({"serviceAccount": "old", "serviceAccountName": "core"}, "core"),
        ({"serviceAccountName": ""}, "default"),
    ],
)
def test_its_account_is_called_after_the_one_that_the_chart_names(spec, account):
    given = template(**spec)
    assert pods.service_account(given) == account
    found = spec_of(given)
    assert found["serviceAccountName"] == f"{NAMESPACE}.{account}"
    assert "serviceAccount" not in found


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 3600), (600, 600), (3600, 3600), (31_536_000, 3600)]
)
def test_a_token_that_the_chart_asks_for_is_for_the_tenant_and_lives_no_longer_than_others(
    asked, given
):
    wanted = {"path": "t"} | ({"expirationSeconds": asked} if asked else {})
    sources = [{"serviceAccountToken": wanted}]
    spec = spec_of(template(volumes=[{"name": "t", "projected": {"sources": sources}}]))
    token = spec["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]
    assert token == {"path": "t", "audience": wiring().audience, "expirationSeconds": given}


def test_the_life_of_its_token_can_be_said():
    token, *_ = access(spec_of(token_seconds=600))
    assert token["serviceAccountToken"]["expirationSeconds"] == 600


def test_a_token_of_the_tenant_is_in_the_same_place():
    """The host agent keeps it in a Secret, for programs that must be the account itself."""
    given = template(serviceAccountName="core")
    token, *others = access(spec_of(given, identity=wiring_.TENANT_TOKEN))
    assert token == {
        "secret": {
            "name": wiring_.token_secret(NAMESPACE, "core"),
            "items": [{"key": "token", "path": "token"}],
        }
    }
    assert others == access(spec_of(given))[1:]


class TestSecurity:
    """What Pod Security `restricted` admits comes out, whatever goes in."""

    CONTAINERS = (
        {},
        {"runAsUser": 1000},
        {"runAsNonRoot": True},
        {"runAsNonRoot": False},
        {"allowPrivilegeEscalation": True},
        {"seccompProfile": {"type": "Unconfined"}},
        {"capabilities": {"drop": ["NET_RAW"]}},
        {"capabilities": {"add": ["NET_BIND_SERVICE"]}},
        {"privileged": False, "readOnlyRootFilesystem": True},
    )
    PODS = (None, {}, {"runAsNonRoot": True}, {"runAsUser": 2000, "fsGroup": 2000})

    @pytest.mark.parametrize("pod", PODS, ids=str)
    @pytest.mark.parametrize("own", CONTAINERS, ids=str)
    def test_it_is_restricted(self, own, pod):
        spec = spec_of(template(containers=[container(securityContext=own)], securityContext=pod))
        found, whole = spec["containers"][0]["securityContext"], spec["securityContext"]
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "seccompProfile" not in found
        assert (whole["runAsNonRoot"], found["runAsNonRoot"]) == (True, True)
        assert found["allowPrivilegeEscalation"] is False
        assert found["capabilities"]["drop"] == ["ALL"]
        assert set(found["capabilities"].get("add", [])) <= {"NET_BIND_SERVICE"}

    @pytest.mark.parametrize(
        ("pod", "own", "user"),
        [
            (None, {}, 65532),
            (None, {"runAsNonRoot": False}, 65532),
            (None, {"runAsNonRoot": True}, None),
            (None, {"runAsUser": 1000}, 1000),
            ({"runAsNonRoot": True}, {}, None),
            ({"runAsUser": 2000}, {}, None),
        ],
    )
    def test_an_image_that_may_be_roots_runs_as_somebody_else(self, pod, own, user):
        """Who says runAsNonRoot knows that the image is not; the kubelet checks it."""
        given = template(containers=[container(securityContext=own)], securityContext=pod)
        assert spec_of(given)["containers"][0]["securityContext"].get("runAsUser") == user


class TestResources:
    """Every container has limits of memory and disk: a budget holds, a node stays usable."""

    @pytest.mark.parametrize(
        ("given", "limits", "requests"),
        [
            (None, {"memory": "512Mi"}, {"memory": "64Mi", "cpu": "10m"}),
            (
                {"limits": {"memory": "1Gi"}},
                {"memory": "1Gi"},
                {"memory": "1Gi", "cpu": "10m"},
            ),
            (
                {"limits": {"cpu": "2"}},
                {"memory": "512Mi", "cpu": "2"},
                {"memory": "64Mi", "cpu": "2"},
            ),
            (
                {"requests": {"memory": "128Mi", "cpu": "100m"}},
                {"memory": "512Mi"},
                {"memory": "128Mi", "cpu": "100m"},
            ),
            (
                {"requests": {"memory": "1Gi"}},
                {"memory": "1Gi"},
                {"memory": "1Gi", "cpu": "10m"},
            ),
        ],
    )
    def test_what_the_chart_does_not_say_is_filled_in(self, given, limits, requests):
        """A request above its limit would be refused by the API server."""
        pod = template(containers=[container(**({"resources": given} if given else {}))])
        assert main(pod)["resources"] == {
            "limits": {"ephemeral-storage": "2Gi", **limits},
            "requests": {"ephemeral-storage": "16Mi", **requests},
        }

    @pytest.mark.parametrize(
        ("given", "limit", "request_"),
        [
            ({"limits": {"ephemeral-storage": "4Gi"}}, "4Gi", None),
            ({"requests": {"ephemeral-storage": "3Gi"}}, "3Gi", "3Gi"),
        ],
    )
    def test_what_it_says_of_its_nodes_disk_stays(self, given, limit, request_):
        found = main(template(containers=[container(resources=given)]))["resources"]
        assert found["limits"]["ephemeral-storage"] == limit
        assert found["requests"].get("ephemeral-storage") == request_


class TestPlace:
    """Where it runs, and what comes first on a full node, is the platform's business."""

    def test_what_the_chart_says_of_it_is_left_out(self):
        spec = spec_of(
            template(
                dnsPolicy="Default",
                hostUsers=True,
                priority=1,
                priorityClassName="system-node-critical",
                runtimeClassName="mine",
                schedulerName="default-scheduler",
                enableServiceLinks=True,
            )
        )
        gone = {"dnsPolicy", "hostUsers", "priority", "priorityClassName", "runtimeClassName"}
        assert not (gone | {"schedulerName"}) & spec.keys()
        assert spec["enableServiceLinks"] is False

    def test_the_platforms_classes_are_set(self):
        spec = spec_of(priority_class="tenantplane-operators", runtime_class="gvisor")
        assert spec["priorityClassName"] == "tenantplane-operators"
        assert spec["runtimeClassName"] == "gvisor"

    def test_its_image_is_named_in_full_and_comes_from_where_it_should(self):
        first = container("first", image="nginx")
        pod = template(initContainers=[first], containers=[container(image="quay.io/a/b:1")])
        spec = spec_of(pod, registry="mirror.test")
        assert spec["initContainers"][0]["image"] == "mirror.test/library/nginx"
        assert spec["containers"][0]["image"] == "mirror.test/a/b:1"

    def test_behind_a_service_it_is_found_by_the_name_that_it_would_have_in_the_tenant(self):
        spec = spec_of(host_name="webhook")
        assert (spec["hostname"], spec["subdomain"]) == ("webhook", NAMESPACE)
        assert not {"hostname", "subdomain"} & spec_of().keys()


def test_another_authority_of_the_tenant_rolls_it():
    """Many programs read ca.crt only when they start."""
    first, second = rewritten(), rewritten()
    pods.roll_with(first, "old")
    pods.roll_with(second, "new")
    assert first["metadata"]["annotations"].pop(pods.ANNOTATION_CA) == "old"
    assert second["metadata"]["annotations"].pop(pods.ANNOTATION_CA) == "new"
    assert first == second


def test_the_charts_own_template_is_left_as_it_is():
    given = template(containers=[container(env=[{"name": "A", "value": "b"}])])
    before = copy.deepcopy(given)
    rewritten(given)
    assert given == before


NAME = st.sampled_from(["a", "tls", "some-config"])
KEY = st.fixed_dictionaries({"name": NAME, "key": st.just("k")})
ENV = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["A", "KUBERNETES_SERVICE_HOST"]),
            "valueFrom": st.one_of(
                st.fixed_dictionaries({"configMapKeyRef": KEY}),
                st.fixed_dictionaries({"secretKeyRef": KEY}),
                st.just({"fieldRef": {"fieldPath": "metadata.namespace"}}),
            ),
        }
    ),
    max_size=3,
)
ENV_FROM = st.lists(
    st.one_of(
        st.fixed_dictionaries({"configMapRef": st.fixed_dictionaries({"name": NAME})}),
        st.fixed_dictionaries({"secretRef": st.fixed_dictionaries({"name": NAME})}),
    ),
    max_size=2,
)
CONTAINER = st.builds(lambda env, source: container(env=env, envFrom=source), ENV, ENV_FROM)
SOURCE = st.one_of(
    st.fixed_dictionaries({"configMap": st.fixed_dictionaries({"name": NAME})}),
    st.fixed_dictionaries({"secret": st.fixed_dictionaries({"name": NAME})}),
    st.just({"serviceAccountToken": {"path": "t"}}),
)
VOLUME = st.one_of(
    st.fixed_dictionaries({"configMap": st.fixed_dictionaries({"name": NAME})}),
    st.fixed_dictionaries({"secret": st.fixed_dictionaries({"secretName": NAME})}),
    st.fixed_dictionaries({"persistentVolumeClaim": st.fixed_dictionaries({"claimName": NAME})}),
    st.builds(lambda sources: {"projected": {"sources": sources}}, st.lists(SOURCE, max_size=3)),
)
POD = st.builds(
    lambda spec: {"metadata": {}, "spec": spec},
    st.fixed_dictionaries(
        {"containers": st.lists(CONTAINER, min_size=1, max_size=2)},
        optional={
            "initContainers": st.lists(CONTAINER, max_size=2),
            "volumes": st.lists(VOLUME, max_size=3),
            "imagePullSecrets": st.lists(st.fixed_dictionaries({"name": NAME}), max_size=2),
            "serviceAccountName": NAME,
        },
    ),
)
NAMED = {
    "claimName",
    "configMap",
    "configMapKeyRef",
    "configMapRef",
    "imagePullSecrets",
    "secret",
    "secretKeyRef",
    "secretName",
    "secretRef",
    "serviceAccountName",
}


def named(value, above=""):
    """Yield every name of an object that stands anywhere in a spec, by the key above it."""
    if isinstance(value, list):
        for item in value:
            yield from named(item, above)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and (key in NAMED or (key == "name" and above in NAMED)):
                yield item
            yield from named(item, key)


@given(POD)
def test_no_pod_names_anything_that_an_object_of_the_platform_could_be_called(pod):
    """Its keys and Secrets are in the same namespace, and none of them has a dot in its name."""
    found = set(named(spec_of(pod)))
    assert all(name.startswith(f"{NAMESPACE}.") for name in found)
    account = pods.service_account(pod)
    assert {f"{NAMESPACE}.{account}", f"{NAMESPACE}.{ROOT_CA}"} <= found


@given(POD)
def test_rewriting_makes_nothing_that_the_rules_refuse(pod):
    """But for the label by which the platform knows it: none may come with a chart."""
    before, after = (
        {str(one) for one in refusals.problems(one, wiring(), "webhooks", "it")}
        for one in (pod, rewritten(pod))
    )
    (own,) = after - before
    assert own.startswith(f"it, label {names.LABEL_OPERATOR}: can't be an operator's")
