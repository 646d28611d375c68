import pytest

from rig import packages
from rig.hosts.native import beside, registry, sql, state
from rig.hosts.native.layout import Layout


@pytest.fixture
def layout(tmp_path):
    return Layout("dev", 3, tmp_path)


def test_a_host_has_beside_it_what_was_asked_for_and_no_more(layout):
    assert beside.components(layout, state.State(3)) == {}
    assert beside.components(layout, state.State(3, sql=True)) == sql.components(layout)
    with_registry = state.State(3, operators=True)
    assert beside.components(layout, with_registry) == registry.components(layout)
    assert beside.needed(with_registry) == [*packages.REGISTRY]


def test_every_program_that_is_started_is_known_by_its_place(layout, monkeypatch):
    monkeypatch.setattr(sql, "binaries", lambda: {"postgres": None, "mariadbd": None})
    both = state.State(3, sql=True, operators=True)
    started = {one.argv[0] for one in beside.components(layout, both).values()}
    assert started == beside.binaries(both).keys()


def test_nothing_is_made_that_was_not_asked_for(layout, monkeypatch):
    made = []
    monkeypatch.setattr(registry, "prepare", lambda _: made.append("registry"))
    monkeypatch.setattr(sql, "prepare", lambda _: made.append("sql"))
    beside.prepare(layout, state.State(3))
    assert made == []
    beside.prepare(layout, state.State(3, sql=True, operators=True))
    assert sorted(made) == ["registry", "sql"]
