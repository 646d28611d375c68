"""pki: the keys, certificates and kubeconfigs of one host's components.

Made once and kept; what runs out within 30 days is made anew by the next `up`.
Not here: the certificates of tenants (core/pki.py, components/).
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from core import kubeconfig
from rig.files import write
from rig.hosts.native.layout import API_SERVICE_ADDRESS, CLUSTER_DOMAIN, REGISTRY_NAME, Layout

_CA_DAYS = 3650
_LEAF_DAYS = 365
_RENEW_DAYS = 30


@dataclass(frozen=True)
class _Leaf:
    """One certificate to be made."""

    name: str
    issuer: str
    common_name: str
    organization: str | None = None
    hosts: Sequence[str] = ()
    """Names and addresses; a certificate that has none is a client's."""


def ensure(layout: Layout) -> None:
    """Make what is missing or runs out."""
    layout.pki.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("ca", "etcd-ca", "front-proxy-ca", "sql-ca", "registry-ca"):
        if not (layout.pki / f"{name}.crt").exists():
            _make_ca(layout.pki, f"tenantplane-{layout.name}-{name}", name)
    if not (layout.pki / "sa.key").exists():
        _make_service_account_key(layout.pki)
    for leaf in _leaves(layout):
        if not _lasts(layout.pki, leaf):
            _make_leaf(layout.pki, leaf)
    for name in USERS:
        _write_kubeconfig(layout, name, layout.pki / f"{name}.kubeconfig")
    _write_kubeconfig(layout, "admin", layout.kubeconfig)


USERS = {
    "admin": ("tenantplane-admin", "system:masters"),
    "kube-controller-manager": ("system:kube-controller-manager", None),
    "kube-scheduler": ("system:kube-scheduler", None),
    "kube-proxy": ("system:kube-proxy", None),
    "kube-router": ("tenantplane:kube-router", None),
    "provisioner": ("tenantplane:provisioner", None),
    "kubelet": ("system:node:{node}", "system:nodes"),
}
"""Components that speak to the API server: user and group of each."""


SQL_SERVERS = ("postgresql", "mariadb")
"""Servers that answer beside the cluster, if they are wanted."""


def _leaves(layout: Layout) -> list[_Leaf]:
    api = ["kubernetes", "kubernetes.default", "kubernetes.default.svc"]
    api += [f"kubernetes.default.svc.{CLUSTER_DOMAIN}", "localhost", "127.0.0.1"]
    api += [API_SERVICE_ADDRESS, layout.node_address]
    node = [layout.label, layout.node_address, "127.0.0.1"]
    return [
        _Leaf("apiserver", "ca", "kube-apiserver", hosts=api),
        _Leaf("node", "ca", f"system:node:{layout.label}", "system:nodes", node),
        _Leaf("apiserver-kubelet", "ca", "kube-apiserver-kubelet-client", "system:masters"),
        _Leaf("front-proxy", "front-proxy-ca", "front-proxy-client"),
        _Leaf("etcd", "etcd-ca", "etcd", hosts=["localhost", "127.0.0.1"]),
        _Leaf("apiserver-etcd", "etcd-ca", "kube-apiserver"),
        *(
            _Leaf(name, "sql-ca", name, hosts=[layout.node_address, layout.sql_name(name)])
            for name in SQL_SERVERS
        ),
        _Leaf("registry", "registry-ca", "registry", hosts=[layout.node_address, REGISTRY_NAME]),
        *(
            _Leaf(name, "ca", user.format(node=layout.label), group)
            for name, (user, group) in USERS.items()
        ),
    ]


def _make_ca(folder: Path, common_name: str, name: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usage = _usage(key_cert_sign=True)
    certificate = (
        _builder(subject, subject, key.public_key(), _CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _save(folder, name, certificate, key)


def _make_leaf(folder: Path, leaf: _Leaf) -> None:
    issuer = x509.load_pem_x509_certificate((folder / f"{leaf.issuer}.crt").read_bytes())
    issuer_key = serialization.load_pem_private_key(
        (folder / f"{leaf.issuer}.key").read_bytes(), password=None
    )
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we made it
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, leaf.common_name)]
    if leaf.organization:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, leaf.organization))
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    usages += [ExtendedKeyUsageOID.SERVER_AUTH] if leaf.hosts else []
    builder = (
        _builder(x509.Name(attributes), issuer.subject, key.public_key(), _LEAF_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
    )
    if leaf.hosts:
        names = x509.SubjectAlternativeName([_general_name(host) for host in leaf.hosts])
        builder = builder.add_extension(names, critical=False)
    _save(folder, leaf.name, builder.sign(issuer_key, hashes.SHA256()), key)


def _make_service_account_key(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    write(folder / "sa.pub", public.decode())
    write(folder / "sa.key", _private(key))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, key_cert_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _lasts(folder: Path, leaf: _Leaf) -> bool:
    """Say whether a certificate is there with its key, and will be for a while."""
    path = folder / f"{leaf.name}.crt"
    if not path.exists() or not (folder / f"{leaf.name}.key").exists():
        return False
    left = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc - datetime.now(UTC)
    return left > timedelta(days=_RENEW_DAYS)


def _save(
    folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> None:
    """Write the key first: a certificate that is there has its key."""
    (folder / f"{name}.crt").unlink(missing_ok=True)
    write(folder / f"{name}.key", _private(key))
    write(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM).decode())


def _private(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _write_kubeconfig(layout: Layout, user: str, path: Path) -> None:
    files = [layout.pki / name for name in ("ca.crt", f"{user}.crt", f"{user}.key")]
    authority, certificate, key = (file.read_text() for file in files)
    name = f"tenantplane-{layout.name}"
    write(path, kubeconfig.build(layout.server, authority, certificate, key, name))
