"""components: the processes of one host: command line, files, and how one sees that each works.

Not here: their configuration files (configs.py), starting and watching them (supervise.py).
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rig.hosts.native import provisioner
from rig.hosts.native.layout import API_PORT, SERVICE_SUBNET, Layout

KUBE = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")
"""What the binary `kube` becomes, by the name it is called with."""


@dataclass(frozen=True)
class Component:
    """One process."""

    name: str
    argv: tuple[str, ...]
    health: str
    """URL that answers 200 (https, http), URL of an SQL server, or a socket that accepts."""
    files: tuple[Path, ...] = ()
    """Read when it starts; a change means a restart."""
    user: Callable[[], tuple[int, int]] | None = None
    """The user and group that it runs as, if not root."""
    end: signal.Signals = signal.SIGTERM
    """Asks it to end."""
    authority: str = "ca"
    """Name of the CA that vouches for an https URL."""


def all_components(layout: Layout) -> dict[str, Component]:
    """Return the components by name, in the order in which they are started."""
    made = [
        _etcd(layout),
        _containerd(layout),
        _apiserver(layout),
        _controller_manager(layout),
        _scheduler(layout),
        _kubelet(layout),
        _proxy(layout),
        _kube_router(layout),
        _provisioner(layout),
    ]
    return {component.name: component for component in made}


def _flags(**values: object) -> list[str]:
    """Return sorted flags: `bind_address` becomes `--bind-address`."""
    flags = {name.replace("_", "-"): value for name, value in values.items()}
    return [f"--{name}={_text(flags[name])}" for name in sorted(flags)]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pki(layout: Layout, *names: str) -> tuple[Path, ...]:
    return tuple(layout.pki / name for name in names)


def _etcd(layout: Layout) -> Component:
    url = "https://127.0.0.1:2379"
    metrics = f"http://{layout.node_address}:2381"
    flags = _flags(
        name=layout.label,
        data_dir=layout.data / "etcd",
        listen_client_urls=url,
        advertise_client_urls=url,
        listen_peer_urls="http://127.0.0.1:2380",
        initial_advertise_peer_urls="http://127.0.0.1:2380",
        initial_cluster=f"{layout.label}=http://127.0.0.1:2380",
        listen_metrics_urls=metrics,
        cert_file=layout.pki / "etcd.crt",
        key_file=layout.pki / "etcd.key",
        trusted_ca_file=layout.pki / "etcd-ca.crt",
        client_cert_auth=True,
        auto_compaction_mode="periodic",
        auto_compaction_retention="5m",
        quota_backend_bytes=4 * 1024**3,
        log_level="warn",
        # A host is made to be thrown away, and holds no tenant's data itself; fsync would cost each
        # write 2 to 10 ms on a laptop's disk.
        unsafe_no_fsync=True,
    )
    files = _pki(layout, "etcd.crt", "etcd-ca.crt")
    return Component("etcd", ("etcd", *flags), f"{metrics}/health", files)


def _containerd(layout: Layout) -> Component:
    config = layout.run / "containerd.toml"
    argv = ("containerd", "--config", str(config), "--log-level", "warn")
    return Component("containerd", argv, str(layout.containerd_socket), (config,))


def _apiserver(layout: Layout) -> Component:
    pki, authentication = layout.pki, layout.run / "authentication.yaml"
    flags = _flags(
        advertise_address=layout.node_address,
        allow_privileged=True,
        authentication_config=authentication,
        authorization_mode="Node,RBAC",
        bind_address=layout.node_address,
        client_ca_file=pki / "ca.crt",
        enable_admission_plugins="NodeRestriction",
        etcd_cafile=pki / "etcd-ca.crt",
        etcd_certfile=pki / "apiserver-etcd.crt",
        etcd_keyfile=pki / "apiserver-etcd.key",
        etcd_servers="https://127.0.0.1:2379",
        kubelet_certificate_authority=pki / "ca.crt",
        kubelet_client_certificate=pki / "apiserver-kubelet.crt",
        kubelet_client_key=pki / "apiserver-kubelet.key",
        kubelet_preferred_address_types="InternalIP",
        max_mutating_requests_inflight=400,
        max_requests_inflight=800,
        profiling=False,
        proxy_client_cert_file=pki / "front-proxy.crt",
        proxy_client_key_file=pki / "front-proxy.key",
        requestheader_allowed_names="front-proxy-client",
        requestheader_client_ca_file=pki / "front-proxy-ca.crt",
        requestheader_extra_headers_prefix="X-Remote-Extra-",
        requestheader_group_headers="X-Remote-Group",
        requestheader_username_headers="X-Remote-User",
        secure_port=API_PORT,
        service_account_issuer=layout.server,
        service_account_key_file=pki / "sa.pub",
        service_account_signing_key_file=pki / "sa.key",
        service_cluster_ip_range=SERVICE_SUBNET,
        tls_cert_file=pki / "apiserver.crt",
        tls_private_key_file=pki / "apiserver.key",
        v=1,
    )
    names = ("ca.crt", "apiserver.crt", "apiserver-etcd.crt", "apiserver-kubelet.crt", "sa.pub")
    files = (authentication, *_pki(layout, *names, "front-proxy.crt"))
    return Component("kube-apiserver", ("kube-apiserver", *flags), f"{layout.server}/readyz", files)


def _controller_manager(layout: Layout) -> Component:
    pki, kubeconfig = layout.pki, layout.pki / "kube-controller-manager.kubeconfig"
    flags = _flags(
        allocate_node_cidrs=True,
        authentication_kubeconfig=kubeconfig,
        authorization_kubeconfig=kubeconfig,
        bind_address=layout.node_address,
        cluster_cidr=layout.pod_subnet,
        cluster_signing_cert_file=pki / "ca.crt",
        cluster_signing_key_file=pki / "ca.key",
        concurrent_deployment_syncs=20,
        concurrent_endpoint_syncs=10,
        concurrent_gc_syncs=20,
        concurrent_namespace_syncs=20,
        concurrent_replicaset_syncs=20,
        concurrent_service_endpoint_syncs=20,
        concurrent_statefulset_syncs=20,
        kube_api_burst=600,
        kube_api_qps=300,
        kubeconfig=kubeconfig,
        leader_elect=False,
        node_cidr_mask_size=24,
        profiling=False,
        requestheader_client_ca_file=pki / "front-proxy-ca.crt",
        root_ca_file=pki / "ca.crt",
        service_account_private_key_file=pki / "sa.key",
        service_cluster_ip_range=SERVICE_SUBNET,
        tls_cert_file=pki / "node.crt",
        tls_private_key_file=pki / "node.key",
        use_service_account_credentials=True,
    )
    return Component(
        "kube-controller-manager",
        ("kube-controller-manager", *flags),
        f"https://{layout.node_address}:10257/healthz",
        (kubeconfig, *_pki(layout, "ca.crt", "node.crt", "sa.pub")),
    )


def _scheduler(layout: Layout) -> Component:
    kubeconfig, config = (
        layout.pki / "kube-scheduler.kubeconfig",
        layout.run / "kube-scheduler.yaml",
    )
    flags = _flags(
        authentication_kubeconfig=kubeconfig,
        authorization_kubeconfig=kubeconfig,
        bind_address=layout.node_address,
        config=config,
        tls_cert_file=layout.pki / "node.crt",
        tls_private_key_file=layout.pki / "node.key",
    )
    return Component(
        "kube-scheduler",
        ("kube-scheduler", *flags),
        f"https://{layout.node_address}:10259/healthz",
        (kubeconfig, config, *_pki(layout, "node.crt")),
    )


def _kubelet(layout: Layout) -> Component:
    kubeconfig, config = layout.pki / "kubelet.kubeconfig", layout.run / "kubelet.yaml"
    flags = _flags(
        cert_dir=layout.data / "kubelet-pki",
        config=config,
        hostname_override=layout.label,
        kubeconfig=kubeconfig,
        node_ip=layout.node_address,
        root_dir="/var/lib/kubelet",
    )
    return Component(
        "kubelet",
        ("kubelet", *flags),
        f"http://{layout.node_address}:10248/healthz",
        (kubeconfig, config, *_pki(layout, "node.crt", "ca.crt")),
    )


def _proxy(layout: Layout) -> Component:
    config = layout.run / "kube-proxy.yaml"
    return Component(
        "kube-proxy",
        ("kube-proxy", f"--config={config}"),
        f"http://{layout.node_address}:10256/healthz",
        (config, *_pki(layout, "kube-proxy.kubeconfig")),
    )


def _kube_router(layout: Layout) -> Component:
    """Return the enforcer of NetworkPolicies; kube-proxy and the bridge do the rest."""
    kubeconfig = layout.pki / "kube-router.kubeconfig"
    flags = _flags(
        health_port=20244,
        hostname_override=layout.label,
        kubeconfig=kubeconfig,
        master=layout.server,
        metrics_port=20241,
        run_firewall=True,
        run_router=False,
        run_service_proxy=False,
        service_cluster_ip_range=SERVICE_SUBNET,
    )
    return Component(
        "kube-router",
        ("kube-router", *flags),
        f"http://{layout.node_address}:20244/healthz",
        (kubeconfig,),
    )


def _provisioner(layout: Layout) -> Component:
    """Return the part of the rig that makes volumes; it runs from the checkout that started it."""
    socket = layout.run / "provisioner.sock"
    source = Path(provisioner.__file__)
    program = (
        f"import sys; sys.path.insert(0, {str(source.parents[3])!r}); "
        "from rig.hosts.native.provisioner import main; main(sys.argv[1:])"
    )
    where = (layout.server, str(layout.pki), str(layout.volumes), layout.label, str(socket))
    files = (source, source.with_name("api.py"), *_pki(layout, "provisioner.crt"))
    return Component("provisioner", ("python", "-c", program, *where), str(socket), files)
