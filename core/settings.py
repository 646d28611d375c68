"""settings: what a stack's config may say, validated once and frozen.

Each class is a block of the config, each field a key of it; the docstring under a field is its
entry in docs/reference/settings.md.
Not here: stores (store_settings.py), how plain values are read (schema.py), where the config
comes from (stacks/config.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core import checks, generations, names, profiles, schema, settings_rules, versions
from core.errors import InvalidInputError
from core.manifests import apiserver_config, encryption, store_limit
from core.oidc import OidcSettings
from core.operator_settings import OperatorSettings
from core.schema import setting
from core.store_settings import DedicatedEtcdSettings, EtcdSettings, SqlSettings
from core.users import UserSettings

DEV = "dev"
HOST = "host"
TENANTS = "tenants"

HOST_PORT = "HostPort"
NODE_PORT = "NodePort"
LOAD_BALANCER = "LoadBalancer"
DEFAULT_POOL = "shared"


@dataclass(frozen=True, kw_only=True)
class AdoptSettings:
    """A cluster that exists already, named by a kubeconfig."""

    kubeconfig: str = setting(secret=True, example=".tenantplane/host.kubeconfig")
    """Path of the kubeconfig (relative to the project, `~` is your home) or its content."""

    context: str | None = setting(default=None, example="kind-host")
    """Context to use in it. Default: the one that it calls current."""


@dataclass(frozen=True, kw_only=True)
class NodePoolSettings:
    """A node pool of a GKE host. Its size follows the pods that are waiting, between two bounds."""

    machine_type: str = setting(default="e2-standard-4", example="e2-standard-4")
    """Machine type of each node. Changing it replaces the pool's nodes one by one."""

    min_nodes: int = setting(default=1, minimum=0, maximum=1000)
    """Fewest nodes of the pool per zone. Changed in place."""

    max_nodes: int = setting(default=3, minimum=1, maximum=1000)
    """Most nodes of the pool per zone. Changed in place."""


@dataclass(frozen=True, kw_only=True)
class GkeSettings:
    """A regional, private GKE cluster of its own, with its network and node pools."""

    project: str = setting(example="acme-platform")
    """Google Cloud project that everything is made in. Changing it makes a new host."""

    region: str = setting(example="europe-west3")
    """Region; the nodes spread over three of its zones. Changing it makes a new host."""

    release_channel: str = setting(
        default="REGULAR", choices=("RAPID", "REGULAR", "STABLE", "EXTENDED")
    )
    """Channel that GKE takes the host's Kubernetes versions from. Changed in place.

    In any of them the host starts with the first minor whose Gateway API is new enough.
    """

    node_cidr: str = setting(default="10.0.0.0/20", check=checks.network)
    """Addresses of the nodes. Changing it makes a new host."""

    pod_cidr: str = setting(default="10.64.0.0/14", check=checks.network)
    """Addresses of the pods; each node takes 256 of them. Changing it makes a new host."""

    service_cidr: str = setting(default="10.1.0.0/18", check=checks.network)
    """Addresses of the Services; each tenant takes one. Changing it makes a new host."""

    authorized_networks: Mapping[str, str] = setting(factory=dict, check=checks.network)
    """Networks by name that may reach the host's API at its address.

    Default none: the API is reached at its DNS endpoint alone, where Google's IAM decides who may.
    """

    system_pool: NodePoolSettings = setting(default=NodePoolSettings())
    """Nodes for the tenants' control planes and what serves them."""

    gvisor_pool: NodePoolSettings = setting(default=NodePoolSettings(min_nodes=0))
    """Nodes on which pods run in gVisor, as tenants with `runtimeClass: gvisor` do."""

    deletion_protection: bool = setting(default=True)
    """Refuse to delete the cluster. Set it to false and run `pulumi up` before `pulumi destroy`."""


@dataclass(frozen=True, kw_only=True)
class HostSettings:
    """The host cluster: exactly one of `adopt` and `gke`."""

    name: str = setting(check=checks.label, example="dev")
    """What the host is called in names, outputs and errors. Changing it makes a new host."""

    adopt: AdoptSettings | None = setting(default=None)
    """Use a cluster that exists already."""

    gke: GkeSettings | None = setting(default=None)
    """Make a GKE cluster. Kind host."""


@dataclass(frozen=True, kw_only=True)
class GatewaySettings:
    """The one address of a host behind which all its tenants answer, told apart by SNI."""

    exposure: str = setting(default=HOST_PORT, choices=(HOST_PORT, NODE_PORT, LOAD_BALANCER))
    """How the address is made: a port of the nodes, a NodePort, or a load balancer (GKE)."""

    address: str | None = setting(default=None, check=checks.address, example="203.0.113.10")
    """Address that kubeconfigs use.

    Default: the host part of the adopted kubeconfig's server; on GKE an address that is reserved.
    """

    port: int = setting(default=8443, minimum=1, maximum=65535)
    """Port that kubeconfigs use; for a NodePort 30000 to 32767."""

    public_dns: bool = setting(default=False)
    """Set it when `*.<domain>` leads to the address: kubeconfigs then use the tenant's own name."""

    replicas: int = setting(default=1, minimum=1, maximum=5)
    """Proxies behind the address. With HostPort no more than there are nodes."""


@dataclass(frozen=True, kw_only=True)
class ImageSettings:
    """Where images come from, where it isn't their official place."""

    registry: str | None = setting(
        default=None, check=checks.reference, example="mirror.example.com/k8s"
    )
    """Takes the place of every image's registry (air-gapped mirrors)."""

    overrides: Mapping[str, str] = setting(
        factory=dict,
        check=checks.reference,
        key_check=checks.image_key,
        example="mirror.example.com/etcd@sha256:...",
    )
    """Complete references by image name, digests too.

    `kube-apiserver:1.36.3`, `kube-controller-manager:1.36.3` and `etcd:3.7.3` are for that version
    alone, and win. Without a version these three names are for stacks in which all tenants (or all
    etcd pools) have one: the image must be of just the `version` that is set there, as nothing else
    knows what is in it. For etcd that keeps the oldest version that tenants can share.
    """


@dataclass(frozen=True, kw_only=True)
class TenantSettings:
    """One tenant: a Kubernetes control plane of its own."""

    name: str = setting(check=names.check_tenant_id, example="acme")
    """The tenant's id, unique over all hosts. Changing it deletes one tenant and makes another."""

    version: str = setting(
        default=versions.DEFAULT_KUBERNETES, check=versions.check_kubernetes, example="1.37.2"
    )
    """Kubernetes version, `1.37` or `1.37.2`. Rolling; up one minor at a time, never down one."""

    profile: str = setting(default=profiles.DEFAULT_PROFILE, choices=tuple(profiles.PROFILES))
    """How much of the host the tenant may use. Rolling."""

    replicas: int = setting(default=1, minimum=1, maximum=3)
    """Control plane pods. With 1, a restart is an outage of a few seconds. Rolling from or to 1."""

    datastore: str = setting(
        default=DEFAULT_POOL, check=names.check_pool_name, example=DEFAULT_POOL
    )
    """Where the tenant's objects are: an etcd pool or SQL server of its host, or `dedicated`.

    Fixed once the tenant exists. docs/stores.md helps to choose.
    """

    runtime_class: str | None = setting(default=None, check=checks.runtime_class, example="gvisor")
    """RuntimeClass of the host in which the control plane's pods run, `gvisor` on GKE. Rolling.

    Default none: as any other pod. A dedicated etcd is never in it: its latency is the disk's.
    """

    audit: str = setting(default=apiserver_config.METADATA, choices=apiserver_config.AUDITS)
    """What the API server's log has of each request: `metadata` (who, what, how it ended), `none`.

    Never what is in an object. Rolling.
    """

    oidc: tuple[OidcSettings, ...] = setting(default=())
    """Issuers of tokens whose users the tenant lets in, besides its own. Rolling."""

    users: tuple[UserSettings, ...] = setting(default=())
    """Its people, and what each may do: docs/users.md. Changed in place."""

    store_limit_mib: int = setting(default=store_limit.DEFAULT_MIB, minimum=1, maximum=8192)
    """Size in MiB from which on the tenant may only read and delete, in an etcd pool.

    From four fifths of it on there are warnings. Changed in place; works on Kubernetes 1.37 or
    newer, older tenants are only warned about.
    """

    dedicated_etcd: DedicatedEtcdSettings = setting(default=DedicatedEtcdSettings())
    """The tenant's own etcd. Datastore dedicated."""

    encryption: str = setting(default=encryption.SECRETS, choices=encryption.SCOPES)
    """What is encrypted before it goes to the store: `secrets`, `all` objects, or `none`.

    Rolling; what is there already is written anew.
    """

    keys: tuple[int, ...] = setting(default=generations.FIRST, minimum=1, example="[1, 2]")
    """Generations of the tenant's authority, service account keys and encryption keys. Rolling.

    The first signs and encrypts, both are trusted. To replace them go from `[1]` to `[1, 2]`, to
    `[2, 1]` and to `[2]`, one `pulumi up` each: docs/certificates.md.
    """

    operators: tuple[OperatorSettings, ...] = setting(default=())
    """Programs that run on the host and serve the tenant (docs/operators.md)."""

    timeout_seconds: int = setting(default=300, minimum=10, maximum=3600)
    """How long to wait for the tenant to answer, in seconds; after that its `pulumi up` fails."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The config of one stack, as it stands in `Pulumi.<stack>.yaml` under `tenantplane:`."""

    kind: str = setting(choices=(DEV, HOST, TENANTS))
    """What the stack is.

    `host` is a host cluster, `tenants` are tenants on the host of another stack, `dev` is both, on
    a host that exists already.
    """

    domain: str | None = setting(
        default=None, check=names.check_domain, example="tenants.example.com"
    )
    """Domain of the installation: a tenant's public name is `<name>.<domain>`. dev and host."""

    host: HostSettings | None = setting(default=None)
    """The host cluster. dev and host."""

    etcd: Mapping[str, EtcdSettings] = setting(
        factory=lambda: {DEFAULT_POOL: EtcdSettings()}, key_check=names.check_pool_name
    )
    """The etcd pools by name. dev and host."""

    sql: Mapping[str, SqlSettings] = setting(factory=dict, key_check=names.check_pool_name)
    """The SQL servers by name. dev and host."""

    gateway: GatewaySettings = setting(default=GatewaySettings())
    """The address of the tenants. dev and host."""

    images: ImageSettings = setting(default=ImageSettings())
    """Where images come from."""

    host_stack: str | None = setting(default=None, example="organization/tenantplane/prod-host")
    """Fully qualified name of the host's stack. tenants."""

    tenants: tuple[TenantSettings, ...] = setting(default=())
    """The tenants. dev and tenants."""

    @property
    def has_host(self) -> bool:
        """Whether the host is this stack's own."""
        return self.kind != TENANTS


def parse(config: Mapping[str, object]) -> Settings:
    """Return the settings that a config says.

    Args:
        config: The keys of the stack's config, without the project in front.

    Raises:
        InvalidInputError: something is wrong; names every wrong key by its path, all at once.
    """
    settings = settings_rules.with_defaults(schema.read(Settings, config))
    errors = list(settings_rules.problems(settings))
    if errors:
        raise InvalidInputError.together(errors)
    return settings
