"""Who the plugin is to a cluster, and the way there."""

import base64
import json
import socket
import stat
import threading
from pathlib import Path

import pytest
import yaml

from core.errors import HostError
from rig.plugins.kubernetes import kubeconfig
from rig.plugins.kubernetes.credentials import Credentials
from rig.plugins.kubernetes.transport import Transport
from tests.plugins.kubernetes import objects


def target(user, folder=Path(), **cluster):
    return kubeconfig.Target(
        cluster={"server": "https://a.test", **cluster}, user=user, namespace="d", folder=folder
    )


def program(folder, text):
    """A credential plugin."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(stat.S_IRWXU)
    return str(path)


def answering(folder, **status):
    answer = json.dumps({"kind": "ExecCredential", "status": status})
    return program(folder, f"cat <<'END'\n{answer}\nEND")


def test_tokens_come_from_the_kubeconfig_or_a_file(tmp_path):
    (tmp_path / "token").write_text("from-file\n")
    assert Credentials(target({"token": "t"})).authorization == "Bearer t"
    assert Credentials(target({"tokenFile": "token"}, tmp_path)).authorization == "Bearer from-file"
    assert Credentials(target({"username": "u", "password": "p"})).authorization == "Basic dTpw"
    assert Credentials(target({})).authorization == ""


def test_certificates_come_from_the_kubeconfig_or_files(tmp_path):
    (tmp_path / "c").write_text("certificate")
    data = {"client-certificate": "c", "client-key-data": base64.b64encode(b"key").decode()}
    assert Credentials(target(data, tmp_path)).certificate == b"certificate\nkey"
    with pytest.raises(HostError, match="client-certificate can't be read, got 'No such file"):
        _ = Credentials(target({"client-certificate": "none"}, tmp_path)).certificate


def test_an_auth_provider_is_refused_where_no_plugin_takes_its_place(tmp_path):
    old = {"auth-provider": {"name": "gcp"}}
    with pytest.raises(HostError, match="its kubeconfig has an auth-provider, which is not"):
        Credentials(target(old))
    command = answering(tmp_path, token="t")
    found = Credentials(target(old | {"exec": {"command": command, "args": []}}, tmp_path))
    assert found.from_plugin


def test_a_plugin_is_asked_with_what_it_needs(tmp_path):
    seen = tmp_path / "seen"
    command = program(
        tmp_path, f'echo "$KUBERNETES_EXEC_INFO $1 $MORE" > {seen}\necho \'{{"status": {{}}}}\''
    )
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "command": command,
        "args": ["arg"],
        "env": [{"name": "MORE", "value": "more"}],
        "provideClusterInfo": True,
    }
    Credentials(target({"exec": plugin}))
    info, arg, more = seen.read_text().rsplit(maxsplit=2)
    assert (arg, more) == ("arg", "more")
    assert json.loads(info)["spec"]["cluster"] == {"server": "https://a.test"}


def test_a_plugin_is_asked_again_once_its_answer_is_refused(tmp_path):
    count = tmp_path / "count"
    command = program(
        tmp_path,
        f'echo x >> {count}\necho "{{\\"status\\": {{\\"token\\": \\"$(wc -l < {count})\\"}}}}"',
    )
    credentials = Credentials(target({"exec": {"command": command}}))
    assert credentials.authorization == "Bearer 1"
    credentials.renew("Bearer 1")
    credentials.renew("Bearer 1")  # another thread, refused with the same one
    assert credentials.authorization == "Bearer 2"


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("no-such-plugin", "needs the program no-such-plugin, which is not on PATH; get it here"),
        ("false", "the plugin false of the kubeconfig gives none"),
        ("true", "the plugin true of the kubeconfig gives none"),
    ],
)
def test_a_plugin_that_gives_nothing_is_named(command, problem):
    with pytest.raises(HostError, match=problem):
        Credentials(target({"exec": {"command": command, "installHint": "get it here"}}))


@pytest.mark.parametrize("url", ["socks5://a.test:1080", "https://a.test"])
def test_proxies_of_other_kinds_are_refused(url):
    to = target({}, **{"proxy-url": url})
    with pytest.raises(HostError, match="speaks to HTTP proxies alone"):
        Transport(to, Credentials(to))


def _changed(text, **parts):
    document = yaml.safe_load(text)
    for section, stanza in parts.items():
        document[f"{section}s"][0][section] |= stanza
    return yaml.safe_dump(document)


@pytest.mark.processes
def test_a_cluster_is_used_with_what_a_plugin_answers(drive, kubeconfig, tmp_path):
    document = yaml.safe_load(kubeconfig)
    user = document["users"][0]["user"]
    decoded = {key: base64.b64decode(value).decode() for key, value in user.items()}
    command = answering(
        tmp_path,
        clientCertificateData=decoded["client-certificate-data"],
        clientKeyData=decoded["client-key-data"],
    )
    document["users"][0]["user"] = {"exec": {"command": command}}
    plugin = drive(yaml.safe_dump(document))
    assert plugin.get(objects.NAMESPACE_TOKEN, "kube-system")


@pytest.mark.processes
@pytest.mark.parametrize("named_in", ["kubeconfig", "environment"])
def test_a_cluster_is_reached_through_a_proxy(drive, kubeconfig, monkeypatch, named_in):
    proxy = Proxy()
    if named_in == "kubeconfig":
        kubeconfig = _changed(kubeconfig, cluster={"proxy-url": proxy.url})
    else:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "other.test")
        monkeypatch.delenv("no_proxy", raising=False)
    assert drive(kubeconfig).get(objects.NAMESPACE_TOKEN, "kube-system")
    assert proxy.asked
    proxy.close()


class Proxy:
    """An HTTP proxy on loopback that remembers where it was asked to connect."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        self._listener.close()

    def _serve(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client):
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(4096)
        host, _, port = request.split()[1].decode().rpartition(":")
        self.asked.append((host, port))
        server = socket.create_connection((host, int(port)))
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    finally:
        sink.close()
