"""TenantControlPlane: one tenant's resources, and what never leaves them."""

import json

import pulumi
import pytest
from cryptography import x509
from pulumi_kubernetes.core.v1 import ConfigMap

from components.tenant_control_plane import TenantControlPlane
from core import names
from core.errors import InvalidInputError
from tests.support.mocks import settled


def declare(**args):
    defaults = {
        "tenant": "acme",
        "domain": "tenants.test",
        "gateway_address": "192.0.2.1",
        "gateway_port": 8443,
        "gateway_name": "tenants",
        "gateway_namespace": "tenantplane-gateway",
        "agent_namespace": "tenantplane-system",
        "datastore": "shared",
        "shared_etcd": {
            "client_url": "https://etcd.tenantplane-etcd-shared.svc:2379",
            "ca_pem": "etcd authority",
            "ca_key_pem": "etcd PRIVATE KEY",
        },
        "apiserver_image": "registry.k8s.io/kube-apiserver:v1.37.2",
        "controller_manager_image": "registry.k8s.io/kube-controller-manager:v1.37.2",
    }
    given = defaults | args
    return TenantControlPlane(given["tenant"], given)


def inputs(mocks, name):
    (found,) = [r.inputs for r in mocks.resources if r.name == name]
    return found


def containers(mocks):
    spec = inputs(mocks, "acme-control-plane")["spec"]["template"]["spec"]
    return {c["name"]: c for c in [*spec["initContainers"], *spec["containers"]]}, spec


@pulumi.runtime.test
def test_kubeconfigs_are_secret(mocks):
    tenant = declare()

    async def check(endpoint):
        assert endpoint == "https://192.0.2.1:8443"
        assert await tenant.kubeconfig.is_secret()
        assert await tenant.admin_kubeconfig.is_secret()
        assert not await tenant.endpoint.is_secret()

    return tenant.endpoint.apply(check)


@pulumi.runtime.test
def test_a_kubeconfig_works_without_dns(mocks):
    def check(text):
        assert "server: https://192.0.2.1:8443" in text
        assert "tls-server-name: acme.tenants.test" in text

    return declare().kubeconfig.apply(check)


@pulumi.runtime.test
def test_with_a_wildcard_domain_the_server_is_the_tenants_name(mocks):
    def check(text):
        assert "server: https://acme.tenants.test:443" in text
        assert "tls-server-name" not in text

    return declare(public_dns=True, gateway_port=443).kubeconfig.apply(check)


@pulumi.runtime.test
def test_the_api_server_starts_before_the_controllers(mocks):
    """Side by side the controller manager crashes once, and back-off costs 12 s."""

    def check(_):
        spec = containers(mocks)[1]
        (apiserver,) = spec["initContainers"]
        assert apiserver["name"] == "kube-apiserver"
        assert apiserver["restartPolicy"] == "Always"
        assert apiserver["startupProbe"]["periodSeconds"] == 1
        assert apiserver["readinessProbe"]["periodSeconds"] == 10

    return declare().endpoint.apply(check)


@pytest.mark.parametrize(("profile", "cores"), [("small", "1"), ("large", "4")])
@pulumi.runtime.test
def test_a_profile_says_how_many_cores_the_api_server_takes(mocks, profile, cores):
    """However many the node has: that is what a flood can take of its neighbours."""

    def check(_):
        env = containers(mocks)[0]["kube-apiserver"]["env"]
        assert {"name": "GOMAXPROCS", "value": cores} in env

    return declare(profile=profile).endpoint.apply(check)


@pulumi.runtime.test
def test_the_kubelet_may_ask_whatever_the_tenant_does_to_its_roles(mocks):
    """A tenant owns its RBAC; without system:public-info-viewer its API server would be killed."""

    def check(_):
        apiserver = containers(mocks)[0]["kube-apiserver"]
        probes = [apiserver[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness")]
        probes.append(apiserver["livenessProbe"]["httpGet"])
        asked = {probe["path"].partition("?")[0] for probe in probes}
        text = mocks.named("acme-config").inputs["data"]["authorization.jsonl"]
        allowed = [json.loads(line)["spec"] for line in text.splitlines()]
        assert asked == {"/livez", "/readyz"}
        assert allowed == [
            {"group": "system:unauthenticated", "nonResourcePath": path, "readonly": True}
            for path in ("/healthz", "/livez", "/readyz")
        ]

    return declare().endpoint.apply(check)


@pulumi.runtime.test
def test_each_container_mounts_only_its_own_keys(mocks):
    def check(_):
        found, spec = containers(mocks)
        secrets = {v["name"]: v["secret"]["secretName"] for v in spec["volumes"] if "secret" in v}
        mounted = {
            name: {secrets[m["name"]] for m in c["volumeMounts"] if m["name"] in secrets}
            for name, c in found.items()
        }
        assert mounted == {name: {name} for name in found}

    return declare().endpoint.apply(check)


@pulumi.runtime.test
def test_nothing_of_a_tenants_identity_comes_from_its_host(mocks):
    """Another address, gateway and store must give the same names, certificates and prefix."""

    def check(_):
        wanted = [f"{r.name} {sorted(map(str, r.inputs.items()))}" for r in mocks.resources]
        identity = [line for line in wanted if line.split()[0].endswith("-ca-cert")]
        requests = [r.inputs["certRequestPem"] for r in mocks.of_type("LocallySignedCert")]
        asked = [x509.load_pem_x509_csr(text.encode()) for text in requests]
        assert len(asked) == 6
        for line in identity + [f"{one.subject} {list(one.extensions)}" for one in asked]:
            assert "192.0.2.1" not in line
            assert "gateway" not in line
        args = containers(mocks)[0]["kube-apiserver"]["args"]
        assert "--service-account-issuer=https://acme.tenants.test" in args
        assert "--etcd-prefix=/t/acme" in args

    return declare().endpoint.apply(check)


@pulumi.runtime.test
def test_store_and_objects_wait_until_the_agent_is_done(mocks):
    def check(_):
        for name in ("acme-store", "acme-base"):
            annotations = inputs(mocks, name)["metadata"]["annotations"]
            assert annotations["pulumi.com/waitFor"] == "condition=Ready"
            assert annotations["pulumi.com/timeoutSeconds"] == "45"

    return declare(timeout_seconds=45).endpoint.apply(check)


def test_a_place_in_a_store_needs_the_agent(mocks, monitor):
    """Only the agent lets go of it: it goes after the place."""
    agent = ConfigMap("agent", metadata={"namespace": "tenantplane-system"})
    settled(declare(agent_namespace=agent.metadata.namespace).endpoint)
    annotations = inputs(mocks, "acme-store")["metadata"]["annotations"]
    assert annotations[names.ANNOTATION_AGENT] == "tenantplane-system"
    (request,) = (one for urn, one in monitor.requests.items() if urn.endswith("::acme-store"))
    assert any(urn.endswith("::agent") for urn in request.dependencies)


def test_what_works_in_a_tenant_comes_once_it_serves_and_the_agent_may(mocks, monitor):
    """An operator that came before would wait for an API server, or lack its rights."""
    inside = declare().inside
    probe = ConfigMap("probe", metadata={"namespace": inside})
    assert settled(probe.metadata.namespace) == "tenant-acme"
    (request,) = (one for urn, one in monitor.requests.items() if urn.endswith("::probe"))
    needed = {urn.rpartition("::")[2] for urn in request.dependencies}
    (pods,) = mocks.of_type(":Deployment")
    assert {"acme-ns", "acme-base", pods.name} <= needed


@pulumi.runtime.test
def test_several_replicas_elect_and_have_a_budget(mocks):
    def check(_):
        assert inputs(mocks, "acme-budget")["spec"]["maxUnavailable"] == 1
        args = containers(mocks)[0]["kube-controller-manager"]["args"]
        assert "--leader-elect=true" in args

    return declare(replicas=3).endpoint.apply(check)


@pytest.mark.parametrize(("replicas", "waits"), [(1, False), (2, True)])
@pulumi.runtime.test
def test_who_is_alone_serves_before_it_has_looked_after_its_roles(mocks, replicas, waits):
    """Others would serve meanwhile, and the gateway asks them all."""

    def check(_):
        apiserver = containers(mocks)[0]["kube-apiserver"]
        for kind in ("startupProbe", "readinessProbe"):
            path = apiserver[kind]["httpGet"]["path"]
            assert path.startswith("/readyz")
            assert ("exclude=poststarthook/rbac/bootstrap-roles" not in path) == waits

    return declare(replicas=replicas).endpoint.apply(check)


@pytest.mark.parametrize(("replicas", "sleeps"), [(1, False), (2, True)])
@pulumi.runtime.test
def test_one_of_several_is_left_before_it_ends(mocks, replicas, sleeps):
    """It answers 500 on /readyz as soon as it is asked to end."""

    def check(_):
        apiserver = containers(mocks)[0]["kube-apiserver"]
        assert ("preStop" in apiserver.get("lifecycle", {})) is sleeps

    return declare(replicas=replicas).endpoint.apply(check)


@pulumi.runtime.test
def test_replicas_prefer_nodes_and_zones_of_their_own(mocks):
    """Preferred: a host of one node is a host too. A selector of nobody would spread nobody."""

    def check(_):
        template = inputs(mocks, "acme-control-plane")["spec"]["template"]
        constraints = template["spec"]["topologySpreadConstraints"]
        assert [one["topologyKey"] for one in constraints] == [
            "kubernetes.io/hostname",
            "topology.kubernetes.io/zone",
        ]
        for one in constraints:
            assert (one["maxSkew"], one["whenUnsatisfiable"]) == (1, "ScheduleAnyway")
            selected = one["labelSelector"]["matchLabels"].items()
            assert selected
            assert selected <= template["metadata"]["labels"].items()

    return declare(replicas=3).endpoint.apply(check)


@pulumi.runtime.test
def test_one_replica_has_no_budget(mocks):
    """It would block every drain of its node."""

    def check(_):
        assert not [r for r in mocks.resources if r.typ.endswith("PodDisruptionBudget")]

    return declare().endpoint.apply(check)


@pulumi.runtime.test
def test_an_older_version_gets_its_rules_as_objects(mocks):
    """Admission from files is on by default since 1.37."""

    def check(_):
        objects = inputs(mocks, "acme-base")["spec"]["objects"]
        assert [o for o in objects if o["kind"] == "ValidatingAdmissionPolicy"]
        assert "policies.yaml" not in inputs(mocks, "acme-config")["data"]

    return declare(version="1.36.3").endpoint.apply(check)


@pulumi.runtime.test
def test_a_newer_version_gets_its_rules_as_files(mocks):
    def check(_):
        objects = inputs(mocks, "acme-base")["spec"]["objects"]
        assert not [o for o in objects if o["kind"] == "ValidatingAdmissionPolicy"]
        assert ".static.k8s.io" in inputs(mocks, "acme-config")["data"]["policies.yaml"]

    return declare(version="1.37.2").endpoint.apply(check)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"tenant": "Acme"}, "Acme"),
        ({"version": "1.30"}, "1.30"),
        ({"profile": "huge"}, "huge"),
        ({"replicas": 0}, "replicas: is not one of the values it can have, got 0; use 1, 2 or 3"),
        ({"replicas": 4}, "replicas: is not one of the values it can have, got 4"),
    ],
)
def test_wrong_input_is_refused_before_anything_is_declared(mocks, args, message):
    with pytest.raises(InvalidInputError, match=message):
        declare(**args)
    assert mocks.resources == []


@pulumi.runtime.test
def test_another_pool_is_refused_before_the_pods_mount_its_keys(mocks, monitor):
    """The agent's EtcdTenant refuses it; a Secret written before would cut a running tenant off."""

    def check(_):
        (secret,) = [
            request
            for urn, request in monitor.requests.items()
            if urn.endswith("::acme-secret-kube-apiserver")
        ]
        assert [urn for urn in secret.dependencies if urn.endswith("::acme-store")]

    return declare().endpoint.apply(check)


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ({"audit": "request"}, "audit: is not one .*, got 'request'; use metadata or none"),
        ({"encryption": "off"}, "encryption: .*, got 'off'; use secrets, all or none"),
        ({"keys": [1, 1]}, r"keys: is not one or two different numbers, got \[1, 1\]"),
        ({"keys": [1, 2, 3]}, r"keys: is not one or two different numbers"),
        ({"running_profiles": ["huge"]}, "is not a profile, got 'huge'"),
        ({"runtime_class": "G Visor"}, "is not the name of a RuntimeClass, got 'G Visor'"),
        (
            {"oidc": [{"issuer": "https://a.b", "audiences": ["k"], "username_prefix": "system:"}]},
            r"oidc\[0\]\.usernamePrefix: can't stand in front of names",
        ),
    ],
)
def test_refuses_what_no_tenant_can_be(mocks, args, problem):
    with pytest.raises(InvalidInputError, match=problem):
        declare(**args)
    assert mocks.resources == []
