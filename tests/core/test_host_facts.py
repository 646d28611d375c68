"""An adopted cluster is told everything that it lacks, at once, with how to get it."""

import dataclasses

import pytest

from core import host_facts
from core.host_facts import HostFacts

GOOD = HostFacts(
    kubernetes_version="v1.37.2",
    gateway_resources=frozenset({"gatewayclasses", "gateways", "tlsroutes", "httproutes"}),
    gateway_bundle="v1.6.3",
    storage_classes=("local",),
    default_storage_classes=("local",),
    daemon_sets=frozenset({"cilium"}),
    policy_enforcer=None,
    api_ports=frozenset({6443}),
    issuer="https://kubernetes.default.svc",
)


def facts(**changes):
    return dataclasses.replace(GOOD, **changes)


def test_a_good_host_has_neither_problems_nor_warnings():
    assert not list(host_facts.problems(GOOD, "dev"))
    assert not list(host_facts.warnings(GOOD, "dev"))


def test_an_old_host_is_refused():
    (problem,) = host_facts.problems(facts(kubernetes_version="v1.30.14"), "dev")
    assert problem.startswith("host dev: Kubernetes is older than 1.31, got 'v1.30.14'; upgrade")


def test_a_host_without_the_gateway_api_is_told_the_command():
    lacking = facts(gateway_resources=frozenset(), gateway_bundle=None)
    (problem,) = host_facts.problems(lacking, "dev")
    assert "got 'no Gateway API'" in problem
    assert (
        "kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api/" in problem
    )


def test_a_host_with_an_older_gateway_api_is_told_what_it_has():
    """Before 1.5 TLSRoute was experimental: the group is served, the resource is not."""
    old = facts(
        gateway_resources=frozenset({"gatewayclasses", "gateways"}), gateway_bundle="v1.4.1"
    )
    (problem,) = host_facts.problems(old, "dev")
    assert "tlsroutes of gateway.networking.k8s.io/v1 not served, got 'v1.4.1'" in problem


def test_a_host_with_a_class_that_is_not_default_is_told_the_command():
    (problem,) = host_facts.problems(facts(default_storage_classes=()), "dev")
    assert "kubectl annotate storageclass local storageclass.kubernetes.io/is-default" in problem


def test_a_host_without_any_storage_class_needs_a_provisioner():
    (problem,) = host_facts.problems(facts(storage_classes=(), default_storage_classes=()), "dev")
    assert "install a provisioner" in problem


def test_all_that_is_missing_is_said_at_once():
    bare = facts(
        kubernetes_version="v1.29.0", gateway_resources=frozenset(), default_storage_classes=()
    )
    assert len(list(host_facts.problems(bare, "dev"))) == 3


def test_an_unseen_enforcer_is_a_warning_that_says_how_to_name_it():
    (warning,) = host_facts.warnings(facts(daemon_sets=frozenset({"kube-flannel-ds"})), "dev")
    assert (
        "kubectl annotate namespace kube-system tenantplane.dev/network-policy-enforcer=" in warning
    )


@pytest.mark.parametrize(
    ("changes", "enforcer"),
    [
        ({}, "cilium"),
        ({"daemon_sets": frozenset({"anetd", "x"})}, "anetd"),
        ({"daemon_sets": frozenset(), "policy_enforcer": "kube-router"}, "kube-router"),
        ({"daemon_sets": frozenset(), "kubernetes_version": "v1.34.2+k3s1"}, "kube-router"),
        ({"daemon_sets": frozenset()}, None),
    ],
)
def test_enforcers_are_seen_by_daemon_set_annotation_or_distribution(changes, enforcer):
    assert host_facts.enforcer(facts(**changes)) == enforcer


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v1.37.2", (1, 37)),
        ("v1.33.1-gke.1107000", (1, 33)),
        ("v1.34+", (1, 34)),
        ("1.31.0", (1, 31)),
        ("", (0, 0)),
        ("devel", (0, 0)),
    ],
)
def test_versions_of_distributions_are_read(text, version):
    assert host_facts.parse_version(text) == version


@pytest.mark.parametrize(
    ("listening", "ports"),
    [({6443}, (443, 6443)), ({16443}, (443, 16443)), ({443}, (443,)), (set(), (443, 6443))],
)
def test_an_api_server_is_reached_at_its_services_port_and_its_own(listening, ports):
    """Some enforcers judge before the Service's address is resolved, some after."""
    assert host_facts.api_ports(facts(api_ports=frozenset(listening))) == ports


@pytest.mark.parametrize(
    ("changes", "hidden"),
    [
        ({"daemon_sets": frozenset({"cilium", "calico-node"})}, True),
        ({"daemon_sets": frozenset({"anetd"})}, True),
        ({"daemon_sets": frozenset(), "policy_enforcer": "cilium"}, True),
        ({"daemon_sets": frozenset({"calico-node"})}, False),
        ({"daemon_sets": frozenset(), "policy_enforcer": "kube-router"}, False),
    ],
)
def test_cilium_hides_nodes_from_blocks(changes, hidden):
    assert host_facts.hides_nodes_from_blocks(facts(**changes)) is hidden
