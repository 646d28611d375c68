import pytest

from core.errors import HostError
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
    assert report.said == ["host dev: is adopted and stays as it is"]
    assert kubeconfig.read_text() == "content"


def test_one_that_does_not_answer_is_said_with_its_words(kubectl, kubeconfig):
    kubectl.write_text(SILENT)
    host = AdoptedHost("dev", kubeconfig)
    with pytest.raises(HostError, match="i/o timeout"):
        host.up(Silent())
    (part,) = host.status()
    assert not part.healthy


def test_a_path_that_is_no_file_is_named(tmp_path):
    missing = tmp_path / "missing"
    with pytest.raises(HostError, match=f"HOST_KUBECONFIG is no file, got '{missing}'"):
        AdoptedHost("dev", missing).up(Silent())
