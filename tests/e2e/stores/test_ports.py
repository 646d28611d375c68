"""Each port on which a tenant, a store or the platform listens: docs/isolation/ports.md.

Asked from within the pods' own network, where no policy holds anybody back: what the port itself
asks of a caller who shows nothing. Who comes that far is test_network.py's.
"""

import contextlib
import ipaddress
import json
from pathlib import Path

import pytest

from tests.support import outcomes
from tests.support.pod_network import network_of, run_inside

PODS = (
    "acme",
    "on-dedicated",
    "on-postgresql",
    "on-mariadb",
    "etcd",
    "on-dedicated's etcd",
    "agent",
    "traefik",
)
HEALTH = ("/livez", "/healthz", "/ping")
PATHS = (*HEALTH, "/", "/metrics", "/version", "/debug/pprof/", "/api/v1/namespaces")
WITHOUT_TLS = {
    ("agent", 8080): "health, for the kubelet",
    ("agent", 9090): "metrics, for Prometheus",
    ("etcd", 2381): "health and metrics, for the kubelet",
    ("on-dedicated's etcd", 2381): "health and metrics, for the kubelet",
    ("traefik", 8082): "health, for the kubelet",
}
"""Ports that answer anybody, and what; the only ones."""

_ASK = """\
import http.client, json, ssl, sys
address, port, *paths = sys.argv[1:]
anyone = ssl.create_default_context()
anyone.check_hostname, anyone.verify_mode = False, ssl.CERT_NONE

def asked(connection, path):
    try:
        connection.request("GET", path)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "reason", None) or type(error).__name__
    finally:
        connection.close()

with_tls = lambda: http.client.HTTPSConnection(address, int(port), timeout=5, context=anyone)
without = lambda: http.client.HTTPConnection(address, int(port), timeout=5)
found = [asked(with_tls(), path) for path in paths]
kind = "TLS"
if not any("200" <= one <= "599" or "CERTIFICATE" in one for one in found):
    plain = [asked(without(), path) for path in paths]
    kind, found = ("no TLS", plain) if "200" in plain else (kind, found)
print(json.dumps([kind, found]))
"""

WORDS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "certificate required",
    "UNEXPECTED_EOF_WHILE_READING": "closed",
}
"""What TLS says, in the document's words."""

_LISTENS = {"tcp": "0A", "udp": "07"}
"""The state of such a socket in /proc/<pid>/net/ (linux include/net/tcp_states.h): LISTEN; of UDP
CLOSE, which is a socket that takes datagrams from anybody."""


def listening(network, protocol="tcp"):
    """Program, address and port of each listening socket in a network namespace."""
    name = Path(network).readlink()
    owners = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended between the two looks
            if (process / "ns" / "net").readlink() == name:
                program = (process / "cmdline").read_bytes().partition(b"\0")[0].decode()
                for handle in (process / "fd").iterdir():
                    owners[str(handle.readlink())] = Path(program).name
    folder, state = Path(network).parents[1] / "net", _LISTENS[protocol]
    rows = [
        line.split()
        for file in (protocol, f"{protocol}6")
        for line in (folder / file).read_text().splitlines()[1:]
    ]
    found = [(owners[f"socket:[{row[9]}]"], *_place(row[1])) for row in rows if row[3] == state]
    # Addresses of IPv4 and IPv6 have no order among each other.
    return sorted(found, key=lambda one: (one[0], one[1].version, *one[1:]))


def _place(text):
    """Address and port of what stands as hexadecimal 32-bit words of the machine's own order."""
    words, _, port = text.partition(":")
    packed = b"".join(bytes.fromhex(words[at : at + 8])[::-1] for at in range(0, len(words), 8))
    return ipaddress.ip_address(packed), int(port, 16)


@pytest.fixture(scope="module")
def ports(host, node, on_stores):
    """Pod, program, address and port of all, with how each speaks and what it answers."""
    assert on_stores
    found = []
    for pod in PODS:
        network = network_of(host, pod)
        for program, address, port in listening(network):
            own = address if address.is_loopback else "127.0.0.1"
            kind, answers = json.loads(run_inside(network, _ASK, own, port, *PATHS))
            words = [WORDS.get(answer, answer) for answer in answers]
            found.append((pod, program, address, port, kind, words))
    return found


def test_no_port_shows_anything_to_a_caller_without_a_certificate(ports):
    """Except those that are for everybody on the node, which are few and known."""
    lines = []
    for pod, program, address, port, kind, answers in ports:
        where = "itself" if address.is_loopback else "all"
        said = WITHOUT_TLS.get((pod, port), "")
        lines.append([pod, program, str(port), where, kind, *answers, said])
    asked = [f"`{path}`" for path in PATHS]
    columns = ["pod", "program", "port", "listens to", "speaks", *asked, "answers anybody"]
    outcomes.check("ports.md", "Ports", columns, lines)
    plain = {(pod, port) for pod, _, _, port, kind, _ in ports if kind == "no TLS"}
    assert plain == WITHOUT_TLS.keys()
    for pod, _, _, port, kind, answers in ports:
        shown = [path for path, answer in zip(PATHS, answers, strict=True) if answer == "200"]
        assert kind == "no TLS" or set(shown) <= set(HEALTH), (pod, port)


@pytest.mark.usefixtures("node", "on_stores")
def test_nobody_takes_datagrams(host):
    """Only the host's DNS does, which is none of ours."""
    assert {pod: listening(network_of(host, pod), "udp") for pod in PODS} == {
        pod: [] for pod in PODS
    }
    dns = listening(network_of(host, "a pod without policies"), "udp")
    assert ("coredns", 53) in {(program, port) for program, _, port in dns}
