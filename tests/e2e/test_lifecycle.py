"""Runs that change nothing, a tenant that comes and goes, and its neighbours who don't notice."""

import contextlib

import pytest

from tests.support.kubectl import Kubectl, eventually
from tests.support.probe import Probe, Target


def pods(host, tenant):
    """(uid, restarts) of each container of a tenant's pods."""
    found = host.json("get", "pods", "-n", f"tenant-{tenant}")["items"]
    return sorted(
        (pod["metadata"]["uid"], status["name"], status["restartCount"])
        for pod in found
        for kind in ("containerStatuses", "initContainerStatuses")
        for status in pod["status"][kind]
    )


@contextlib.contextmanager
def one_more(stack, name, **settings):
    """The stack with one more tenant in its config, and without it again."""
    stack.config["tenants"].append({"name": name, **settings})
    try:
        yield
    finally:
        stack.config["tenants"] = [t for t in stack.config["tenants"] if t["name"] != name]
        stack.up()


def test_a_second_up_changes_nothing(stack):
    stack.up("--expect-no-changes")


def test_a_preview_after_it_shows_nothing(stack):
    stack.preview("--expect-no-changes")


def test_refresh_changes_nothing(stack):
    stack.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")


@pytest.fixture(scope="module")
def initech(stack, host, targets):
    """A third tenant came and went while the first two answered probes."""
    before = {name: pods(host, name) for name in targets}
    seen = {}
    with contextlib.ExitStack() as probing:
        probes = [probing.enter_context(Probe(target)) for target in targets.values()]
        with one_more(stack, "initech"):
            stack.up()
            seen["kubeconfig"] = stack.kubeconfig("initech")
            user = Kubectl(seen["kubeconfig"])
            user.run("create", "namespace", "work")
            user.run("create", "configmap", "data", "-n", "work", "--from-literal=a=b")
            seen["ready"] = Target(seen["kubeconfig"]).request("GET", "/readyz")
            seen["events"] = host.out("get", "namespaces", "-o", "name")
    seen["probes"] = probes
    seen["pods"] = (before, {name: pods(host, name) for name in targets})
    return seen


def test_a_third_tenant_comes_up(initech):
    assert initech["ready"] == (200, "ok")
    assert "namespace/tenant-initech" in initech["events"].split()


def test_the_others_answered_all_the_while(initech):
    for probe in initech["probes"]:
        assert probe.seconds > 5, "a tenant comes and goes in less than a probe can see"
        probe.check()


def test_the_others_pods_were_untouched(initech):
    before, after = initech["pods"]
    assert before == after


@pytest.mark.usefixtures("initech")
def test_a_removed_tenant_leaves_nothing(host, etcdctl):
    assert etcdctl("get", "/t/initech/", "--prefix", "--keys-only").stdout.split() == []
    assert "initech" not in etcdctl("user", "list").stdout.split()
    assert "initech" not in etcdctl("role", "list").stdout.split()
    assert "tenant-initech" not in host.names("namespaces")
    for kind in ("tlsroutes", "services", "endpointslices"):
        assert "tenant-initech" not in host.names(kind, "-n", "tenantplane-gateway")


def test_its_name_leads_nowhere(initech):
    with pytest.raises(OSError):  # noqa: PT011 -- reset or TLS alert, as the proxy likes
        Target(initech["kubeconfig"]).request("GET", "/readyz")


def quota(host, tenant):
    return host.json("get", "resourcequota", "-n", f"tenant-{tenant}", "quota")["spec"]["hard"]


def test_a_tenant_grows_and_gets_small_again(stack, host):
    """Its quota is its profile's; smaller pods come while the larger ones still count."""
    with one_more(stack, "massive"):
        stack.up()
        Kubectl(stack.kubeconfig("massive")).run("create", "namespace", "kept")
        small = quota(host, "massive")
        stack.config["tenants"][-1]["profile"] = "large"
        stack.up()
        large = quota(host, "massive")
        stack.config["tenants"][-1]["profile"] = "small"
        stack.up()
        assert Kubectl(stack.kubeconfig("massive")).names("namespace", "kept") == ["kept"]
        (apiserver, *_), *_ = [
            pod["spec"]["initContainers"]
            for pod in host.json("get", "pods", "-n", "tenant-massive")["items"]
            if "deletionTimestamp" not in pod["metadata"]
        ]
        assert apiserver["resources"]["limits"]["memory"] == "512Mi"
        assert small == quota(host, "acme")
        assert quota(host, "massive") == large
        assert large != small
        eventually(
            lambda: len(pods(host, "massive")) == len(pods(host, "acme")), "the old one ends"
        )
        stack.up()
        assert quota(host, "massive") == small
