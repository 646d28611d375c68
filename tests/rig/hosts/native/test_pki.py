from datetime import UTC, datetime, timedelta

import pytest
import yaml
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store

from rig.hosts.native import pki


def certificate(layout, name):
    return x509.load_pem_x509_certificate((layout.pki / f"{name}.crt").read_bytes())


def store(layout, name):
    return Store([certificate(layout, name)])


@pytest.mark.parametrize("host", ["10.231.3.2", "10.96.0.1"])
def test_the_api_server_is_itself_at_every_address(layout, host):
    name = x509.IPAddress(__import__("ipaddress").ip_address(host))
    verifier = PolicyBuilder().store(store(layout, "ca")).build_server_verifier(name)
    verifier.verify(certificate(layout, "apiserver"), [])


def test_the_api_server_is_itself_by_its_name_in_the_cluster(layout):
    name = x509.DNSName("kubernetes.default.svc.cluster.local")
    verifier = PolicyBuilder().store(store(layout, "ca")).build_server_verifier(name)
    verifier.verify(certificate(layout, "apiserver"), [])


def test_the_registry_is_itself_by_address_and_by_name_and_nothing_else_is(layout):
    """Whoever trusts it for images trusts no other server of the host with that."""
    address = x509.IPAddress(__import__("ipaddress").ip_address("10.231.3.2"))
    for name in (address, x509.DNSName("registry.tenantplane.test")):
        verifier = PolicyBuilder().store(store(layout, "registry-ca")).build_server_verifier(name)
        verifier.verify(certificate(layout, "registry"), [])
    issuer = certificate(layout, "registry-ca").subject
    issued = {path.stem for path in layout.pki.glob("*.crt")}
    issued = {name for name in issued if certificate(layout, name).issuer == issuer}
    assert issued == {"registry", "registry-ca"}


def test_no_client_of_the_api_is_one_of_etcd(layout):
    """All of the host's secrets are in etcd: only the API server may speak to it."""
    subjects = {one.stem for one in layout.pki.glob("*.crt")}
    issuer = certificate(layout, "etcd-ca").subject
    assert {name for name in subjects if certificate(layout, name).issuer == issuer} == {
        "etcd",
        "etcd-ca",
        "apiserver-etcd",
    }


def test_only_the_administrator_and_the_api_server_are_masters(layout):
    masters = set()
    for path in layout.pki.glob("*.crt"):
        subject = certificate(layout, path.stem).subject
        groups = subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        if "system:masters" in [group.value for group in groups]:
            masters.add(path.stem)
    assert masters == {"admin", "apiserver-kubelet"}


def test_nobody_else_can_read_keys(layout):
    for path in [*layout.pki.glob("*.key"), *layout.pki.glob("*.kubeconfig"), layout.kubeconfig]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert layout.pki.stat().st_mode & 0o077 == 0


def test_the_kubeconfig_leads_to_this_host(layout):
    document = yaml.safe_load(layout.kubeconfig.read_text())
    assert document["clusters"][0]["cluster"]["server"] == "https://10.231.3.2:6443"
    assert document["current-context"] == "tenantplane-dev"


def test_a_second_time_changes_nothing(layout):
    before = {path: path.read_bytes() for path in layout.pki.iterdir()}
    pki.ensure(layout)
    assert {path: path.read_bytes() for path in layout.pki.iterdir()} == before


def test_what_runs_out_soon_is_renewed_and_nothing_else(layout, monkeypatch):
    before = {path.name: path.read_bytes() for path in layout.pki.iterdir()}

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(days=340)

    monkeypatch.setattr(pki, "datetime", Later)
    pki.ensure(layout)
    after = {path.name: path.read_bytes() for path in layout.pki.iterdir()}
    changed = {name for name in before if before[name] != after[name]}
    assert "apiserver.crt" in changed
    assert "kubelet.kubeconfig" in changed
    assert not changed & {"ca.crt", "ca.key", "sa.key", "etcd-ca.crt"}
    assert certificate(layout, "apiserver").not_valid_after_utc > datetime.now(UTC) + timedelta(600)


def test_a_certificate_without_its_key_is_made_again(layout):
    """A killed `up` may have written one and not the other."""
    (layout.pki / "admin.key").unlink()
    before = certificate(layout, "admin").serial_number
    pki.ensure(layout)
    assert certificate(layout, "admin").serial_number != before
    key = (layout.pki / "admin.key").read_text()
    assert "PRIVATE KEY" in key
