"""layout: the names, addresses and paths of one native host, all derived from name and number.

Not here: what is written to those paths (configs.py, pki.py), which number a host has (state.py).
"""

import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import InvalidInputError

BASE = Path("/var/lib/tenantplane")
"""Everything that the native hosts of this machine keep on its disk."""

NUMBERS = range(1, 255)
SERVICE_SUBNET = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_SERVICE_ADDRESS = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
API_PORT = 6443
REGISTRY_NAME = "registry.tenantplane.test"
"""Of a host's registry, for its pods; nobody else's, as `.test` is no domain (RFC 6761)."""

_NAME = re.compile(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", re.ASCII)


def check_name(name: str) -> str:
    """Return the host's name unchanged.

    Raises:
        InvalidInputError: the name can't be part of an interface's name (15 characters, `tp-` too).
    """
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            "host",
            "is not a name that a host can have",
            name,
            "use 1 to 12 lower case letters, digits and hyphens, the first one a letter",
        )
    return name


@dataclass(frozen=True)
class Layout:
    """Where one host keeps what, and at which addresses."""

    name: str
    number: int
    """1 to 254: the third octet of the host's subnets."""
    base: Path = BASE

    @property
    def label(self) -> str:
        """Name of the network namespace, the machine's veth, the cgroup and the node."""
        return f"tp-{self.name}"

    @property
    def machine_address(self) -> str:
        """The machine's end of the veth."""
        return f"10.231.{self.number}.1"

    @property
    def node_address(self) -> str:
        """The host's end of the veth: its API, its host ports."""
        return f"10.231.{self.number}.2"

    @property
    def node_subnet(self) -> str:
        """The veth's subnet."""
        return f"10.231.{self.number}.0/24"

    @property
    def pod_subnet(self) -> str:
        """Where pods get their addresses."""
        return f"10.232.{self.number}.0/24"

    @property
    def server(self) -> str:
        """URL of the API server, from the machine and from pods."""
        return f"https://{self.node_address}:{API_PORT}"

    @property
    def root(self) -> Path:
        """Folder of this host."""
        return self.base / "hosts" / self.name

    @property
    def pki(self) -> Path:
        """Keys, certificates and the components' kubeconfigs."""
        return self.root / "pki"

    @property
    def run(self) -> Path:
        """Sockets, configurations: what a reboot makes worthless."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One file per component, and `pods/`."""
        return self.root / "logs"

    @property
    def data(self) -> Path:
        """What outlives a reboot: etcd, images, volumes, kubelet."""
        return self.root / "data"

    @property
    def volumes(self) -> Path:
        """The PersistentVolumes, one folder each."""
        return self.data / "volumes"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.root / "kubeconfig"

    @property
    def state(self) -> Path:
        """What was made and which processes run."""
        return self.root / "state.json"

    @property
    def network_namespace(self) -> Path:
        """Pin of the network namespace, as `ip netns` makes it."""
        return Path("/run/netns") / self.label

    @property
    def pins(self) -> Path:
        """Folder that is a mount of its own, so that a mount namespace can be pinned in it."""
        return self.root / "pins"

    @property
    def mount_namespace(self) -> Path:
        """Pin of the mount namespace."""
        return self.pins / "mnt"

    @property
    def containerd_socket(self) -> Path:
        """Socket of containerd, as seen from the machine."""
        return self.run / "containerd" / "containerd.sock"

    @property
    def mirrors(self) -> Path:
        """Where containerd looks up how a registry is reached: a folder for each one's name."""
        return self.run / "certs.d"

    def sql_name(self, server: str) -> str:
        """Return the name that an SQL server has in its certificate; no DNS knows it."""
        return f"{server}.{self.label}.internal"

    def log(self, component: str) -> Path:
        """Return the log file of a component."""
        return self.logs / f"{component}.log"
