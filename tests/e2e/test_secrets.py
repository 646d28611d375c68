"""No private key and no token stands in clear anywhere that a person or a log collector looks."""

import base64
import re

import pytest

KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
ENCODED_KEY = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,}")  # base64 of -----BEGIN
TOKEN = re.compile(r"eyJhbGciOi[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}")


def leaks(text):
    """Private keys and tokens in a text, in PEM or base64."""
    found = KEY.findall(text) + TOKEN.findall(text)
    for match in ENCODED_KEY.findall(text):
        decoded = base64.b64decode(match + "=" * (-len(match) % 4), validate=False)
        if b"PRIVATE KEY" in decoded:
            found.append(match[:30])
    return found


def test_the_scan_finds_what_it_looks_for(tenants):
    """Otherwise every test below would pass on anything."""
    assert leaks(tenants["acme"].kubeconfig)
    assert leaks(tenants["acme"].out("create", "token", "default"))
    assert leaks("-----BEGIN EC PRIVATE KEY-----")


def test_the_exported_state_is_clean(stack):
    state = stack.export()
    assert "tenant-acme" in state
    assert leaks(state) == []


def test_the_output_of_pulumi_is_clean(stack):
    shown = [
        stack.preview("--diff").stdout,
        stack.preview("--json").stdout,
        stack.run("stack", "output", "--json").stdout,
        stack.run("stack", "output", "kubeconfigs").stdout,
    ]
    for text in shown:
        assert leaks(text) == []


@pytest.mark.usefixtures("stack")
def test_the_logs_of_the_host_are_clean(host_logs):
    files = [path for path in host_logs.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert leaks(path.read_text(errors="replace")) == [], path.name


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
