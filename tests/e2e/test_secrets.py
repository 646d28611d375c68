"""No private key and no token stands in clear anywhere that a person or a log collector looks.

Not here: what pulumi said while it created, updated, failed and destroyed, and what the host logged
(test_destroy.py).
"""

import base64
import json

import pytest

from tests.support.certificates import new_key, private_key_pem
from tests.support.kubectl import eventually
from tests.support.leaks import leaks

TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhY21lIn0.c2lnbmF0dXJlLW9mLWEtdG9rZW4"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


PLANTED = {
    "key": private_key_pem(new_key()),
    "key in JSON": repr(private_key_pem(new_key())),
    "key, base64": f'+ ca.key: "{encoded(private_key_pem(new_key()))}"',
    "key after a path, base64": f"/data/{encoded(private_key_pem(new_key()))}",
    "kubeconfig": f"client-key-data: {encoded('not even a key, but secret')}",
    "kubeconfig in JSON": '{\\"client-key-data\\": \\"' + encoded("secret" * 5) + '\\"}',
    "kubeconfig, base64": encoded(f"users: [{encoded(private_key_pem(new_key()))}]"),
    "token": f"Authorization: Bearer {TOKEN}",
    "token, base64": f"token: {encoded(TOKEN)}",
}


@pytest.mark.parametrize("form", PLANTED, ids=str)
def test_the_scan_finds_what_it_looks_for(form):
    """Otherwise every test that uses it would pass on anything."""
    assert leaks(f"log line\n{PLANTED[form]}\nanother")


def test_the_scan_finds_what_tenants_have(tenants):
    assert leaks(tenants["acme"].kubeconfig)
    assert leaks(tenants["acme"].out("create", "token", "default"))


def test_the_scan_passes_what_is_public(targets):
    public = targets["acme"].ca_pem
    assert leaks(public + encoded(public) + "client-key-data: [secret]") == []


def test_the_exported_state_is_clean(stack):
    state = stack.export()
    assert "tenant-acme" in state
    assert leaks(state) == []


def test_secret_outputs_are_shown_as_secret(stack):
    for command in (["stack", "output", "--json"], ["stack", "output", "kubeconfigs"]):
        text = stack.run(*command).stdout
        assert "[secret]" in text
        assert leaks(text) == []


@pytest.mark.usefixtures("stack")
def test_the_logs_of_every_pod_are_clean(host):
    pods = host.json("get", "pods", "-A")["items"]
    ours = [
        pod["metadata"]
        for pod in pods
        if pod["metadata"]["namespace"].startswith(("tenant-", "tenantplane-"))
    ]
    assert any(meta["name"].startswith("host-agent") for meta in ours)
    for meta in ours:
        text = host.out(
            "logs", "-n", meta["namespace"], meta["name"], "--all-containers", "--ignore-errors"
        )
        assert leaks(text) == [], meta["name"]


def test_the_audit_log_has_who_made_a_secret_and_not_what_is_in_it(host, tenants):
    """It is what the API server's container says, so it goes where the host's logs go."""
    plaintext = "hunter2-of-the-audit"
    tenants["acme"].run("create", "secret", "generic", "audited", f"--from-literal=a={plaintext}")

    def log():
        return host.out("logs", "-n", "tenant-acme", "deploy/control-plane", "-c", "kube-apiserver")

    def written():
        lines = [json.loads(line) for line in log().splitlines() if line.startswith('{"kind"')]
        return [
            line
            for line in lines
            if line["verb"] == "create" and line["objectRef"].get("name") == "audited"
        ]

    try:
        (line,) = eventually(written, "the audit log has it")
        assert line["user"]["username"] == "tenant-admin"
        assert line["objectRef"]["resource"] == "secrets"
        assert plaintext not in log()
        assert encoded(plaintext) not in log()
    finally:
        tenants["acme"].run("delete", "secret", "audited")
