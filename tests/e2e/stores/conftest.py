"""A tenant on each kind of store, beside the others of the stack."""

import http.client
import re
from pathlib import Path

import pytest

from rig.hosts.native.layout import Layout
from tests.e2e.conftest import HOST
from tests.support.kube_api import KubeApi
from tests.support.kubectl import eventually
from tests.support.ordering import sort_within
from tests.support.probe import Target
from tests.support.sql_servers import sql_settings

TENANTS = {
    "shared": "acme",
    "dedicated": "on-dedicated",
    "postgresql": "on-postgresql",
    "mariadb": "on-mariadb",
}
"""The tenant on each kind of store; acme is always there."""

BRIMFUL, LIMIT_MIB = "brimful", 4
"""A tenant that may store little (test_limit.py)."""

_FIRST = "test_it_takes_more_than_its_share_at_first"
_LAST = "test_it_takes_writes_again_without_a_restart"
"""Until a share is measured a few minutes pass: enough for all other tests."""


def pytest_collection_modifyitems(items):
    sort_within(items, Path(__file__).parent, _place)


def _place(item):
    return (item.originalname == _LAST) - (item.originalname == _FIRST)


@pytest.fixture(scope="package")
def on_stores(stack):
    """The stack with a tenant on every kind of store; their kubeconfigs by kind."""
    before = stack.config["tenants"]
    stack.config["sql"] = sql_settings()
    if not stack.config["sql"] and Layout(HOST, 0).network_namespace.exists():
        pytest.fail(f"native host {HOST} has no SQL servers; python -m rig up --host {HOST} --sql")
    available = {"shared", "dedicated", *stack.config["sql"]}
    added = [kind for kind in TENANTS if kind in available - {"shared"}]
    stack.config["tenants"] = before + [
        {"name": TENANTS[kind], "datastore": kind} for kind in added
    ]
    stack.config["tenants"] += [{"name": BRIMFUL, "storeLimitMib": LIMIT_MIB}]
    try:
        stack.up()
        known = stack.outputs()["kubeconfigs"]
        yield {kind: known[TENANTS[kind]] for kind in TENANTS if kind in available}
    finally:
        stack.config["tenants"] = before
        stack.up()
        del stack.config["sql"]
        stack.up()


@pytest.fixture(params=list(TENANTS))
def kind(request, on_stores):
    """Each kind of store in turn."""
    if request.param not in on_stores:
        pytest.skip(f"no {request.param} beside the host; `rig up --sql` brings it")
    return request.param


@pytest.fixture
def target(on_stores, kind):
    """The tenant's public address."""
    return Target(on_stores[kind])


@pytest.fixture
def api(target):
    """The tenant's API."""
    return KubeApi(target)


@pytest.fixture
def namespace(api, request):
    """A namespace of the test's own in the tenant: its path."""
    name = re.sub("[^a-z0-9]+", "-", request.node.name)[-60:].strip("-")
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    authority = f"/api/v1/namespaces/{name}/configmaps/kube-root-ca.crt"
    eventually(lambda: api.get(authority).status == http.HTTPStatus.OK, "the namespace is filled")
    yield f"/api/v1/namespaces/{name}"
    api.call("DELETE", f"/api/v1/namespaces/{name}")
