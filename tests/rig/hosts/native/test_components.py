import json
import tomllib
from urllib.parse import urlsplit

import pytest

from rig.hosts.native import components, configs
from rig.hosts.native.layout import Layout


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.setattr(configs, "cni_folder", lambda: tmp_path / "cni")
    return Layout("dev", 3, tmp_path)


def flags(layout, name):
    argv = components.all_components(layout)[name].argv[1:]
    return dict(flag.removeprefix("--").split("=", 1) for flag in argv)


def document(layout, name):
    return json.loads(configs.files(layout)[layout.run / name])


def test_each_health_check_is_another_one(layout):
    targets = [one.health for one in components.all_components(layout).values()]
    assert len(set(targets)) == len(targets)


def test_nothing_listens_on_all_addresses(layout):
    """What a host serves, it serves on its own address: there is no other way in."""
    for component in components.all_components(layout).values():
        assert not any("0.0.0.0" in word for word in component.argv), component.name  # noqa: S104
        target = urlsplit(component.health)
        assert target.hostname in (None, "10.231.3.2")


def test_a_changed_file_is_a_reason_to_restart(layout):
    """Every file that is written for a component is one that it is watched for."""
    watched = {file for one in components.all_components(layout).values() for file in one.files}
    read_anew = {layout.run / "cni" / "10-host.conflist", layout.run / "resolv.conf"}
    read_anew.add(layout.run / "runsc.toml")  # by each sandbox
    assert configs.files(layout).keys() - read_anew <= watched


def test_kubeconfigs_and_certificates_that_are_named_are_watched(layout):
    for component in components.all_components(layout).values():
        named = {
            word.rpartition("=")[2]
            for word in component.argv
            if word.endswith((".kubeconfig", ".crt", ".yaml"))
        }
        unwatched = named - {str(file) for file in component.files}
        trusted = {str(layout.pki / f"{name}.crt") for name in ("etcd-ca", "front-proxy-ca", "ca")}
        assert unwatched <= trusted, component.name


def test_the_issuer_of_tokens_is_unlike_that_of_any_other_host(layout):
    other = Layout("b", 4, layout.base)
    assert flags(layout, "kube-apiserver")["service-account-issuer"] == "https://10.231.3.2:6443"
    assert flags(other, "kube-apiserver")["service-account-issuer"] == "https://10.231.4.2:6443"


def test_flags_are_sorted(layout):
    for component in components.all_components(layout).values():
        given = [word for word in component.argv if word.startswith("--") and "=" in word]
        assert given == sorted(given), component.name


def test_no_key_is_on_a_command_line(layout):
    for component in components.all_components(layout).values():
        assert "PRIVATE" not in " ".join(component.argv)


def test_containerd_has_everything_of_its_own(layout):
    parsed = tomllib.loads(configs.files(layout)[layout.run / "containerd.toml"])
    assert parsed["root"].startswith(str(layout.data))
    cri = parsed["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["sandbox_image"] == "registry.k8s.io/pause:3.10.2"
    assert cri["cni"]["conf_dir"] == str(layout.run / "cni")
    assert cri["netns_mounts_under_state_dir"]  # not in the machine's /run/netns


def test_containerd_looks_up_registries_in_the_hosts_own_folder(layout):
    parsed = tomllib.loads(configs.files(layout)[layout.run / "containerd.toml"])
    cri = parsed["plugins"]["io.containerd.grpc.v1.cri"]
    assert cri["registry"] == {"config_path": str(layout.mirrors)}


def test_pods_are_within_the_hosts_cgroup(layout):
    kubelet = document(layout, "kubelet.yaml")
    assert kubelet["cgroupRoot"] == "/tp-dev/pods"
    assert kubelet["cgroupsPerQOS"]  # else containerd puts containers into /k8s.io


def test_there_are_addresses_for_as_many_pods_as_kubelet_takes(layout):
    cni = document(layout, "cni/10-host.conflist")
    assert cni["plugins"][0]["ipam"]["ranges"] == [[{"subnet": "10.232.3.0/24"}]]
    assert document(layout, "kubelet.yaml")["maxPods"] == 250 < 256 - 3


def test_pods_never_ask_the_machines_dns(layout):
    assert configs.files(layout)[layout.run / "resolv.conf"] == ""
    kubelet = document(layout, "kubelet.yaml")
    assert kubelet["resolvConf"] == str(layout.run / "resolv.conf")
    assert kubelet["clusterDNS"] == ["10.96.0.10"]


def test_kube_proxy_keeps_its_hands_off_the_machine(layout):
    """Connection tracking is the machine's; in a namespace of its own kube-proxy can't set it."""
    proxy = document(layout, "kube-proxy.yaml")
    assert proxy["conntrack"] == {"maxPerCore": 0, "min": 0}


def test_missing_cni_plugins_are_named(monkeypatch):
    monkeypatch.setattr(configs, "_CNI_FOLDERS", ("/nowhere",))
    with pytest.raises(Exception, match="apt-get install containernetworking-plugins"):
        configs.cni_folder()
