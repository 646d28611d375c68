import pytest

from rig.plugins.kubernetes import kinds
from rig.plugins.kubernetes.normalize import normalize


def normalized(obj):
    return normalize(obj, has_unknowns=False)[0]


def deployment(**pod):
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [], **pod}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": template}}


def pod_spec(obj):
    return obj["spec"]["template"]["spec"]


def test_what_the_server_leaves_out_when_empty_is_left_out():
    """Else `hostNetwork: false` would differ from a live object that has none, for ever."""
    pod = {"hostNetwork": False, "nodeName": "", "tolerations": [], "nodeSelector": {}}
    assert pod_spec(normalized(deployment(**pod))) == {"containers": []}


def test_nothing_is_left_out_too():
    pod = {"securityContext": None, "volumes": None, "hostname": None}
    assert pod_spec(normalized(deployment(**pod))) == {"containers": []}


def test_what_means_something_when_empty_is_kept():
    pod = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 0,
        "securityContext": {},
        "volumes": [{"name": "v", "emptyDir": {}}],
    }
    assert pod_spec(normalized(deployment(**pod))) == {"containers": [], **pod}
    policy = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    policy["spec"] = {"podSelector": {}, "egress": [{"to": [{"namespaceSelector": {}}]}]}
    assert normalized(policy) == policy


def test_amounts_get_the_servers_spelling_wherever_they_stand():
    limits = {"name": "c", "resources": {"limits": {"memory": "1024Mi", "cpu": 1}}}
    spec = pod_spec(normalized(deployment(containers=[limits])))
    assert spec["containers"][0]["resources"] == {"limits": {"memory": "1Gi", "cpu": "1"}}


def test_fields_that_kubernetes_does_not_know_are_left_out_and_named():
    obj, dropped = normalize(deployment(replicas=3), has_unknowns=False)
    assert "replicas" not in pod_spec(obj)
    assert dropped == ["spec.template.spec.replicas"]


def test_an_object_that_does_not_fit_its_type_is_left_for_the_server_to_refuse():
    broken = deployment(hostNetwork=False, terminationGracePeriodSeconds="soon", nosuch=1)
    assert normalize(broken, has_unknowns=False) == (broken, [])


def test_an_object_with_unknowns_stays_as_it_is():
    obj = deployment(hostNetwork=False)
    assert normalize(obj, has_unknowns=True) == (obj, [])


def test_secrets_have_one_form():
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": {"a": "1"}, "data": {"b": "Yg=="}}
    assert normalized(secret) == {
        "apiVersion": "v1",
        "kind": "Secret",
        "data": {"a": "MQ==", "b": "Yg=="},
    }
    wrapped = {"apiVersion": "v1", "kind": "Secret", "data": {"b": "Y\ng=\n="}}
    assert normalized(wrapped)["data"] == {"b": "Yg=="}


def test_what_is_not_base64_is_left_for_the_server_to_refuse():
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"b": "not base64!"}}
    assert normalized(secret) == secret


def test_a_definition_loses_what_the_server_removes():
    crd = {
        "apiVersion": kinds.CRD_API,
        "kind": kinds.CRD,
        "spec": {"preserveUnknownFields": False, "group": "g"},
        "status": {},
    }
    expected = {"apiVersion": kinds.CRD_API, "kind": kinds.CRD, "spec": {"group": "g"}}
    assert normalized(crd) == expected


def test_custom_resources_keep_everything_but_what_only_the_server_sets():
    custom = {"apiVersion": "a.test/v1", "kind": "A", "spec": {"empty": {}, "zero": 0}}
    meta = {"name": "a", "uid": "1", "resourceVersion": "2", "creationTimestamp": None}
    assert normalized({**custom, "metadata": meta}) == {**custom, "metadata": {"name": "a"}}


@pytest.mark.parametrize("key", sorted(kinds.table()["kinds"]))
def test_every_supported_kind_is_completely_described(key):
    """A type that a field names but the table lacks would fail at a user's."""
    types = kinds.table()["types"]
    seen, todo = set(), [kinds.table()["kinds"][key]["type"]]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        todo += [code.partition("@")[2] for code in types[name].values() if "@" in code]
    assert seen
