"""A RuntimeMirror says all that the agent needs to wire pods as the program would."""

import pytest

from core.manifests import runtime_mirror
from core.operators.references import CONFIG_MAP, SECRET, File
from tests.support.operator_objects import wiring

FILES = [("ops", File(CONFIG_MAP, "a")), ("ops", File(SECRET, "b"))]


@pytest.mark.parametrize(
    "known",
    [
        wiring(),
        wiring(registry="mirror.test", priority_class="p", runtime_class="gvisor"),
        wiring(registries=(), token_seconds=600),
    ],
    ids=["little", "all", "none allowed"],
)
def test_the_wiring_arrives_as_it_was(known):
    """What a pod becomes must not depend on who makes it."""
    said = runtime_mirror.spec(known, FILES, None)
    assert runtime_mirror.wiring({"tenant": known.tenant, **said}) == known


def test_files_are_named_one_by_one():
    assert runtime_mirror.spec(wiring(), FILES, None)["files"] == [
        {"kind": "ConfigMap", "namespace": "ops", "name": "a"},
        {"kind": "Secret", "namespace": "ops", "name": "b"},
    ]


def test_what_is_not_said_is_left_out():
    """A null would be another value than none, and each run would differ from the last."""
    said = runtime_mirror.spec(wiring(), [], None)
    assert None not in said.values()
    assert "packages" not in said
    assert runtime_mirror.spec(wiring(), [], "ops")["packages"] == "ops"


def test_every_key_of_a_spec_is_in_the_schema():
    """The API server would drop it."""
    known = wiring(registry="mirror.test", priority_class="p", runtime_class="gvisor")
    fields = runtime_mirror.schema()["properties"]["spec"]["properties"]
    assert runtime_mirror.spec(known, FILES, "ops").keys() <= fields.keys()


def test_what_the_schema_wants_is_all_that_has_to_be_said():
    """Whoever writes one by hand is told by the API server, not by a failing agent."""
    spec = runtime_mirror.schema()["properties"]["spec"]
    said = {"tenant": "acme", **runtime_mirror.spec(wiring(), FILES, None)}
    least = {key: value for key, value in said.items() if key in spec["required"]}
    assert runtime_mirror.wiring(least) == wiring(registries=())
