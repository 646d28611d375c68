"""Who to be, from a kubeconfig and its plugin; how it is used is in test_facts.py."""

import json
import os
import stat
import sys

import pytest

from components._credentials import Credentials
from core.errors import HostError
from core.kubeconfig import Connection


def credentials(user):
    connection = Connection(context="a", server="https://a.test", cluster={}, user=user)
    return Credentials(connection, "host dev")


def plugin(folder, body):
    """A credential plugin that runs this Python."""
    path = folder / "plugin"
    path.write_text(f"#!{sys.executable}\nimport json, sys\n{body}\n")
    path.chmod(stat.S_IRWXU)
    return {"command": str(path)}


@pytest.mark.parametrize("key", ["client-certificate-data", "client-key-data"])
@pytest.mark.parametrize("data", ["hushx", "höchst geheim"])
def test_what_is_not_base64_is_named_and_not_shown(key, data):
    with pytest.raises(
        HostError, match=f"^host dev: {key} in its kubeconfig is not base64; give"
    ) as e:
        credentials({key: data})
    assert data not in str(e.value)


def test_an_auth_provider_is_refused_by_its_name():
    with pytest.raises(HostError, match=r"has an auth-provider, .* got 'gcp'; use a kubeconfig"):
        credentials({"auth-provider": {"name": "gcp", "config": {"access-token": "hush"}}})


def test_a_token_file_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, problem in (
        ("gone", r"can't be read \(No such file or directory\), got '.*gone'; give"),
        (".", r"can't be read \(Is a directory\)"),
        ("binary", "is not text"),
    ):
        with pytest.raises(HostError, match=f"the tokenFile of its kubeconfig {problem}"):
            credentials({"tokenFile": str(tmp_path / name)})


def test_a_plugin_does_not_read_what_is_typed(tmp_path):
    """One that asks for a password would swallow Pulumi's input, or wait for it."""
    body = "print(json.dumps({'status': {'token': 'read:' + sys.stdin.read()}}))"
    ours, typed = os.dup(0), os.pipe()
    os.write(typed[1], b"yes")
    os.close(typed[1])
    os.dup2(typed[0], 0)
    try:
        found = credentials({"exec": plugin(tmp_path, body)})
    finally:
        os.dup2(ours, 0)
        os.close(ours)
        os.close(typed[0])
    assert found.headers == {"Authorization": "Bearer read:"}


@pytest.mark.parametrize(
    "answer", [[], {"status": None}, {"status": "x"}, {"status": ["token"]}], ids=json.dumps
)
def test_an_answer_of_another_shape_is_no_traceback(tmp_path, answer):
    with pytest.raises(HostError, match=r"gives no credentials, got '(Type|Attribute)Error'"):
        credentials({"exec": plugin(tmp_path, f"print(json.dumps({answer!r}))")})


def test_an_environment_of_another_shape_is_no_traceback(tmp_path):
    with pytest.raises(HostError, match="gives no credentials, got 'KeyError'"):
        credentials({"exec": plugin(tmp_path, "") | {"env": [{"name": "A"}]}})
