"""Hosts for the tests that need one: real processes, root, names of their own."""

import pytest

from rig.hosts.native import NativeHost, pki
from rig.hosts.native.layout import Layout
from rig.progress import Silent
from tests.support.native_host import machine, new_name


@pytest.fixture
def layout(tmp_path):
    """Where the files of a host are that has its certificates and no more."""
    made = Layout("dev", 3, tmp_path)
    pki.ensure(made)
    return made


@pytest.fixture
def name():
    """A name for a host; whatever the test leaves is taken down."""
    chosen = new_name()
    yield chosen
    NativeHost(chosen).down(Silent())


@pytest.fixture(scope="module")
def host():
    """A host that runs, shared by the tests that only use it."""
    running = NativeHost(new_name())
    before = machine(running.name)
    try:
        running.up(Silent())
        yield running
    finally:
        running.down(Silent())
    assert machine(running.name) == before  # nothing stays, after all that the tests did with it
