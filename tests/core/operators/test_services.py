"""A Service leads to the operator's own pods on the host, and there from the tenant."""

import pytest

from core.operators import services
from core.operators.services import Front
from tests.support.operator_objects import obj, service, template

LABEL = {"tenantplane.dev/operator": "demo"}


def on_host(**spec):
    made = service(**spec)
    services.rewrite(made, LABEL)
    return made["spec"]


def twin(**spec):
    return services.twin(service("webhook", **spec), "acme")["spec"]


def said(**spec):
    return [str(one) for one in services.problems(service(**spec), "operator demo, Service ops/x")]


class TestOnTheHost:
    def test_it_chooses_pods_of_the_operator_alone(self):
        """Any label but that one may be on a pod of another operator, or of the tenant itself."""
        assert on_host(selector={"app": "x"})["selector"] == {"app": "x", **LABEL}

    def test_without_pods_of_its_own_it_stays_without(self):
        assert (
            "selector" not in on_host(selector=None) or on_host(selector=None)["selector"] is None
        )

    def test_addresses_are_the_hosts_business(self):
        spec = on_host(clusterIPs=["10.0.0.1"], ipFamilies=["IPv6"], ipFamilyPolicy="SingleStack")
        assert not {"clusterIPs", "ipFamilies", "ipFamilyPolicy"} & spec.keys()
        assert spec["type"] == "ClusterIP"

    def test_a_headless_one_stays_headless(self):
        assert on_host(clusterIP="None", clusterIPs=["None"])["clusterIP"] == "None"


class TestInTheTenant:
    def test_it_is_another_name_for_the_one_on_the_host(self):
        """The tenant's API server dials that name, and checks TLS against the tenant's own."""
        ports = [{"port": 443, "targetPort": "webhook"}]
        assert twin(ports=ports) == {
            "type": "ExternalName",
            "externalName": "webhook.tenant-acme.svc",
            "ports": ports,
        }

    def test_nothing_of_its_addresses_is_left(self):
        """The API server refuses a name with an address."""
        spec = twin(clusterIP="None", clusterIPs=["None"], ipFamilies=["IPv4"], type="ClusterIP")
        assert spec == {"type": "ExternalName", "externalName": "webhook.tenant-acme.svc"}

    def test_the_charts_own_object_is_left_as_it_is(self):
        given = service("webhook")
        services.twin(given, "acme")
        assert given == service("webhook")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"type": "LoadBalancer"},
            (
                "type: would be reached from outside of the host, got 'LoadBalancer'; make it a "
                "ClusterIP by the values"
            ),
        ),
        (
            {"type": "NodePort"},
            (
                "type: would be reached from outside of the host, got 'NodePort'; make it a "
                "ClusterIP by the values"
            ),
        ),
        (
            {"externalIPs": ["192.0.2.1"]},
            "externalIPs: would take the traffic of other addresses; leave them out",
        ),
        (
            {"clusterIP": "10.96.0.1"},
            "clusterIP: is an address, got '10.96.0.1'; leave it out, or set it to None",
        ),
    ],
    ids=["LoadBalancer", "NodePort", "externalIPs", "clusterIP"],
)
def test_what_would_reach_beyond_its_namespace_is_refused(spec, message):
    assert said(**spec) == [f"operator demo, Service ops/x, {message}"]


@pytest.mark.parametrize("address", [None, "", "None"])
def test_one_inside_is_let_be(address):
    assert said(clusterIP=address) == []


class TestFronts:
    """Pods look for each other by `<service>.<namespace>`, and the namespace is the tenant's."""

    def test_each_service_with_pods_is_one(self):
        given = [service("b"), service("a"), service("c", selector=None), obj("ConfigMap")]
        assert services.fronts(given) == [
            Front("ops", "a", {"app": "demo"}),
            Front("ops", "b", {"app": "demo"}),
        ]

    @pytest.mark.parametrize("namespace", ["kube-apiserver", "etcd", "etcd-peers"])
    def test_a_namespace_called_after_a_service_of_the_platform_has_none(self, namespace):
        """A Service of that name on the host would take the tenant's own API server's place."""
        assert services.fronts([service("a", namespace)]) == []

    def test_a_namespace_called_after_a_service_of_the_chart_has_none(self):
        assert services.fronts([service("ops"), service("a")]) == []

    def test_pods_are_behind_the_first_whose_labels_they_all_have(self):
        known = services.fronts([service("a"), service("b", selector={"app": "x", "part": "y"})])
        assert services.of(template({"app": "x", "part": "y", "more": "z"}), "ops", known) == "b"
        assert services.of(template({"app": "demo"}), "ops", known) == "a"
        assert services.of(template({"app": "x"}), "ops", known) is None
        assert services.of(template({"app": "demo"}), "other", known) is None

    def test_the_name_of_the_namespace_is_a_headless_service_of_the_operators_pods(self):
        made = services.subdomain("acme", "demo", "ops")
        assert made["metadata"]["name"] == "ops"
        assert made["spec"] == {"clusterIP": "None", "selector": LABEL}
