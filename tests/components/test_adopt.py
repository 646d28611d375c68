"""Paths in a kubeconfig start at its folder, wherever `pulumi` runs."""

import pytest
import yaml

from components import _adopt


@pytest.fixture
def adopted(tmp_path, monkeypatch):
    """The user that a kubeconfig in another folder leads to."""
    folder = tmp_path / "home" / ".kube"
    folder.mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    def read(user, given="home/.kube/config"):
        document = {
            "current-context": "a",
            "clusters": [{"name": "a", "cluster": {"server": "https://a.test"}}],
            "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
            "users": [{"name": "a", "user": user}],
        }
        (folder / "config").write_text(yaml.safe_dump(document))
        return _adopt.connection(given, None, "host.adopt").user

    return read


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("bin/login", "{folder}/bin/login"),
        ("./login", "{folder}/login"),
        ("/usr/bin/login", "/usr/bin/login"),
        ("gke-gcloud-auth-plugin", "gke-gcloud-auth-plugin"),
    ],
)
def test_a_plugins_path_starts_at_the_kubeconfig_and_a_name_stays(
    adopted, tmp_path, command, found
):
    """As kubectl reads it: the provider gets the text alone and no longer knows the folder."""
    user = adopted({"exec": {"command": command, "args": ["get"]}})
    expected = found.format(folder=tmp_path / "home" / ".kube")
    assert user["exec"] == {"command": expected, "args": ["get"]}


def test_a_token_file_starts_at_the_kubeconfig(adopted, tmp_path):
    token = tmp_path / "home" / ".kube" / "token"
    assert adopted({"tokenFile": "token"})["tokenFile"] == str(token)


def test_an_empty_token_file_is_none(adopted):
    """As kubectl reads it; the folder itself is no token."""
    assert not adopted({"tokenFile": ""})["tokenFile"]
