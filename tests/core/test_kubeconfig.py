"""Kubeconfigs are what kubectl reads, and one that isn't is refused without showing its keys."""

import base64
import contextlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from core import kubeconfig
from core.errors import InvalidInputError

TEXT = kubeconfig.build("https://10.0.0.1:8443", "CA", "CERT", "KEY", "acme", tls_server_name="a.b")


def decoded(stanza, key):
    return base64.b64decode(stanza[key]).decode()


def test_a_built_kubeconfig_says_where_to_and_who():
    document = yaml.safe_load(TEXT)
    cluster, user = document["clusters"][0]["cluster"], document["users"][0]["user"]
    assert cluster["server"] == "https://10.0.0.1:8443"
    assert cluster["tls-server-name"] == "a.b"
    assert decoded(cluster, "certificate-authority-data") == "CA"
    assert decoded(user, "client-certificate-data") == "CERT"
    assert decoded(user, "client-key-data") == "KEY"
    assert document["current-context"] == document["contexts"][0]["name"] == "acme"


def test_without_a_server_name_there_is_none():
    """With public DNS the URL's host is the name."""
    text = kubeconfig.build("https://acme.tenants.test", "CA", "CERT", "KEY", "acme")
    assert "tls-server-name" not in text


def test_one_with_a_token_has_no_certificate_of_its_user():
    text = kubeconfig.with_token("https://a.test", "CA", "e30.e30.x", "acme", tls_server_name="a.b")
    document = yaml.safe_load(text)
    assert document["users"][0]["user"] == {"token": "e30.e30.x"}
    assert (
        document["clusters"] == yaml.safe_load(TEXT.replace("10.0.0.1:8443", "a.test"))["clusters"]
    )


def test_building_twice_gives_the_same_text():
    """An unstable order would be a permanent diff of a secret."""
    again = kubeconfig.build(
        "https://10.0.0.1:8443", "CA", "CERT", "KEY", "acme", tls_server_name="a.b"
    )
    assert again == TEXT


@pytest.mark.parametrize("name", ["n", "y"])
def test_a_name_is_never_taken_for_a_boolean(name):
    """Kubectl reads YAML 1.1, in which `n` alone means false: seen 2026-11-23."""
    text = kubeconfig.build("https://a.test", "ca", "certificate", "key", name)
    assert f"name: '{name}'" in text
    assert yaml.safe_load(text)["current-context"] == name


def test_what_is_built_is_read_back():
    found = kubeconfig.read(TEXT, None, "host.adopt")
    assert (found.context, found.server, found.host) == (
        "acme",
        "https://10.0.0.1:8443",
        "10.0.0.1",
    )


def test_a_gke_kubeconfig_has_a_plugin_and_no_key():
    user = yaml.safe_load(kubeconfig.gke_exec("gke-1.gke.goog", "prod"))["users"][0]["user"]
    assert user["exec"]["command"] == "gke-gcloud-auth-plugin"
    assert set(user) == {"exec"}


def test_the_dns_endpoint_is_checked_against_public_cas():
    """With the cluster's CA every request fails: x509 certificate signed by unknown authority."""
    cluster = yaml.safe_load(kubeconfig.gke_exec("gke-1.gke.goog", "prod"))["clusters"][0][
        "cluster"
    ]
    assert cluster == {"server": "https://gke-1.gke.goog"}
    by_address = yaml.safe_load(kubeconfig.gke_exec_ip("198.51.100.7", "Q0E=", "prod"))
    assert by_address["clusters"][0]["cluster"]["certificate-authority-data"] == "Q0E="


MANY = {
    "current-context": "b",
    "clusters": [
        {"name": "one", "cluster": {"server": "https://one:6443"}},
        {"name": "two", "cluster": {"server": "https://[fd00::2]:6443/x"}},
        {"name": "plain", "cluster": {"server": "http://plain"}},
    ],
    "contexts": [
        {"name": "a", "context": {"cluster": "one", "user": "u"}},
        {"name": "b", "context": {"cluster": "two", "user": "u"}},
        {"name": "c", "context": {"cluster": "gone", "user": "u"}},
        {"name": "d", "context": {"cluster": "plain", "user": "u"}},
    ],
    "users": [{"name": "u", "user": {"token": "hush"}}],
}


def test_the_current_context_is_used_unless_one_is_named():
    assert kubeconfig.read(yaml.safe_dump(MANY), None, "x").host == "fd00::2"
    assert kubeconfig.read(yaml.safe_dump(MANY), "a", "x").host == "one"


def test_only_the_chosen_connection_is_kept():
    """A person's kubeconfig opens other clusters too; they must not get into a state."""
    text = kubeconfig.only(kubeconfig.read(yaml.safe_dump(MANY), "a", "x"))
    assert "two" not in text
    assert kubeconfig.read(text, None, "x").user == {"token": "hush"}


def test_an_unknown_context_is_refused_with_those_there_are():
    with pytest.raises(InvalidInputError, match=r"adopt\.context: .*got 'z'; .* \(a, b, c, d\)"):
        kubeconfig.read(yaml.safe_dump(MANY), "z", "host.adopt")


def test_no_current_context_is_refused():
    without = {key: value for key, value in MANY.items() if key != "current-context"}
    with pytest.raises(InvalidInputError, match=r"host\.adopt\.context: is missing"):
        kubeconfig.read(yaml.safe_dump(without), None, "host.adopt")


@pytest.mark.parametrize("context", ["c", "d"])
def test_a_context_that_leads_nowhere_is_refused(context):
    with pytest.raises(InvalidInputError, match="has no https server"):
        kubeconfig.read(yaml.safe_dump(MANY), context, "host.adopt")


def test_what_is_no_yaml_is_refused_with_its_line_and_not_its_text():
    text = "clusters:\n- name: x\n  client-key-data: hush: hush\n"
    with pytest.raises(InvalidInputError, match="not YAML at line 3") as error:
        kubeconfig.read(text, None, "host.adopt")
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "hello", "kind: Pod"])
def test_what_is_no_kubeconfig_is_refused(text):
    with pytest.raises(InvalidInputError, match=r"host\.adopt\.kubeconfig: is not a kubeconfig"):
        kubeconfig.read(text, None, "host.adopt")


@given(st.text())
def test_any_text_is_read_or_refused(text):
    """Whatever a user pastes: a clear error, never a traceback."""
    with contextlib.suppress(InvalidInputError):
        kubeconfig.read(text, None, "host.adopt")


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("clusters: []\n", True),
        ('{"clusters": []}', True),
        ("  {}", True),
        ("~/.kube/config", False),
        ("kube{1}.yaml", False),
        ("", False),
    ],
)
def test_a_kubeconfig_is_told_from_the_path_of_one(text, content):
    """Content must not reach a command line, and a path must not be parsed."""
    assert kubeconfig.is_content(text) is content
