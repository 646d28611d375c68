"""kernel: what a native host asks of the kernel, tried out in namespaces that end with the try.

Not here: settings of the kernel (native/machine.py).
"""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

_BUILT = "use a kernel with {option}, or load it: modprobe {module}"


@dataclass(frozen=True)
class Feature:
    """One feature."""

    name: str
    why: str
    script: str
    """Shell commands that fail without it; $D is an empty folder on the disk of the hosts."""
    option: str
    """Name in the kernel's configuration."""
    module: str
    needed: bool = True
    """A host doesn't work without it."""

    @property
    def remedy(self) -> str:
        """What to do when it is missing."""
        return _BUILT.format(option=self.option, module=self.module)


_NFT = """
nft -f - <<'EOF'
table ip try {
  map endpoints { type ipv4_addr . inet_proto . inet_service : verdict; }
  chain endpoint { meta l4proto tcp dnat to 10.0.0.1:80; }
  chain services {
    type nat hook prerouting priority dstnat;
    fib daddr type local ip daddr . meta l4proto . th dport vmap @endpoints
    numgen random mod 2 vmap { 0 : goto endpoint, 1 : goto endpoint }
  }
  chain masquerading {
    type nat hook postrouting priority srcnat;
    mark and 0x4000 == 0 return
    masquerade fully-random
  }
  chain filter { type filter hook forward priority 0; ct state new reject; }
}
EOF
"""

_IPTABLES = """
ipset create tryset hash:ip
ipset create trynet hash:net
iptables -A FORWARD -m comment --comment x -m set --match-set tryset src -j MARK --set-xmark 0x1/0x1
iptables -A FORWARD -m addrtype --dst-type LOCAL -m limit --limit 1/s -j NFLOG
iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -t nat -A PREROUTING -p tcp --dport 80 -m multiport --dports 80 -j DNAT --to 10.0.0.1:80
"""

_OVERLAY = """
mkdir $D/lower $D/upper $D/work $D/merged
mount -t overlay none -o lowerdir=$D/lower,upperdir=$D/upper,workdir=$D/work $D/merged
"""

FEATURES = (
    Feature("overlayfs", "images are layers", _OVERLAY, "CONFIG_OVERLAY_FS", "overlay"),
    Feature("veth", "links pods and the host", "ip link add try0 type veth peer name try1",
            "CONFIG_VETH", "veth"),
    Feature("bridge", "joins the pods", "ip link add try0 type bridge", "CONFIG_BRIDGE", "bridge"),
    Feature("bridge netfilter", "NetworkPolicy between pods of one bridge",
            "test -e /proc/sys/net/bridge/bridge-nf-call-iptables || modprobe br_netfilter",
            "CONFIG_BRIDGE_NETFILTER", "br_netfilter"),
    Feature("nf_tables", "services, by kube-proxy", _NFT, "CONFIG_NF_TABLES", "nf_tables"),
    Feature("iptables and ipset", "NetworkPolicy by kube-router, host ports", _IPTABLES,
            "CONFIG_NFT_COMPAT, CONFIG_IP_SET, CONFIG_NETFILTER_XT_*", "ip_set"),
    Feature("kernel messages", "kubelet watches for killed processes", "test -r /dev/kmsg",
            "CONFIG_PRINTK", "(none)"),
    Feature("seccomp filters", "pods in gVisor", "grep -q ^Seccomp_filters: /proc/self/status",
            "CONFIG_SECCOMP_FILTER", "(none)", needed=False),
)  # fmt: skip


def try_all() -> Iterator[tuple[Feature, str]]:
    """Try each feature; yield it with what went wrong, or nothing."""
    for feature in FEATURES:
        with tempfile.TemporaryDirectory(dir="/var/lib", prefix=".tenantplane-try-") as folder:
            script = f"set -e\nD={folder}\n{feature.script}"
            done = subprocess.run(
                ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", script],
                capture_output=True,
                text=True,
                check=False,
            )
        said = (done.stderr or done.stdout).strip().splitlines()
        yield feature, "" if done.returncode == 0 else (said or ["no word"])[-1]
