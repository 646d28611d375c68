"""Two tenants behind one address and port, told apart by the name in the TLS hello."""

import ssl

import pytest
from cryptography import x509


def test_two_tenants_share_one_address_and_port(targets):
    addresses = {(target.host, target.port) for target in targets.values()}
    assert len(targets) == 2
    assert len(addresses) == 1


def test_each_tenant_presents_its_own_certificate(targets):
    """Verified with the tenant's authority alone, so another tenant's certificate would fail."""
    issuers = set()
    for name, target in targets.items():
        certificate = x509.load_der_x509_certificate(target.served_certificate(target.name))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert target.name in names.get_values_for_type(x509.DNSName), name
        issuers.add(certificate.issuer.rfc4514_string())
        assert target.request("GET", "/version")[0] == 200
    assert len(issuers) == 2


def test_a_tenants_authority_does_not_vouch_for_another(targets):
    acme, globex = targets["acme"], targets["globex"]
    with pytest.raises(ssl.SSLCertVerificationError):
        acme.connect(sni=globex.name)


def test_an_unknown_name_leads_nowhere(targets):
    with pytest.raises(OSError):  # noqa: PT011 -- reset or TLS alert, as the proxy likes
        targets["acme"].connect(sni="nobody.tenants.test")


def test_the_proxy_holds_no_key(host):
    """Not mounted, not in its namespace, and not to be had from the API by its account."""
    pods = host.json("get", "pods", "-n", "tenantplane-gateway")["items"]
    assert pods
    for pod in pods:
        volumes = pod["spec"].get("volumes", [])
        assert not [volume for volume in volumes if "secret" in volume]
        assert not [volume for volume in volumes if "hostPath" in volume]
    assert host.names("secrets", "-n", "tenantplane-gateway") == []
    account = "--as=system:serviceaccount:tenantplane-gateway:traefik"
    for namespace in ("tenant-acme", "tenantplane-system", "tenantplane-etcd-shared"):
        assert not host.can_i("get", "secrets", "-n", namespace, account)
        assert not host.can_i("list", "secrets", "-n", namespace, account)


def test_a_kubeconfig_works_without_dns(targets, tenants):
    """The server is an address; the name goes into the hello and into the verification."""
    for name, target in targets.items():
        assert target.host.replace(".", "").isdigit(), "the address needs DNS"
        assert tenants[name].out("get", "--raw", "/readyz") == "ok"


def test_anonymous_callers_get_health_and_nothing_else(targets):
    target = targets["acme"]
    for path in ("/livez", "/readyz", "/healthz"):
        assert target.request("GET", path, identified=False)[0] == 200
    for path in ("/version", "/api", "/openapi/v3", "/metrics", "/api/v1/namespaces"):
        assert target.request("GET", path, identified=False)[0] == 401


def test_a_tenant_that_breaks_its_roles_keeps_its_api_server(targets, break_glass):
    """The kubelet gives no name, as everybody may who asks for /livez: by a role of the tenant."""
    acme, name = break_glass["acme"], "system:public-info-viewer"
    binding = acme.json("get", "clusterrolebinding", name)
    acme.run("delete", "clusterrolebinding", name)
    try:
        for path in ("/livez", "/readyz", "/healthz"):
            assert targets["acme"].request("GET", path, identified=False)[0] == 200
    finally:
        kept = ("name", "labels", "annotations")
        binding["metadata"] = {key: binding["metadata"][key] for key in kept}
        acme.apply(binding)
