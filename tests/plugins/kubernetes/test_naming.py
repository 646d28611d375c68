import re

import pytest

from core.errors import InvalidInputError
from rig.plugins.kubernetes import naming, values

URN = "urn:pulumi:s::p::kubernetes:core/v1:ConfigMap::my-config"
UNKNOWN = values._UNKNOWNS["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
Options = naming._Options


def test_an_object_without_a_name_gets_one_and_says_so():
    named = naming.autoname({"kind": "ConfigMap"}, URN, b"", None)
    assert re.fullmatch(r"my-config-[0-9a-f]{8}", named["metadata"]["name"])
    assert naming.is_autonamed(named)


def test_the_preview_and_the_update_choose_the_same_name():
    """The engine gives both the same seed."""
    names = {naming.autoname({}, URN, b"seed", None)["metadata"]["name"] for _ in range(2)}
    assert len(names) == 1
    assert names != {naming.autoname({}, URN, b"other", None)["metadata"]["name"]}


@pytest.mark.parametrize("name", ["given", UNKNOWN])
def test_a_name_that_was_given_is_kept(name):
    obj = {"metadata": {"name": name}}
    assert naming.autoname(obj, URN, b"", None) == obj


def test_the_engine_may_propose_or_forbid_names():
    proposed = Options(mode=Options.PROPOSE, proposed_name="theirs")
    assert naming.autoname({}, URN, b"", proposed)["metadata"]["name"] == "theirs"
    with pytest.raises(InvalidInputError, match=r"metadata\.name is missing and autonaming is"):
        naming.autoname({}, URN, b"", Options(mode=Options.DISABLE))


def test_a_chosen_name_stays_until_the_user_gives_one():
    old = naming.autoname({}, URN, b"", None)
    assert naming.keep_autoname({"metadata": {}}, old)["metadata"] == old["metadata"]
    given = {"metadata": {"name": "given"}}
    assert naming.keep_autoname(given, old) == given
    assert naming.keep_autoname({}, given) == {}


def test_metadata_that_only_the_update_knows_are_left_alone():
    assert naming.autoname({"metadata": UNKNOWN}, URN, b"", None) == {"metadata": UNKNOWN}


def test_ids_are_a_namespace_and_a_name():
    assert naming.object_id({"metadata": {"name": "a", "namespace": "b"}}) == "b/a"
    assert naming.object_id({"metadata": {"name": "a"}}) == "a"
    assert naming.parse_id("b/a") == ("b", "a")
    assert naming.parse_id("a") == ("", "a")


def test_each_resource_has_a_manager_of_its_own():
    """Two stacks that set one field must see a conflict."""
    assert re.fullmatch(r"pulumi-kubernetes-[0-9a-f]{8}", naming.field_manager())
    assert naming.field_manager() != naming.field_manager()
