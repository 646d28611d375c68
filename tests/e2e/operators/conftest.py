"""Two tenants with operators, beside the others of the stack.

`ops` has a debug pod, the admission webhook of the Prometheus operator and Crossplane; `older` has
a debug pod and an older version of that webhook. Needs a host with what operators pull:
`python -m rig up --host e2e --operators`.
"""

import base64
import contextlib
import json
import time
from pathlib import Path

import pytest
import yaml

from core.operators import pods
from rig.hosts.native.layout import Layout
from tests.e2e.conftest import HOST
from tests.support import crossplane, hook_chart, prometheus
from tests.support.kubectl import Kubectl, eventually
from tests.support.ordering import sort_within

OPS, OLDER = "ops", "older"
EDITOR = "eve"
TOKEN_SECONDS = 600
"""Kubernetes' shortest: the kubelet renews such a token after 480 s."""

_ORDER = (
    "kubedebug",
    "webhooks",
    "crossplane",
    "network",
    "hostile",
    "recovery",
    "examples",
    "identity",
    "removal",
)
"""A token is renewed after eight minutes, so whoever waits for it comes late; removal is last.

The examples have tenants of their own, and take some of these minutes.
"""


def pytest_collection_modifyitems(items):
    sort_within(items, Path(__file__).parent, _place)


def _place(item):
    name = item.path.stem.removeprefix("test_")
    return _ORDER.index(name) if name in _ORDER else -1


@pytest.fixture(scope="session")
def registry():
    """How the host's registry is reached, as the rig wrote it down."""
    path = Layout(HOST, 0).root / "registry.json"
    if not Layout(HOST, 0).network_namespace.exists():
        pytest.skip(f"host {HOST} is not a native one, and has no registry of ours")
    if not path.exists():
        pytest.fail(f"host {HOST} has no registry; python -m rig up --host {HOST} --operators")
    return json.loads(path.read_text())


@pytest.fixture(scope="package")
def operated(stack, registry, tmp_path_factory):
    """The stack with both tenants, and when their pods were asked for."""
    folder, before = tmp_path_factory.mktemp("operators"), stack.config["tenants"]
    debug = {"name": "kubedebug", "tokenSeconds": TOKEN_SECONDS}
    stack.config["tenants"] = [
        *before,
        {
            "name": OPS,
            "operators": [
                debug,
                prometheus.operator(folder, "v0.92.1"),
                crossplane.operator(registry),
            ],
            "users": [{"name": EDITOR, "role": "editor"}],
        },
        {
            "name": OLDER,
            "operators": [
                {"name": "kubedebug", "identity": "tenant"},
                prometheus.operator(folder, "v0.91.0"),
                hook_chart.operator(folder / "hooked"),
            ],
        },
    ]
    began = time.time()
    try:
        stack.up()
        stack.began = began
        yield stack
    finally:
        stack.config["tenants"] = before
        stack.up()


@pytest.fixture(scope="package")
def ops(operated):
    """The tenant with all operators, as its administrators see it."""
    return Kubectl(operated.kubeconfig(OPS))


@pytest.fixture(scope="package")
def older(operated):
    """The tenant with an older webhook, as its administrators see it."""
    return Kubectl(operated.kubeconfig(OLDER))


@pytest.fixture(scope="package")
def editor(operated):
    """A person in `ops` with the rights of an editor."""
    return Kubectl(operated.outputs()["userKubeconfigs"][OPS][EDITOR])


@pytest.fixture
def debug(host):
    """Run kubectl in the debug pod of a tenant; returns what it prints."""

    def run(tenant, *args):
        return host.out(
            "exec", "-n", f"tenant-{tenant}", "deploy/kubedebug", "--", "kubectl", *args
        )

    return run


@pytest.fixture(scope="package")
def first_token(host, operated):
    """What the token says that the debug pod of `ops` starts with, where it is asked for early."""
    return claims(mounted(host))


@pytest.fixture(scope="package")
def packages(ops, registry):
    """provider-kubernetes and function-pythonic, healthy, as examples/crossplane installs them."""
    crossplane.install(ops, registry)
    crossplane.wait_for_packages(ops)


def token_of(host, tenant, account, *options):
    """A token of the host for an operator's ServiceAccount, as the kubelet gets it for a pod."""
    namespace = f"tenant-{tenant}"
    return host.out("create", "token", account, "-n", namespace, "--duration=10m", *options)


def with_token(kubeconfig, token):
    """Kubectl with the address and authority of a kubeconfig, and a token in place of a user."""
    document = yaml.safe_load(kubeconfig)
    for user in document["users"]:
        user["user"] = {"token": token}
    return Kubectl(yaml.safe_dump(document))


def claims(token):
    """What a token says."""
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def mounted(host):
    """The token that the debug pod has now, as its program sees it."""
    uid = pod_of_operator(host, OPS, "kubedebug")["metadata"]["uid"]
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended between the two looks
            is_pods = f"pod{uid}" in (process / "cgroup").read_text().replace("_", "-")
            if is_pods and (process / "comm").read_text() == "kubectl\n":
                return (process / f"root{pods.ACCESS_PATH}/token").read_text()
    raise AssertionError(f"no kubectl of pod {uid} is on this machine")


def pod_of_operator(host, tenant, operator):
    """A pod of an operator that runs and is not about to end."""

    def found():
        label = f"tenantplane.dev/operator={operator}"
        listed = host.json("get", "pods", "-n", f"tenant-{tenant}", "-l", label)["items"]
        return next(
            (
                pod
                for pod in listed
                if pod["status"]["phase"] == "Running"
                and "deletionTimestamp" not in pod["metadata"]
            ),
            None,
        )

    return eventually(found, f"a pod of {operator} runs", seconds=60)
