"""IngressPassthrough: one listener, passthrough, and a proxy that can read no Secret elsewhere."""

import pulumi
import pytest

from components.ingress_passthrough import IngressPassthrough
from core.errors import InvalidInputError
from core.manifests import gateway, pods


def declare(**args):
    defaults = {"domain": "tenants.test", "image": "traefik:v3", "address": "192.0.2.1"}
    return IngressPassthrough("gateway", defaults | {"exposure": "HostPort", "port": 8443} | args)


def inputs(mocks, name):
    (found,) = [r.inputs for r in mocks.resources if r.name == name]
    return found


@pulumi.runtime.test
def test_tls_passes_through(mocks):
    def check(_):
        (listener,) = inputs(mocks, "gateway-gateway")["spec"]["listeners"]
        assert listener["protocol"] == "TLS"
        assert listener["tls"] == {"mode": "Passthrough"}
        assert listener["hostname"] == "*.tenants.test"

    return declare().gateway_namespace.apply(check)


@pulumi.runtime.test
def test_the_proxy_reads_secrets_in_its_own_namespace_alone(mocks):
    """Traefik lists Secrets wherever it watches (docs/adr/0003)."""

    def check(_):
        everywhere = inputs(mocks, "gateway-cluster-role")["rules"]
        assert not [rule for rule in everywhere if {"secrets", "*"} & set(rule["resources"])]
        (container,) = inputs(mocks, "gateway-traefik")["spec"]["template"]["spec"]["containers"]
        assert "--providers.kubernetesGateway.namespaces=tenantplane-gateway" in container["args"]
        assert "volumeMounts" not in container

    return declare().gateway_namespace.apply(check)


@pulumi.runtime.test
def test_a_host_port_is_the_public_port(mocks):
    def check(_):
        (container,) = inputs(mocks, "gateway-traefik")["spec"]["template"]["spec"]["containers"]
        assert {"name": "tls", "containerPort": 8443, "hostPort": 9443} in container["ports"]

    return declare(port=9443).gateway_namespace.apply(check)


@pulumi.runtime.test
def test_several_proxies_are_apart_and_drained_one_at_a_time(mocks):
    def check(_):
        template = inputs(mocks, "gateway-traefik")["spec"]["template"]
        budget = inputs(mocks, "gateway-budget")["spec"]
        assert budget["maxUnavailable"] == 1
        constraints = template["spec"]["topologySpreadConstraints"]
        assert "kubernetes.io/hostname" in [one["topologyKey"] for one in constraints]
        for selector in (budget["selector"], *(one["labelSelector"] for one in constraints)):
            assert selector["matchLabels"] == template["metadata"]["labels"]

    return declare(replicas=2).gateway_namespace.apply(check)


@pulumi.runtime.test
def test_a_single_proxy_has_no_budget(mocks):
    """It would block every drain of its node."""

    def check(_):
        assert not mocks.of_type(":PodDisruptionBudget")

    return declare().gateway_namespace.apply(check)


@pulumi.runtime.test
def test_a_load_balancer_takes_the_reserved_address(mocks):
    def check(_):
        spec = inputs(mocks, "gateway-service")["spec"]
        assert spec["type"] == "LoadBalancer"
        assert spec["loadBalancerIP"] == "192.0.2.1"
        assert spec["ports"][0]["port"] == 443

    return declare(exposure="LoadBalancer", port=443).gateway_namespace.apply(check)


def test_refuses_a_host_port_without_an_address():
    with pytest.raises(InvalidInputError, match=r"set gateway\.address"):
        declare(address=None)


def test_refuses_an_unknown_exposure():
    with pytest.raises(InvalidInputError, match="Ingress"):
        declare(exposure="Ingress")


@pytest.mark.parametrize("ports", [[443, 16443], [443.0, 16443.0]], ids=["python", "typescript"])
@pulumi.runtime.test
def test_the_proxy_reaches_the_host_api_on_the_ports_that_it_is_told(mocks, ports):
    """With others it never learns of a route."""

    def check(_):
        assert inputs(mocks, "gateway-policy")["spec"] == gateway.network_policy(
            pods.host_api_egress([443, 16443], by_port_alone=False)
        )

    return declare(api_ports=ports).gateway_namespace.apply(check)


@pulumi.runtime.test
def test_where_blocks_hide_nodes_the_proxys_policy_has_none(mocks):
    def check(_):
        assert "ipBlock" not in str(inputs(mocks, "gateway-policy"))

    return declare(api_by_port_alone=True).gateway_namespace.apply(check)
