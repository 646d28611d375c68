import typing

import pytest
from pulumi.automation import OutputValue

from automation import results
from stacks.outputs import StackOutputs

OUTPUTS = {
    "kubeconfigs": {"acme": "user", "globex": "user2", "late": None},
    "adminKubeconfigs": {"acme": "admin", "globex": "admin2", "late": None},
    "endpoints": {"acme": "https://a", "globex": "https://g", "late": None},
    "versions": {"acme": "1.37.2", "globex": "1.36.3", "late": None},
    "certificateExpiry": {"acme": "2027", "globex": "2028", "etcd/shared": "2029"},
}


def outputs(**changes):
    return {name: OutputValue(value, secret=False) for name, value in (OUTPUTS | changes).items()}


def test_the_outputs_read_are_those_that_the_stacks_export():
    assert set(results._FIELDS.values()) <= set(typing.get_type_hints(StackOutputs))


def test_tenants_that_are_up_are_found():
    """A tenant that failed is null, and an etcd pool is no tenant."""
    found = results.accesses(outputs())
    assert list(found) == ["acme", "globex"]
    assert found["globex"].admin_kubeconfig == "admin2"
    assert found["globex"].certificate_expiry == "2028"


@pytest.mark.parametrize("missing", OUTPUTS)
def test_a_stack_that_made_no_tenants_has_none(missing):
    """A host's stack, or one whose first update failed early."""
    found = outputs()
    del found[missing]
    assert results.accesses(found) == {}
    assert results.accesses({}) == {}


def test_a_kubeconfig_is_never_shown():
    access = results.accesses(outputs())["acme"]
    assert "user" not in repr(access)
    assert "admin" not in repr(access)


def test_people_are_those_of_the_tenant_and_never_shown():
    people = {"acme": {"jane": "opens"}, "globex": None}
    found = results.accesses(outputs(userKubeconfigs=people))
    assert found["acme"].user_kubeconfigs == {"jane": "opens"}
    assert found["globex"].user_kubeconfigs == {}
    assert "opens" not in repr(found["acme"])
