"""isolation: the network namespace and the mount namespace that one host lives in.

All that the components mount, all firewall rules and all of the paths that Kubernetes hard-wires
(/var/lib/kubelet, /var/lib/cni, /run/containerd, /var/log/containers) exist in there only; when the
host's last process ends, the kernel takes them away.
Not here: its cgroup (cgroup.py), what is shared with the machine and put back (machine.py).
"""

import subprocess
from pathlib import Path

from core.errors import HostError
from rig.hosts.native import machine
from rig.hosts.native.layout import SERVICE_SUBNET, Layout

PRIVATE_FOLDERS = {
    "/var/lib/kubelet": "data/kubelet",
    "/var/lib/cni": "run/cni-results",
    "/run/containerd": "run/containerd",
    "/var/log/containers": "logs/containers",
}
"""Paths that are compiled into Kubernetes, containerd or CNI, and the host's own folders there."""


_SETTINGS = (
    "net.ipv4.ip_forward=1",
    "net.bridge.bridge-nf-call-iptables=1",  # policies between pods of the same bridge
    "net.ipv4.icmp_ratelimit=0",  # kube-proxy refuses by ICMP: at 1/s, others wait for a second
)
"""Of the host's own network namespace."""


def run(*argv: str, given: str | None = None) -> str:
    """Run a command and return its output.

    Raises:
        HostError: it failed; the message carries what it said.
    """
    done = subprocess.run(argv, input=given, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise HostError(f"{' '.join(argv)}: exited with {done.returncode}, got {said!r}")
    return done.stdout


def enter(layout: Layout, user: tuple[int, int] | None = None) -> list[str]:
    """Return the beginning of a command line that runs the rest of it inside the host.

    With a user and a group, it runs as these alone.

    Not `ip netns exec`: that mounts /sys anew and hides the cgroups from kubelet.
    """
    return [
        "nsenter",
        f"--net={layout.network_namespace}",
        f"--mount={layout.mount_namespace}",
        *([f"--setuid={user[0]}", f"--setgid={user[1]}"] if user else []),
        "--",
    ]


def is_pinned(pin: Path) -> bool:
    """Say whether a namespace is mounted on this file; a plain file is half of a killed `up`."""
    try:
        return pin.stat().st_dev == Path("/proc/self/ns/net").stat().st_dev
    except FileNotFoundError:
        return False


def make_network(layout: Layout) -> None:
    """Make the network namespace and its link to the machine; nothing leads beyond the machine."""
    machine.made("/run/netns", layout.base)
    name, inside = layout.label, ["ip", "-netns", layout.label]
    if not is_pinned(layout.network_namespace):
        layout.network_namespace.unlink(missing_ok=True)
        run("ip", "netns", "add", name)
    run(*inside, "link", "set", "lo", "up")
    if not Path("/sys/class/net", name).exists():
        run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
    run("ip", "address", "replace", f"{layout.machine_address}/24", "dev", name)
    run("ip", "link", "set", name, "up")
    run(*inside, "address", "replace", f"{layout.node_address}/24", "dev", "eth0")
    run(*inside, "link", "set", "eth0", "up")
    # Without a route the kernel refuses a service's address before kube-proxy can translate it.
    run(*inside, "route", "replace", SERVICE_SUBNET, "dev", "eth0")
    net = f"--net={layout.network_namespace}"
    if not Path("/proc/sys/net/bridge").exists():  # the one module that nobody loads by using it
        run("modprobe", "br_netfilter")
    run("nsenter", net, "sysctl", "-qw", *_SETTINGS)
    # Pods speak to the machine with the node's address: the machine has no route to theirs.
    rules = (
        "table ip tenantplane\n"
        "delete table ip tenantplane\n"
        "table ip tenantplane {\n"
        "  chain postrouting {\n"
        "    type nat hook postrouting priority srcnat;\n"
        f'    ip saddr {layout.pod_subnet} oifname "eth0" masquerade\n'
        "  }\n"
        "}\n"
    )
    run("nsenter", net, "nft", "-f", "-", given=rules)


def make_mounts(layout: Layout) -> None:
    """Make the mount namespace, with the host's own folders at the hard-wired paths."""
    for path in PRIVATE_FOLDERS:
        machine.made(path, layout.base)
    if not is_pinned(layout.mount_namespace):
        layout.pins.mkdir(parents=True, exist_ok=True)
        if not machine.is_mount(layout.pins):
            run("mount", "--bind", str(layout.pins), str(layout.pins))
        run("mount", "--make-private", str(layout.pins))  # else the kernel refuses to pin it there
        layout.mount_namespace.touch()
        run("unshare", f"--mount={layout.mount_namespace}", "--propagation", "slave", "true")
    script = ["set -e", "mount --make-rshared /"]
    for path, own in PRIVATE_FOLDERS.items():
        folder = layout.root / own
        folder.mkdir(parents=True, exist_ok=True)
        # An `up` that was killed in between has pinned the namespace and mounted some of them.
        script.append(f"grep -q ' {path} ' /proc/self/mounts || mount --bind {folder} {path}")
    run("nsenter", f"--mount={layout.mount_namespace}", "sh", "-c", "\n".join(script))


def remove_namespaces(layout: Layout) -> None:
    """Take the pins away; the namespaces end with their last process."""
    for path in (layout.mount_namespace, layout.pins):
        while machine.is_mount(path):
            run("umount", str(path))
    if Path("/sys/class/net", layout.label).exists():
        run("ip", "link", "delete", layout.label)
    if is_pinned(layout.network_namespace):
        run("ip", "netns", "delete", layout.label)
    layout.network_namespace.unlink(missing_ok=True)
