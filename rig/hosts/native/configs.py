"""configs: the configuration files of one host's components, as text.

Not here: their command lines (components.py), their certificates (pki.py).
"""

import json
import shutil
from pathlib import Path

from core.errors import HostError
from core.manifests import host_accounts
from core.versions import image
from rig.hosts.native import cgroup, gvisor
from rig.hosts.native.layout import CLUSTER_DOMAIN, DNS_SERVICE_ADDRESS, Layout

_CNI_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin")
MAX_PODS = 250

_ANONYMOUS_PATHS = [
    "/livez",
    "/readyz",
    "/healthz",
    # What a tenant's API server reads to check the tokens of this host; RBAC still decides.
    *host_accounts.DISCOVERY_PATHS,
]


def files(layout: Layout) -> dict[Path, str]:
    """Return every configuration file of a host."""
    return {
        layout.run / "containerd.toml": _containerd(layout),
        layout.run / "runsc.toml": gvisor.config(layout),
        layout.run / "cni" / "10-host.conflist": _dump(_cni(layout)),
        layout.run / "resolv.conf": "",  # pods ask CoreDNS alone, never the machine's servers
        layout.run / "authentication.yaml": _dump(_authentication()),
        layout.run / "kubelet.yaml": _dump(_kubelet(layout)),
        layout.run / "kube-proxy.yaml": _dump(_kube_proxy(layout)),
        layout.run / "kube-scheduler.yaml": _dump(_kube_scheduler(layout)),
    }


def cni_folder() -> Path:
    """Return the folder of the CNI plugins."""
    for folder in _CNI_FOLDERS:
        if Path(folder, "bridge").exists():
            return Path(folder)
    raise HostError(
        "native host: the CNI plugins are missing; run "
        "`apt-get install containernetworking-plugins`"
    )


def _dump(document: object) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"  # JSON is YAML too


_CONTAINERD = """\
version = 2
root = "{data}/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.tracing.processor.v1.otlp",
]

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins."io.containerd.internal.v1.opt"]
  path = "{data}/containerd-opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  disable_tcp_service = true
  netns_mounts_under_state_dir = true
  # Without CAP_SYS_RESOURCE the kernel refuses the negative scores of pause and Guaranteed pods.
  restrict_oom_score_adj = true
  disable_apparmor = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "{runc}"
      SystemdCgroup = false

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{gvisor}]
    runtime_type = "{shim}"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{gvisor}.options]
      TypeUrl = "io.containerd.runsc.v1.options"
      ConfigPath = "{run}/runsc.toml"

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{mirrors}"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{plugins}"
    conf_dir = "{run}/cni"
"""
"""containerd's configuration, version 2: containerd 1.6 and 1.7, and 2 converts it."""


def _containerd(layout: Layout) -> str:
    return _CONTAINERD.format(
        data=layout.data,
        run=layout.run,
        pause=image("pause"),
        runc=shutil.which("runc") or "runc",
        gvisor=gvisor.HANDLER,
        shim=gvisor.program(layout, "containerd-shim-runsc-v1"),
        plugins=cni_folder(),
        mirrors=layout.mirrors,
    )


def _cni(layout: Layout) -> dict[str, object]:
    bridge = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": f"{layout.run}/addresses",
            "ranges": [[{"subnet": layout.pod_subnet}]],
            "routes": [{"dst": "0.0.0.0/0"}],
        },
    }
    ports = {"type": "portmap", "capabilities": {"portMappings": True}}
    return {"cniVersion": "0.4.0", "name": layout.label, "plugins": [bridge, ports]}


def _authentication() -> dict[str, object]:
    conditions = [{"path": path} for path in _ANONYMOUS_PATHS]
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "AuthenticationConfiguration",
        "anonymous": {"enabled": True, "conditions": conditions},
    }


_KUBELET_LIMITS = {
    "maxPods": MAX_PODS,
    "serializeImagePulls": False,
    "registryPullQPS": 0,
    "kubeAPIQPS": 200,
    "kubeAPIBurst": 400,
    "eventRecordQPS": 50,
    "eventBurst": 100,
    "configMapAndSecretChangeDetectionStrategy": "Watch",
    # Images are imported once: one that is collected can't be pulled again.
    "imageGCHighThresholdPercent": 100,
    "evictionHard": {
        "memory.available": "100Mi",
        "imagefs.available": "0%",
        "nodefs.available": "0%",
        "nodefs.inodesFree": "0%",
    },
    "volumeStatsAggPeriod": "10m",
    "failSwapOn": False,
    "oomScoreAdj": 0,
}
"""For pods that start soon and by the hundred, on a machine that others work on, too."""


def _kubelet(layout: Layout) -> dict[str, object]:
    return {
        **_KUBELET_LIMITS,
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": layout.node_address,
        "healthzBindAddress": layout.node_address,
        "tlsCertFile": f"{layout.pki}/node.crt",
        "tlsPrivateKeyFile": f"{layout.pki}/node.key",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{layout.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "clusterDomain": CLUSTER_DOMAIN,
        "clusterDNS": [DNS_SERVICE_ADDRESS],
        "resolvConf": f"{layout.run}/resolv.conf",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "podLogsDir": f"{layout.logs}/pods",
        "volumePluginDir": f"{layout.data}/volume-plugins",
        # Some machines still have cgroup v1, and no systemd to ask for cgroups.
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        # Without a cgroup per pod, containers end up in /k8s.io, beside those of other hosts.
        "cgroupsPerQOS": True,
        "cgroupRoot": cgroup.parent_of_pods(layout),
        "enforceNodeAllocatable": [],
        "logging": {"verbosity": 1},
    }


def _kube_proxy(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{layout.pki}/kube-proxy.kubeconfig"},
        "clusterCIDR": layout.pod_subnet,
        "hostnameOverride": layout.label,
        "healthzBindAddress": f"{layout.node_address}:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "mode": "nftables",
        "nftables": {"minSyncPeriod": "100ms", "syncPeriod": "30s"},
        # Both are the machine's, not the host's: only the first network namespace may set them.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
    }


def _kube_scheduler(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "clientConnection": {
            "kubeconfig": f"{layout.pki}/kube-scheduler.kubeconfig",
            "qps": 200,
            "burst": 400,
        },
        "leaderElection": {"leaderElect": False},
        "podInitialBackoffSeconds": 1,
        "podMaxBackoffSeconds": 2,
    }


def folders(layout: Layout) -> list[Path]:
    """Return the folders that components expect to be there."""
    return [
        layout.logs / "pods",
        layout.data / "etcd",
        layout.data / "volume-plugins",
        layout.volumes,
        layout.run / "bin",
        layout.run / "cni",
    ]
