import pytest
import yaml

from core.errors import HostError, InvalidInputError
from core.settings import GatewaySettings, ImageSettings, Settings
from rig.hosts import adopted
from rig.hosts.adopted import AdoptedHost
from rig.progress import Silent

ANSWERING = '#!/bin/sh\necho \'{"gitVersion": "v1.37.2"}\'\n'
SILENT = '#!/bin/sh\necho "dial tcp 10.0.0.1:443: i/o timeout" >&2; exit 1\n'


@pytest.fixture
def kubectl(tmp_path, monkeypatch):
    path = tmp_path / "kubectl"
    path.write_text(ANSWERING)
    path.chmod(0o755)
    monkeypatch.setattr(adopted.pypi, "binary", lambda *_: path)
    return path


@pytest.fixture
def kubeconfig(tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text("content")
    return path


def test_a_cluster_that_answers_is_up_and_stays_as_it_is(kubectl, kubeconfig):
    host = AdoptedHost("dev", kubeconfig)
    host.up(Silent())
    (part,) = host.status()
    assert part.healthy
    report = Silent()
    host.down(report)
    assert report.said == ["host dev: is adopted, the cluster itself stays"]
    assert kubeconfig.read_text() == "content"


def test_one_that_does_not_answer_is_said_with_its_words(kubectl, kubeconfig):
    kubectl.write_text(SILENT)
    host = AdoptedHost("dev", kubeconfig)
    with pytest.raises(HostError, match="i/o timeout"):
        host.up(Silent())
    (part,) = host.status()
    assert not part.healthy


def test_kubectl_never_asks_for_a_password(kubectl, kubeconfig):
    """The question would stand in no output: `make up` would seem to hang."""
    kubectl.write_text("#!/bin/sh\nread name && exit 0; echo no credentials >&2; exit 1\n")
    assert AdoptedHost("dev", kubeconfig).trouble() == "no credentials"


def test_a_path_that_is_no_file_is_named(tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(HostError, match=f"HOST_KUBECONFIG is no file, got '{missing}'"):
        AdoptedHost("dev", missing).up(Silent())


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: one
clusters:
- {name: one, cluster: {server: "https://one.test", certificate-authority: pki/ca.crt}}
- {name: two, cluster: {server: "https://two.test", certificate-authority-data: YQ==}}
contexts:
- {name: one, context: {cluster: one, user: "y"}}
- {name: two, context: {cluster: two, user: plugin}}
users:
- {name: "y", user: {client-certificate: ../me.crt, client-key: /etc/me.key, tokenFile: token}}
- {name: plugin, user: {exec: {command: ./bin/login}}}
- {name: from-path, user: {exec: {command: login}}}
"""


def test_what_a_kubeconfig_names_by_path_is_found_from_another_folder(tmp_path):
    """The copy in .tenantplane would look for `pki/ca.crt` in .tenantplane/pki."""
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG)
    document = yaml.safe_load(adopted.in_another_folder(file))
    assert document["clusters"][0]["cluster"]["certificate-authority"] == f"{tmp_path}/pki/ca.crt"
    named, plugin, from_path = (one["user"] for one in document["users"])
    assert named == {
        "client-certificate": f"{tmp_path}/../me.crt",
        "client-key": "/etc/me.key",
        "tokenFile": f"{tmp_path}/token",
    }
    assert plugin["exec"]["command"] == f"{tmp_path}/bin/login"
    assert from_path["exec"]["command"] == "login"
    assert document["current-context"] == "one"
    assert document["contexts"] == yaml.safe_load(KUBECONFIG)["contexts"]


@pytest.mark.parametrize("text", ["of dev", "", "- a", "users: 1", "a: b: c", "clusters: [1, {}]"])
def test_a_kubeconfig_without_relative_paths_is_copied_as_it_is(tmp_path, text):
    """So is what is no kubeconfig at all: kubectl says better what is wrong with it."""
    file = tmp_path / "kubeconfig"
    file.write_text(text)
    assert adopted.in_another_folder(file) == text


def test_the_server_is_that_of_the_context(tmp_path):
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG)
    host = AdoptedHost("dev", file)
    assert host.server() == "https://one.test"
    assert host.server("two") == "https://two.test"
    with pytest.raises(InvalidInputError, match="no such context"):
        host.server("three")
    file.unlink()
    with pytest.raises(HostError, match="HOST_KUBECONFIG is no file"):
        host.server()


FAR, PRIVATE, HERE = "https://34.90.1.2", "https://10.0.0.5:6443", "https://127.0.0.1:33333"
IMAGE, PORT = "warning: the host agent's image", "warning: tenants are expected at"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (FAR, [IMAGE, PORT]),
        ("https://abc.gke.goog", [IMAGE, PORT]),
        (PRIVATE, [PORT]),
        (HERE, []),
        ("https://[::1]:6443", []),
        ("https://localhost:6443", []),
        ("https://kubernetes.docker.internal:6443", []),
    ],
)
def test_what_a_cluster_elsewhere_lacks_is_a_line_each(server, expected):
    said = adopted.warnings(Settings(kind="dev"), server)
    assert [line.partition(" ")[0] for line in said] == ["warning:"] * len(expected)
    assert all(line.startswith(start) for line, start in zip(said, expected, strict=True))
    assert not any("\n" in line for line in said)


@pytest.mark.parametrize(
    "images",
    [ImageSettings(overrides={"host-agent": "r.test/a:1"}), ImageSettings(registry="r.test")],
)
def test_an_image_that_the_config_says_is_nothing_to_warn_of(images):
    said = adopted.warnings(Settings(kind="dev", images=images), FAR)
    assert [line for line in said if line.startswith(IMAGE)] == []


@pytest.mark.parametrize(
    "gateway", [GatewaySettings(exposure="LoadBalancer"), GatewaySettings(address="34.90.1.3")]
)
def test_an_address_that_the_config_decided_on_is_nothing_to_warn_of(gateway):
    said = adopted.warnings(Settings(kind="dev", gateway=gateway), FAR)
    assert [line for line in said if line.startswith(PORT)] == []
