"""An existing cluster is read over TLS, with whatever credentials its kubeconfig has."""

import base64
import json
import stat
import sys

import pytest
import yaml

from components import _adopt
from components._facts import read_facts
from core import host_facts
from core.errors import HostError, InvalidInputError
from tests.support.fake_cluster import GOOD_HOST, FakeCluster


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


def facts_of(text, context=None):
    return read_facts(_adopt.connection(text, context, "host.adopt"), "dev")


def with_user(cluster, user):
    """The cluster's kubeconfig with another user in it."""
    document = yaml.safe_load(cluster.kubeconfig())
    document["users"][0]["user"] = user
    return yaml.safe_dump(document)


def test_a_good_host_is_read(cluster):
    facts = facts_of(cluster.kubeconfig())
    assert not list(host_facts.problems(facts, "dev"))
    assert (facts.kubernetes_version, facts.gateway_bundle) == ("v1.37.2", "v1.6.3")
    assert facts.default_storage_classes == ("local",)
    assert host_facts.enforcer(facts) == "cilium"
    assert host_facts.api_ports(facts) == (443, 16443)
    assert facts.issuer == "https://kubernetes.default.svc"


def test_a_bare_host_is_read_as_one_that_lacks_everything(tmp_path):
    bare = FakeCluster(tmp_path, {"/version": {"gitVersion": "v1.37.2"}})
    facts = facts_of(bare.kubeconfig())
    bare.stop()
    assert len(list(host_facts.problems(facts, "dev"))) == 2
    assert facts.gateway_bundle is None
    assert host_facts.api_ports(facts) == host_facts.DEFAULT_API_PORTS
    assert facts.issuer is None


def test_an_enforcer_that_cannot_be_seen_is_named_by_an_annotation(tmp_path):
    annotated = {"metadata": {"annotations": {host_facts.ENFORCER_ANNOTATION: "kube-router"}}}
    documents = GOOD_HOST | {
        "/api/v1/namespaces/kube-system": annotated,
        "/apis/apps/v1/daemonsets": {"items": None},
    }
    fake = FakeCluster(tmp_path, documents)
    assert host_facts.enforcer(facts_of(fake.kubeconfig())) == "kube-router"
    fake.stop()


def test_all_facts_take_one_connection(cluster):
    """Each `pulumi up` pays for this before it does anything."""
    facts_of(cluster.kubeconfig())
    assert len(cluster.names) == 1
    assert len(cluster.seen) == 8


def test_a_client_certificate_is_shown(cluster):
    facts_of(cluster.kubeconfig())
    assert cluster.users[0] == ((("commonName", "admin"),),)


def test_certificates_may_be_files_beside_the_kubeconfig(cluster, tmp_path):
    """As kubeadm and minikube write them; the state gets what is in them, not their paths."""
    document = yaml.safe_load(cluster.kubeconfig())
    for stanza, key, name in (
        (document["clusters"][0]["cluster"], "certificate-authority", "ca.crt"),
        (document["users"][0]["user"], "client-certificate", "tls.crt"),
        (document["users"][0]["user"], "client-key", "tls.key"),
    ):
        (tmp_path / name).write_bytes(base64.b64decode(stanza.pop(f"{key}-data")))
        stanza[key] = name
    (tmp_path / "config").write_text(yaml.safe_dump(document))
    connection = _adopt.connection(str(tmp_path / "config"), None, "host.adopt")
    assert set(connection.user) == {"client-certificate-data", "client-key-data"}
    assert read_facts(connection, "dev").kubernetes_version == "v1.37.2"


def test_a_file_that_is_named_but_missing_is_said(tmp_path):
    text = yaml.safe_dump(
        {
            "current-context": "a",
            "clusters": [{"name": "a", "cluster": {"server": "https://a"}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "users": [{"name": "a", "user": {"client-key": "gone.key"}}],
        }
    )
    (tmp_path / "config").write_text(text)
    with pytest.raises(InvalidInputError, match=r"adopt\.kubeconfig: client-key: the file can't"):
        _adopt.connection(str(tmp_path / "config"), None, "host.adopt")


@pytest.mark.parametrize(
    ("user", "header"),
    [
        ({"token": "hush"}, "Bearer hush"),
        ({"username": "me", "password": "hush"}, "Basic " + base64.b64encode(b"me:hush").decode()),
    ],
    ids=["token", "password"],
)
def test_tokens_and_passwords_are_sent(cluster, user, header):
    facts_of(with_user(cluster, user))
    assert {headers["Authorization"] for _, headers in cluster.seen} == {header}


def test_a_token_file_is_read(cluster, tmp_path):
    (tmp_path / "token").write_text("hush\n")
    facts_of(with_user(cluster, {"tokenFile": str(tmp_path / "token")}))
    assert cluster.seen[0][1]["Authorization"] == "Bearer hush"


def plugin(folder, body):
    """A credential plugin that runs this Python."""
    path = folder / "plugin"
    path.write_text(f"#!{sys.executable}\nimport json, os, sys\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"command": str(path), "args": ["get"], "provideClusterInfo": True}}


def test_a_credential_plugin_is_asked(cluster, tmp_path):
    """How GKE, EKS and every single sign-on hand out credentials."""
    body = (
        "info = json.loads(os.environ['KUBERNETES_EXEC_INFO'])\n"
        "token = sys.argv[1] + '@' + info['spec']['cluster']['server']\n"
        "print(json.dumps({'status': {'token': token}}))"
    )
    facts_of(with_user(cluster, plugin(tmp_path, body)))
    assert cluster.seen[0][1]["Authorization"] == f"Bearer get@{cluster.server}"


def test_a_credential_plugin_may_answer_with_a_certificate(cluster, tmp_path):
    answer = {
        "status": {
            "clientCertificateData": cluster.client_pem,
            "clientKeyData": cluster.client_key_pem,
        }
    }
    facts_of(with_user(cluster, plugin(tmp_path, f"print(json.dumps({answer!r}))")))
    assert cluster.users[0] == ((("commonName", "admin"),),)


def test_a_missing_plugin_is_said_with_its_own_hint(cluster):
    user = {"exec": {"command": "no-such-plugin", "installHint": "gcloud components install it"}}
    with pytest.raises(HostError, match="no-such-plugin, which is not on PATH; gcloud components"):
        facts_of(with_user(cluster, user))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("sys.exit('please log in')", "please log in"),
        ("print('hello')", "JSONDecodeError"),
        ("print('{}')", "KeyError"),
    ],
)
def test_a_failing_plugin_is_said_with_its_last_words(cluster, tmp_path, body, said):
    with pytest.raises(HostError, match=f"gives no credentials, got '{said}'"):
        facts_of(with_user(cluster, plugin(tmp_path, body)))


def test_the_certificate_is_expected_for_the_name_in_the_kubeconfig(tmp_path):
    """A host behind SNI routing: tls-server-name is sent and checked, not the address."""
    named = FakeCluster(tmp_path, sni="host.tenants.test")
    assert facts_of(named.kubeconfig(sni="host.tenants.test")).kubernetes_version == "v1.37.2"
    assert named.names == ["host.tenants.test"]
    with pytest.raises(HostError, match="is not from its CA"):
        facts_of(named.kubeconfig())
    named.stop()


def test_a_certificate_of_another_ca_is_refused(cluster, tmp_path):
    other = FakeCluster(tmp_path)
    text = cluster.kubeconfig().replace(cluster.ca_data(), other.ca_data())
    other.stop()
    with pytest.raises(HostError, match="take a new kubeconfig from the cluster"):
        facts_of(text)


def test_verification_may_be_switched_off_in_the_kubeconfig(cluster):
    document = yaml.safe_load(cluster.kubeconfig())
    stanza = document["clusters"][0]["cluster"]
    del stanza["certificate-authority-data"]
    stanza["insecure-skip-tls-verify"] = True
    assert facts_of(yaml.safe_dump(document)).kubernetes_version == "v1.37.2"


def test_an_unreachable_host_is_said_with_its_address_and_what_to_do(cluster):
    text, server = cluster.kubeconfig(), cluster.server
    cluster.stop()
    with pytest.raises(HostError) as error:
        facts_of(text)
    assert str(error.value) == (
        f"host dev: its API server can't be reached at {server}, got 'Connection refused'; start "
        "the cluster (`make up` starts the local one) or correct its kubeconfig"
    )


@pytest.mark.parametrize(("status", "said"), [(401, "does not accept the"), (403, "does not let")])
def test_refused_credentials_are_said(cluster, status, said):
    cluster.status = status
    with pytest.raises(HostError, match=f"{said}.* got '{status} for /version'"):
        facts_of(cluster.kubeconfig())


def test_a_proxy_that_is_configured_is_used(cluster, monkeypatch):
    """As kubectl would; nothing listens on port 9."""
    document = yaml.safe_load(cluster.kubeconfig())
    document["clusters"][0]["cluster"]["proxy-url"] = "http://127.0.0.1:9"
    with pytest.raises(HostError, match="Connection refused"):
        facts_of(yaml.safe_dump(document))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert facts_of(cluster.kubeconfig()).kubernetes_version == "v1.37.2"


def test_no_key_stays_on_the_disk(cluster, monkeypatch, tmp_path):
    """OpenSSL wants files; what is written for it is gone before the first request."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    facts_of(cluster.kubeconfig())
    assert not list(scratch.iterdir())


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("missing.kubeconfig", r"can't be read \(No such file or directory\), got 'missing"),
        (".", r"can't be read \(Is a directory\)"),
        ("{}", "not a kubeconfig"),
        ("clusters: {\n", "not YAML"),
    ],
)
def test_what_is_no_kubeconfig_is_refused_by_its_key(given, problem):
    with pytest.raises(InvalidInputError, match=rf"^host\.adopt\.kubeconfig: .*{problem}"):
        _adopt.connection(given, None, "host.adopt")


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInputError, match="the file is not text"):
        _adopt.connection(str(tmp_path / "x"), None, "host.adopt")


def test_content_may_be_json(cluster):
    text = json.dumps(yaml.safe_load(cluster.kubeconfig()))
    assert facts_of(text).kubernetes_version == "v1.37.2"
