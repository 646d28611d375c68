"""kubedebug reads all of one tenant, changes nothing, and is what any operator has to be."""

from core import object_lists
from core.operators import kubedebug, split
from core.operators.budget import Budget
from tests.support.operator_objects import wiring

IMAGE = "ghcr.io/acme/kubectl:1"


def parts():
    given = object_lists.uniform(kubedebug.objects(IMAGE), kubedebug.NAME, "operator kubedebug")
    return split.split(
        given,
        wiring(operator=kubedebug.NAME),
        namespace=kubedebug.NAME,
        overrides={},
        limits=Budget(memory_mib=256, pods=2),
        thing="operator kubedebug",
    )


def test_it_is_an_operator_like_any_other():
    found = parts()
    assert [one["kind"] for one in found.host] == ["Deployment"]
    assert [one["kind"] for one in found.tenant] == [
        "Namespace",
        "ServiceAccount",
        "ClusterRole",
        "ClusterRoleBinding",
    ]
    assert found.left_out == {}


def test_it_reads_everything_and_writes_nothing():
    (role,) = (one for one in kubedebug.objects(IMAGE) if one["kind"] == "ClusterRole")
    (rule,) = role["rules"]
    assert (rule["apiGroups"], rule["resources"]) == (["*"], ["*"])
    assert set(rule["verbs"]) == {"get", "list", "watch"}


def test_its_right_is_bound_to_the_account_that_its_pod_has():
    found = parts()
    (account,) = found.accounts
    (binding,) = (one for one in found.tenant if one["kind"] == "ClusterRoleBinding")
    (subject,) = binding["subjects"]
    assert account == (subject["namespace"], subject["name"])


def test_nobody_outside_of_its_pod_reaches_it():
    (deployment,) = parts().host
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == ["proxy", "--address=127.0.0.1"]
    assert "ports" not in container
