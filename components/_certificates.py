"""Keys and certificates with pulumi-tls, as the plans of core/pki.py describe them.

Owns: two resources per certificate (key and certificate) and their names.
Not here: subjects, usages, lifetimes (core/pki.py), the request between the two
(core/certificate_request.py).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_tls as tls

from core import generations, pki
from core.certificate_request import certificate_request
from core.generations import Generations


@dataclass(frozen=True)
class Authority:
    """A certificate authority, as one or, while it is replaced, two generations."""

    keys: Generations
    """Its generations: the first signs, each is trusted."""
    trusted_pem: pulumi.Output[str]
    """Every generation's certificate, the one that signs first."""
    key_pem: pulumi.Output[str]
    """Of the one that signs."""
    expires: Mapping[str, pulumi.Output[str]]
    """When the certificate of each generation ends, RFC 3339: `authority`, `authority-2`."""


@dataclass(frozen=True)
class Certificate:
    """A signed leaf and its key."""

    certificate_pem: pulumi.Output[str]
    key_pem: pulumi.Output[str]
    expires: pulumi.Output[str]
    """When it ends, RFC 3339."""


def private_key(name: str, opts: pulumi.ResourceOptions) -> tls.PrivateKey:
    """Declare a key; its PEM outputs are secret."""
    return tls.PrivateKey(name, algorithm=pki.KEY_ALGORITHM, ecdsa_curve=pki.KEY_CURVE, opts=opts)


def authority(
    name: str,
    common_name: str,
    keys: Generations,
    opts: pulumi.ResourceOptions,
    *,
    protect: bool = False,
) -> Authority:
    """Declare a self-signed authority that signs leaves alone.

    Args:
        name: In front of the names of its resources.
        common_name: Its subject.
        keys: Its generations.
        opts: Of every resource.
        protect: Refuse to delete the generation that signs; the other one is to go some day.
    """
    made = {
        number: _authority(
            generations.named(name, number),
            generations.named(common_name, number),
            pulumi.ResourceOptions.merge(
                opts, pulumi.ResourceOptions(protect=protect and number == keys[0])
            ),
        )
        for number in keys
    }
    trusted = pulumi.Output.all(*(certificate.cert_pem for certificate, _ in made.values()))
    expires = {
        generations.named(pki.AUTHORITY, number): certificate.validity_end_time
        for number, (certificate, _) in made.items()
    }
    return Authority(keys, trusted.apply("".join), made[keys[0]][1], expires)


def _authority(
    name: str, common_name: str, opts: pulumi.ResourceOptions
) -> tuple[tls.SelfSignedCert, pulumi.Output[str]]:
    """Declare one generation; return its certificate and its key."""
    key = private_key(f"{name}-key", opts)
    key_pem = pulumi.Output.secret(key.private_key_pem)
    certificate = tls.SelfSignedCert(
        f"{name}-cert",
        private_key_pem=key_pem,
        subject={"common_name": common_name},
        is_ca_certificate=True,
        set_subject_key_id=True,
        validity_period_hours=pki.AUTHORITY_VALIDITY_HOURS,
        allowed_uses=["cert_signing", "crl_signing", "digital_signature"],
        opts=opts,
    )
    return certificate, key_pem


def leaf(
    name: str,
    plan: pki.Leaf,
    *,
    ca_pem: pulumi.Input[str],
    ca_key_pem: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> Certificate:
    """Declare one leaf, named `<name>-<plan.name>-{key,cert}`.

    Args:
        name: In front of the names of its resources.
        plan: What it says.
        ca_pem: `Authority.trusted_pem`; the first of it signs.
        ca_key_pem: Key of that first one; secret.
        opts: Of both resources.
    """
    key = private_key(f"{name}-{plan.name}-key", opts)
    key_pem = pulumi.Output.secret(key.private_key_pem)
    request = key_pem.apply(lambda known: certificate_request(plan, known))
    certificate = tls.LocallySignedCert(
        f"{name}-{plan.name}-cert",
        cert_request_pem=pulumi.Output.unsecret(request),
        ca_cert_pem=pulumi.Output.from_input(ca_pem).apply(pki.first_certificate),
        ca_private_key_pem=pulumi.Output.secret(ca_key_pem),
        validity_period_hours=plan.validity_hours,
        early_renewal_hours=plan.early_renewal_hours,
        allowed_uses=list(plan.uses),
        opts=opts,
    )
    return Certificate(certificate.cert_pem, key_pem, certificate.validity_end_time)


def fingerprint(*values: pulumi.Input[str]) -> pulumi.Output[str]:
    """A short hash for a pod template's annotation: pods roll when one of the values changes.

    The hash of a secret tells nothing about it, so it is shown in clear: as a secret it would
    hide the whole Deployment in every preview.
    """

    def digest(parts: list[str]) -> str:
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    return pulumi.Output.unsecret(pulumi.Output.all(*values).apply(digest))
