from core import host_facts
from rig.hosts.native import addons, api


def by_kind(kind, names=()):
    return [one for one in addons.manifests(dict(names)) if one["kind"] == kind]


def test_every_object_is_another_one():
    paths = [api.path(one) for one in addons.manifests({})]
    assert len(set(paths)) == len(paths)


def test_there_is_one_default_storage_class_and_it_binds_at_once():
    (storage,) = by_kind("StorageClass")
    assert storage["metadata"]["annotations"] == {
        "storageclass.kubernetes.io/is-default-class": "true"
    }
    assert storage["volumeBindingMode"] == "Immediate"
    assert storage["reclaimPolicy"] == "Delete"


def test_what_enforces_network_policies_is_named():
    """It runs outside of pods: unnamed, each `pulumi up` warns that tenants aren't kept apart."""
    (system,) = by_kind("Namespace")
    assert system["metadata"]["name"] == "kube-system"
    assert system["metadata"]["annotations"] == {host_facts.ENFORCER_ANNOTATION: "kube-router"}


def test_dns_is_where_kubelet_sends_pods():
    (service,) = by_kind("Service")
    assert service["spec"]["clusterIP"] == "10.96.0.10"
    assert {port["targetPort"] for port in service["spec"]["ports"]} == {53}


def test_a_changed_corefile_means_new_pods(monkeypatch):
    def annotations():
        (deployment,) = by_kind("Deployment")
        return deployment["spec"]["template"]["metadata"]["annotations"]

    before = annotations()
    monkeypatch.setattr(addons, "_COREFILE", "changed")
    assert annotations() != before


def test_names_of_the_cluster_are_answered_before_the_catch_all():
    """In one block the catch-all came first, and no service had a name (2026-11-23)."""
    (config,) = by_kind("ConfigMap")
    blocks = config["data"]["Corefile"].split("\n}\n")
    (catch_all,) = [block for block in blocks if "NXDOMAIN" in block]
    assert "kubernetes" not in catch_all.split(".:53 {")[1]


def test_a_server_beside_the_cluster_has_a_name_for_pods():
    """In a block of its own: the catch-all comes before `hosts`, too."""
    (config,) = by_kind("ConfigMap", {"registry.test": "10.231.3.2"})
    *_, block = config["data"]["Corefile"].split("\n}\n")[:-1]
    assert block.startswith("registry.test:53 {")
    assert "10.231.3.2 registry.test" in block
    (without,) = by_kind("ConfigMap")
    assert "hosts {" not in without["data"]["Corefile"]


def test_nobody_but_roles_by_name_may_do_more_than_read():
    for role in by_kind("ClusterRole"):
        for rule in role["rules"]:
            writes = set(rule["verbs"]) - {"get", "list", "watch"}
            assert not writes or rule["resources"] == ["persistentvolumes"]
            assert "secrets" not in rule["resources"]
