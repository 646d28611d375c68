"""What is said of tenants' kinds is what a real tenant's API server says."""

import pytest

from core import kinds, versions
from tests.support import control_plane
from tests.support.control_plane import Etcd

pytestmark = pytest.mark.processes

_REQUESTS_ALONE = {"v1/Binding"}
"""Kinds that are served and that no manifest has: something is done, nothing is kept."""


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(api version, kind, is cluster-wide) of all that a tenant serves in stable versions."""
    folder = tmp_path_factory.mktemp("served")
    etcd = Etcd(folder / "etcd")
    plane = control_plane.tenant(folder / "plane", etcd, "acme").wait()
    groups = plane.masters.get("/apis").body["groups"]
    paths = ["/api/v1", *(f"/apis/{one['groupVersion']}" for g in groups for one in g["versions"])]
    found = {
        (body["groupVersion"], entry["kind"], not entry["namespaced"])
        for body in (plane.masters.get(path).body for path in paths)
        for entry in body["resources"]
        if "/" not in entry["name"]
    }
    yield found
    plane.stop()
    etcd.process.kill()


def test_a_tenant_serves_just_these_kinds(served):
    said = set(kinds.of_tenants(versions.DEFAULT_KUBERNETES))
    assert {f"{api_version}/{kind}" for api_version, kind, _ in served} - _REQUESTS_ALONE == said


def test_they_live_where_it_is_said(served):
    wrong = [one for one in served if kinds.is_cluster_wide(*one[:2]) is not one[2]]
    assert not wrong
