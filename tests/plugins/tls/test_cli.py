"""The tls plugin under the real engine: state, previews, replacement, renewal."""

import re

import pytest

pytestmark = pytest.mark.processes

PROGRAM = """
import pulumi, pulumi_tls as tls
key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
authority = tls.SelfSignedCert(
    "authority", private_key_pem=key.private_key_pem, is_ca_certificate=True,
    allowed_uses=["cert_signing"], validity_period_hours=24, subject={"common_name": "authority"},
)
leaf_key = tls.PrivateKey("leaf-key", algorithm="RSA")
request = tls.CertRequest(
    "request", private_key_pem=leaf_key.private_key_pem,
    dns_names=["a.test"], subject={"common_name": "leaf"},
)
leaf = tls.LocallySignedCert(
    "leaf", ca_cert_pem=authority.cert_pem, ca_private_key_pem=key.private_key_pem,
    cert_request_pem=request.cert_request_pem, allowed_uses=["server_auth"],
    validity_period_hours=12, early_renewal_hours=EARLY,
)
pulumi.export("key", key.private_key_pem)
pulumi.export("leaf", leaf.cert_pem)
"""
CHAIN = {"key", "authority", "leaf-key", "request", "leaf"}


def changed(steps):
    """Names of the resources that would not stay the same."""
    return {name for name, operation in steps.items() if operation != "same"}


def test_a_chain_lives_and_its_keys_are_secret(workspace):
    project = workspace(PROGRAM.replace("EARLY", "0"))
    assert changed(project.preview()) >= CHAIN  # with nothing known

    text = project.up().stdout
    exported = project.export()
    assert "PRIVATE KEY" not in text + exported
    assert len(re.findall("BEGIN CERTIFICATE-----", exported)) >= 2  # those are no secret
    assert project.outputs()["key"].startswith("-----BEGIN EC PRIVATE KEY-----")

    assert changed(project.preview()) == set()
    before = project.state()
    project.run("refresh", "--yes", "--expect-no-changes")
    project.up("--expect-no-changes")
    after = project.state()
    assert {name: after[name]["outputs"] for name in CHAIN} == {
        name: before[name]["outputs"] for name in CHAIN
    }

    project.program(PROGRAM.replace("EARLY", "0").replace("a.test", "b.test"))
    assert changed(project.preview()) == {"request", "leaf"}
    project.up()
    project.up("--expect-no-changes")

    project.run("destroy", "--yes", "--skip-preview")
    assert project.state() == {}


def test_a_certificate_that_is_due_is_renewed_by_a_plain_up(workspace):
    """12 hours of validity, renewed 12 hours early: it is due at once."""
    project = workspace(PROGRAM.replace("EARLY", "12"))
    project.up()
    first = project.outputs()["leaf"]
    project.up()
    assert project.outputs()["leaf"] != first
    project.program(PROGRAM.replace("EARLY", "1"))
    project.up()  # due when it was looked at
    project.up("--expect-no-changes")


@pytest.mark.parametrize(
    ("program", "says"),
    [
        ("tls.PrivateKey('x', algorithm='DSA')", "algorithm: must be one of RSA, ECDSA, ED25519"),
        (
            "tls.CertRequest('x', private_key_pem_wo='k', private_key_pem_wo_version=1)",
            "privateKeyPemWo: is not offered by this plugin; use privateKeyPem",
        ),
        ("tls.PrivateKey('x', algorithm='RSA', rsa_bits=9)", "rsaBits: is too few to be safe"),
        ("tls.PrivateKey.get('x', 'some-id')", "can't be imported, as it exists nowhere but"),
        ("tls.get_public_key(private_key_pem='x')", "function tls:index/getPublicKey:getPublicKey"),
        ("tls.Provider('x', proxy={'from_env': True})", "setting proxy is not offered"),
    ],
)
def test_what_is_not_offered_is_refused_with_a_reason(workspace, program, says):
    project = workspace(f"import pulumi_tls as tls\n{program}\n")
    failed = project.up(check=False)
    assert failed.returncode != 0
    assert says in failed.stdout + failed.stderr
