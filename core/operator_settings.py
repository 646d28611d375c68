"""operator_settings: what a config may say of the programs that serve a tenant.

Not here: the tenant itself (settings.py), what they must be together (operator_rules.py), what
becomes of a chart (core/operators/).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import checks
from core.charts import ChartSource
from core.operators import budget, images, wiring
from core.operators.sides import SAID
from core.schema import setting

ALL, DEFINITIONS, NOTHING = "all", "definitions", "nothing"
KEPT = (DEFINITIONS, ALL, NOTHING)

DEFAULT_INTERNET = (443,)
DEFAULT_TIMEOUT_SECONDS = 300

NO_RUNTIME_CLASS = "none"


@dataclass(frozen=True, kw_only=True)
class OperatorSettings:
    """A program that runs on the host and serves one tenant: a chart, or manifests."""

    name: str = setting(check=checks.label, example="crossplane")
    """What it is called, unique in the tenant. Changing it removes one and makes another.

    `crossplane` needs nothing else: chart, namespace and all that follows have defaults for it.
    """

    chart: ChartSource | None = setting(default=None)
    """Its Helm chart."""

    manifests: str | None = setting(default=None, example="operators/kueue.yaml")
    """YAML file, or folder of such, in the place of a chart; relative to the project."""

    values: Mapping[str, Any] = setting(factory=dict)
    """What differs from the chart's own values."""

    namespace: str | None = setting(
        default=None, check=checks.namespace, example="crossplane-system"
    )
    """Namespace in the tenant that it believes to be in. Default: its name."""

    memory_mib: int | None = setting(default=None, minimum=64, maximum=65536, example="8192")
    """Memory in MiB that its containers may use together, a rolling update's surge too.

    What it installs by itself is in it. Default: 4096; 6144 for `crossplane`. Changed in place.
    """

    pods: int = setting(default=budget.DEFAULT_PODS, minimum=1, maximum=200)
    """Pods that it may have. Changed in place."""

    cpu_millicores: int = setting(default=budget.DEFAULT_CPU_MILLICORES, minimum=10, maximum=64000)
    """CPU in millicores that its containers may ask for together. Changed in place."""

    storage_gib: int = setting(default=0, minimum=0, maximum=1024)
    """Size in GiB of all its volumes together. Changed in place."""

    registries: tuple[str, ...] = setting(
        default=images.DEFAULT_REGISTRIES, check=checks.reference, example="ghcr.io/acme"
    )
    """Registries, with or without a path below, that its images may come from.

    Not used where `images.registry` takes the place of all.
    """

    internet: tuple[int, ...] = setting(
        default=DEFAULT_INTERNET, minimum=1, maximum=65535, example="[443]"
    )
    """Ports at which its pods reach public addresses; private and link-local ones are not."""

    networks: Mapping[str, tuple[int, ...]] = setting(
        factory=dict, key_check=checks.way_out, minimum=1, maximum=65535, example="[5432]"
    )
    """Ports that its pods reach besides, by network."""

    runtime_class: str | None = setting(default=None, check=checks.runtime_class, example="gvisor")
    """RuntimeClass of the host in which its pods run; `none` for no other than usual.

    Default: `gvisor` on a GKE host that a stack made, which has it; elsewhere none.
    """

    sides: Mapping[str, str] = setting(factory=dict, choices=SAID, example="tenant")
    """Where objects belong, by `Kind.group` or `Kind.group/name`, where it isn't known or right."""

    packages: bool | None = setting(default=None, example="true")
    """Run what it installs inside the tenant, as Crossplane does with providers and functions.

    Default: false; true for `crossplane`.
    """

    keep: str = setting(default=DEFINITIONS, choices=KEPT)
    """What of it stays in the tenant when it goes: its `definitions`, `all` or `nothing`.

    Definitions are CRDs and namespaces: with them, all objects of their kind or in them are gone.
    """

    identity: str = setting(default=wiring.HOST_TOKEN, choices=wiring.IDENTITIES)
    """Who issues its tokens: the `host`, which the tenant takes for its ServiceAccounts', or the
    `tenant`, for programs that must have a token of the ServiceAccount itself. Rolling.

    The kubelet renews the former, the host agent the latter, through a Secret.
    """

    token_seconds: int = setting(default=wiring.TOKEN_SECONDS, minimum=600, maximum=3600)
    """Life of its pods' tokens in seconds; the kubelet renews each at 80 % of it. Rolling."""

    timeout_seconds: int = setting(default=DEFAULT_TIMEOUT_SECONDS, minimum=10, maximum=3600)
    """How long to wait for its pods, in seconds; after that `pulumi up` fails."""
