"""A kubeconfig that can't be used, and what stands between: said as a HostError, never a traceback.

What is read of a cluster that answers is in test_facts.py.
"""

import base64
import os
import socket
import tempfile
import threading

import pytest
import yaml

from components import _adopt
from components._cluster_api import ClusterApi
from core.errors import HostError
from tests.support.fake_cluster import FakeCluster


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


def version(cluster, *, user=None, **stanza):
    """Ask for the version with parts of the kubeconfig replaced."""
    document = yaml.safe_load(cluster.kubeconfig())
    document["users"][0]["user"] |= user or {}
    document["clusters"][0]["cluster"] |= {key.replace("_", "-"): stanza[key] for key in stanza}
    connection = _adopt.connection(yaml.safe_dump(document), None, "host.adopt")
    with ClusterApi(connection, "dev") as api:
        return api.get("/version")


def encoded(text):
    return base64.b64encode(text).decode()


def test_a_server_behind_a_path_is_asked_there(cluster):
    """Rancher has all clusters at one address, each below a path of its own."""
    cluster.documents = {"/k8s/clusters/c-m-1/version": {"gitVersion": "v1.37.2"}}
    server = f"{cluster.server}/k8s/clusters/c-m-1"
    assert version(cluster, server=server) == {"gitVersion": "v1.37.2"}


def test_certificates_that_are_none_are_said(cluster):
    for data in (b"junk", b"\xff\xfe"):
        with pytest.raises(HostError, match=r"^host dev: the certificates in its kubeconfig can't"):
            version(cluster, certificate_authority_data=encoded(data))
    with pytest.raises(HostError, match="the certificates in its kubeconfig can't be used"):
        version(cluster, user={"client-certificate-data": encoded(b"junk")})


def test_a_key_of_another_certificate_is_said(cluster, tmp_path):
    other = FakeCluster(tmp_path)
    key = encoded(other.client_key_pem.encode())
    other.stop()
    with pytest.raises(HostError, match="can't be used, got 'KEY_VALUES_MISMATCH'; give a"):
        version(cluster, user={"client-key-data": key})


@pytest.mark.parametrize("server", ["https://a:port", "https://[::1", "https://:6443"])
def test_a_server_that_is_no_url_is_said(cluster, server):
    with pytest.raises(HostError, match=r"is no URL, got 'https://.*'; give a kubeconfig that"):
        version(cluster, server=server)


def test_a_token_that_cannot_be_sent_is_said_and_not_shown(cluster):
    """http.client quotes the whole header; `token: |` in YAML ends with a line break."""
    with pytest.raises(HostError, match="a token or a name that can't be sent") as error:
        version(cluster, user={"token": "hush\n"})
    assert "hush" not in str(error.value)
    assert error.value.__suppress_context__


class LoginPage(FakeCluster):
    """What a proxy that wants a login answers, to everything."""

    page = b"<!DOCTYPE html><title>Sign in</title>"

    def _handler(self):
        page = self.page

        class Handler(super()._handler()):
            def do_GET(self):  # noqa: N802 -- http.server's name for it
                self.send_response(200)
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

        return Handler


@pytest.mark.parametrize("page", [LoginPage.page, b'"hello"', b"[]", b""])
def test_a_page_instead_of_an_api_is_said(tmp_path, monkeypatch, page):
    monkeypatch.setattr(LoginPage, "page", page)
    fake = LoginPage(tmp_path)
    with pytest.raises(HostError, match=r"is no Kubernetes API, got .*; see whether a proxy's"):
        version(fake)
    fake.stop()


@pytest.mark.parametrize("url", ["socks5://a.test:1080", "https://me:hush@a.test", "a.test:3128"])
def test_a_proxy_that_is_not_http_is_refused(cluster, monkeypatch, url):
    """Talked to as if it were, it answers with noise or not at all; kubectl would use it."""
    with pytest.raises(HostError, match="only an http:// proxy can be used") as error:
        version(cluster, proxy_url=url)
    assert "hush" not in str(error.value)
    monkeypatch.setenv("HTTPS_PROXY", url)
    monkeypatch.setenv("NO_PROXY", "other.test")
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(HostError, match="only an http:// proxy can be used"):
        version(cluster)


def test_a_proxy_that_is_no_url_is_said_without_its_password(cluster):
    with pytest.raises(HostError, match=r"is no URL, got 'a\.test:port'"):
        version(cluster, proxy_url="http://me:hush@a.test:port")


def test_a_proxy_is_asked_for_the_server(cluster):
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse():
            client, _ = listener.accept()
            with client:
                asked.append(client.recv(4096).split(b"\r\n")[0])
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")

        proxy = threading.Thread(target=refuse)
        proxy.start()
        with pytest.raises(HostError, match="Tunnel connection failed: 407"):
            version(cluster, proxy_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        proxy.join()
    address = cluster.server.removeprefix("https://").encode()
    assert asked[0].startswith(b"CONNECT " + address)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="only Linux has files without a path")
def test_a_key_is_never_written_to_a_disk(cluster, monkeypatch):
    """A run that is killed at that moment would leave it in /tmp."""

    def refuse(*_, **__):
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    assert version(cluster) == {"gitVersion": "v1.37.2"}
    assert cluster.users == [((("commonName", "admin"),),)]


def test_where_a_key_must_be_a_file_it_is_gone_at_once(cluster, monkeypatch, tmp_path):
    """As on macOS, which has no memfd."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    assert version(cluster) == {"gitVersion": "v1.37.2"}
    assert cluster.users == [((("commonName", "admin"),),)]
    assert not list(scratch.iterdir())
