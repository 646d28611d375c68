import json

import pytest
import yaml

from core.errors import InvalidInputError
from rig.plugins.kubernetes import kubeconfig

DOCUMENT = {
    "current-context": "one",
    "clusters": [
        {"name": "c1", "cluster": {"server": "https://one.test"}},
        {"name": "c2", "cluster": {"server": "https://two.test"}},
    ],
    "contexts": [
        {"name": "one", "context": {"cluster": "c1", "user": "u", "namespace": "chosen"}},
        {"name": "two", "context": {"cluster": "c2", "user": "u"}},
        {"name": "lost", "context": {"cluster": "gone", "user": "u"}},
    ],
    "users": [{"name": "u", "user": {"token": "t"}}],
}
YAML = yaml.safe_dump(DOCUMENT)


def server(text, context="", cluster="", namespace=""):
    target = kubeconfig.read(text).target(context, cluster, namespace)
    return target.cluster["server"], target.namespace


def test_a_kubeconfig_may_be_yaml_json_or_a_path(tmp_path):
    path = tmp_path / "config"
    path.write_text(YAML)
    for text in (YAML, json.dumps(DOCUMENT), str(path)):
        assert server(text) == ("https://one.test", "chosen")


def test_settings_override_the_context():
    assert server(YAML, context="two") == ("https://two.test", "default")
    assert server(YAML, cluster="c2") == ("https://two.test", "chosen")
    assert server(YAML, namespace="mine") == ("https://one.test", "mine")


def test_the_environment_is_asked_when_nothing_is_given(tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text(yaml.safe_dump({**DOCUMENT, "current-context": "two"}))
    second.write_text(YAML)
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}:{tmp_path}/missing")
    found = kubeconfig.ambient().target("", "", "")
    assert found.cluster["server"] == "https://two.test"
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(InvalidInputError, match="kubeconfig: there is none"):
        kubeconfig.ambient()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("/no/such/file", "neither a kubeconfig nor the path of one"),
        ("a: [", "neither a kubeconfig"),
        ("/", "its file can't be read: Is a directory"),
        ("x" * 300, "its file can't be read: File name too long"),
        ("a: b\nc: [", "is not YAML at line"),
        ("{", "is not JSON"),
        ("- a\n- b\n", "is not a kubeconfig"),
    ],
)
def test_what_is_no_kubeconfig_is_refused(text, problem):
    with pytest.raises(InvalidInputError, match=problem):
        kubeconfig.read(text)


def test_a_missing_context_is_named_with_those_that_exist():
    with pytest.raises(InvalidInputError, match=r"no such context, got 'x'.*\(lost, one, two\)"):
        server(YAML, context="x")
    with pytest.raises(InvalidInputError, match="its context lost leads to no cluster"):
        server(YAML, context="lost")


def test_errors_do_not_show_what_was_read():
    """A kubeconfig holds keys."""
    with pytest.raises(InvalidInputError) as raised:
        kubeconfig.read("token: s3cr3t\nbroken: [")
    assert "s3cr3t" not in str(raised.value)
