"""refusals: what no pod of an operator may be, each with what to do about it.

The same rules stand on the host as admission policies (core/manifests/operator_policy.py), for what
comes another way than through this program.
Not here: quotas (budget.py), what is changed silently because it can be (pods.py).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from core import names
from core.errors import InvalidInputError
from core.operators import budget, images, references, sides
from core.operators.budget import DISK
from core.operators.references import containers
from core.operators.wiring import PLATFORM_NAMESPACES, Wiring

VOLUMES = (
    "configMap",
    "downwardAPI",
    "emptyDir",
    "persistentVolumeClaim",
    "projected",
    "secret",
)
"""Kinds of volumes that a pod may have."""

SOURCES = ("configMap", "downwardAPI", "secret", "serviceAccountToken")
"""What a projected volume may be made of: no certificate that the host signs for a pod."""

NODE_LABELS = ("kubernetes.io/arch", "kubernetes.io/os")
"""What a pod may ask of its node; where it runs is the platform's business."""

LONGEST_GRACE_SECONDS = 600

MOST_DISK_GIB = 10
"""Of its node's disk for one container: what it writes beside volumes, its log and `emptyDir`s."""

_RESOURCES = {"cpu", "memory", DISK}
"""What a container may ask of its node."""
_HOST_NAMESPACES = ("hostIPC", "hostNetwork", "hostPID")
_CAPABILITIES = ("NET_BIND_SERVICE",)
"""What Pod Security `restricted` lets containers add."""
_ACCOUNT_TOKEN = "kubernetes.io/service-account-token"  # noqa: S105 -- a type
_CLAIM = ("accessModes", "resources", "storageClassName", "volumeMode")
"""Of a PersistentVolumeClaim. `dataSource` could copy a volume of the tenant's store."""
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_HOOKS = ("postStart", "preStop")


def problems(
    template: Mapping[str, Any], wiring: Wiring, namespace: str, thing: str
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with a pod template.

    Args:
        template: As the chart has it.
        wiring: Of the operator.
        namespace: The tenant's, that its pods would be in.
        thing: What errors call the workload.
    """
    spec = template.get("spec") or {}
    yield from labels((template.get("metadata") or {}).get("labels") or {}, thing)
    yield from _place(spec, thing)
    yield from _life(spec, thing)
    yield from _neighbours(spec, namespace, thing)
    for kind in sorted(references.unnamed(spec)):
        remedy = "see which value gives the name, and set it"
        yield InvalidInputError(thing, f"uses a {kind} without a name", remedy=remedy)
    for volume in spec.get("volumes") or []:
        yield from _volume(volume, wiring, thing)
    yield from _security(spec.get("securityContext") or {}, thing)
    for container in containers(spec):
        yield from _container(container, wiring, f"{thing}, container {container.get('name')}")


def labels(given: Mapping[str, Any], thing: str) -> Iterator[InvalidInputError]:
    """Yield which labels of an object can't be an operator's."""
    for key, value in given.items():
        ours = key == names.LABEL_PART_OF and value == names.PART_OF
        if ours or key.startswith(f"{names.API_GROUP}/"):
            remedy = "leave it out: it is the platform's own"
            yield InvalidInputError(
                f"{thing}, label {key}", "can't be an operator's", remedy=remedy
            )


def inside(manifest: Mapping[str, Any], thing: str) -> Iterator[InvalidInputError]:
    """Yield why an object can't be an operator's inside of the tenant."""
    metadata = manifest["metadata"]
    if names.LABEL_PLATFORM in (metadata.get("labels") or {}):
        problem, remedy = "can't be an operator's", "leave it out: it is the platform's own"
        yield InvalidInputError(f"{thing}, label {names.LABEL_PLATFORM}", problem, remedy=remedy)
    if str(metadata["name"]).startswith(f"{names.PART_OF}:"):
        yield InvalidInputError(thing, "has a name of the platform's", remedy="give it another one")


def on_host(
    manifest: dict[str, Any],
    namespace: str,
    workloads: Collection[tuple[str, str]],
    thing: str,
) -> Iterator[InvalidInputError]:
    """Yield what an object of the host can't be, beside its pods.

    Args:
        manifest: As the chart has it.
        namespace: The tenant's, that it would be in.
        workloads: Kind and name of those of the chart.
        thing: What errors call it.
    """
    kind, spec = sides.kind(manifest), manifest.get("spec") or {}
    if manifest["apiVersion"] != sides.version(manifest):
        problem, remedy = "isn't known on the host", f"use {sides.version(manifest)}"
        yield InvalidInputError(f"{thing}, apiVersion", problem, manifest["apiVersion"], remedy)
    if namespace.startswith(PLATFORM_NAMESPACES):
        if kind in sides.TEMPLATES:
            problem, remedy = "has pods in a namespace of the platform's", "set another one"
            yield InvalidInputError(thing, problem, namespace, remedy)
        if kind[1] == references.SECRET:
            problem, remedy = "could pass for one of the platform's", "leave it in the tenant"
            yield InvalidInputError(thing, problem, namespace, remedy)
    target = spec.get("scaleTargetRef") or {}
    if target and (target.get("kind"), target.get("name")) not in workloads:
        problem, remedy = "scales what is not of the chart", "let it scale a workload of its own"
        yield InvalidInputError(f"{thing}, scaleTargetRef", problem, target.get("name"), remedy)
    for claim in spec.get("volumeClaimTemplates") or []:
        metadata = claim["metadata"]
        yield from labels(metadata.get("labels") or {}, f"{thing}, claim {metadata['name']}")
    for name, claim in _claims(manifest):
        for key in sorted(claim.keys() - set(_CLAIM)):
            remedy = f"leave it out: a claim has {', '.join(_CLAIM)}"
            yield _set(f"{thing}{name}", key, "would choose its volume, or another's data", remedy)
    if manifest.get("type") == _ACCOUNT_TOKEN:
        problem, remedy = "would hold a token of the host", "leave it in the tenant"
        yield InvalidInputError(thing, problem, _ACCOUNT_TOKEN, remedy)


def _claims(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what an object asks for volumes, after what tells one of several apart."""
    spec = manifest.get("spec") or {}
    if manifest["kind"] == references.CLAIM:
        yield "", spec
    for one in spec.get("volumeClaimTemplates") or []:
        yield f", claim {one['metadata']['name']}", one.get("spec") or {}


def _place(spec: Mapping[str, Any], thing: str) -> Iterator[InvalidInputError]:
    for key in _HOST_NAMESPACES:
        if spec.get(key):
            yield _set(thing, key, "would share it with its node", "set it to false")
    if spec.get("nodeName"):
        yield _set(thing, "nodeName", "would pass by the scheduler", "leave it out")
    where = "choose the node pool by the host's RuntimeClass, or leave it out"
    for label in spec.get("nodeSelector") or {}:
        if label not in NODE_LABELS:
            yield _set(thing, f"nodeSelector {label}", "would choose its node", where)
    if (spec.get("affinity") or {}).get("nodeAffinity"):
        yield _set(thing, "affinity.nodeAffinity", "would choose its node", where)
    if spec.get("tolerations"):
        yield _set(thing, "tolerations", "would choose nodes kept for others", where)
    if spec.get("schedulerName", "default-scheduler") != "default-scheduler":
        yield _set(thing, "schedulerName", "would pass by the scheduler", "leave it out")


def _life(spec: Mapping[str, Any], thing: str) -> Iterator[InvalidInputError]:
    """Yield how a pod would start or end that others wait for."""
    for key in ("resourceClaims", "schedulingGates"):
        if spec.get(key):
            yield _set(thing, key, "would take devices or a place of its node", "leave it out")
    if spec.get("ephemeralContainers"):
        yield _set(thing, "ephemeralContainers", "are for pods that run", "leave them out")
    grace = spec.get("terminationGracePeriodSeconds") or 0
    if grace > LONGEST_GRACE_SECONDS:
        remedy = f"use {LONGEST_GRACE_SECONDS} or less"
        problem = "would keep its node from being drained"
        yield InvalidInputError(f"{thing}, terminationGracePeriodSeconds", problem, grace, remedy)


def _neighbours(spec: Mapping[str, Any], namespace: str, thing: str) -> Iterator[InvalidInputError]:
    """Yield which terms are about pods outside of its own namespace; `{}` selects them all."""
    for key, term in references.affinity_terms(spec):
        elsewhere = set(term.get("namespaces") or []) - {namespace}
        if elsewhere or term.get("namespaceSelector") is not None:
            problem = "would keep the pods of others from nodes, or follow them"
            remedy = "leave out namespaces and namespaceSelector"
            yield _set(thing, f"affinity.{key}", problem, remedy)


def _volume(volume: Mapping[str, Any], wiring: Wiring, thing: str) -> Iterator[InvalidInputError]:
    what = f"{thing}, volume {volume.get('name')}"
    for kind in volume:
        if kind != "name" and kind not in VOLUMES:
            remedy = f"use one of {', '.join(VOLUMES)}"
            yield InvalidInputError(what, "is of a kind that no operator may have", kind, remedy)
    for source in (volume.get("projected") or {}).get("sources") or []:
        for kind in sorted(source.keys() - set(SOURCES)):
            remedy = f"use {', '.join(SOURCES)}"
            yield InvalidInputError(what, "has a source that no operator may have", kind, remedy)
        audience = (source.get("serviceAccountToken") or {}).get("audience")
        if audience not in (None, wiring.audience):
            problem = "asks for a token that is for somebody else"
            yield InvalidInputError(what, problem, audience, "leave audience out")


def _container(
    container: Mapping[str, Any], wiring: Wiring, thing: str
) -> Iterator[InvalidInputError]:
    security = container.get("securityContext") or {}
    if security.get("privileged"):
        yield _set(thing, "securityContext.privileged", "would be root on its node", "set it false")
    yield from _security(security, thing)
    added = (security.get("capabilities") or {}).get("add") or []
    for one in sorted(set(added) - set(_CAPABILITIES)):
        yield _set(thing, f"capability {one}", "is more than pods of a tenant have", "leave it out")
    if any(port.get("hostPort") for port in container.get("ports") or []):
        yield _set(thing, "hostPort", "would be a port of its node", "leave it out")
    asked = container.get("resources") or {}
    named = {*(asked.get("limits") or {}), *(asked.get("requests") or {})}
    for one in sorted(named - _RESOURCES):
        yield _set(thing, f"resources {one}", "is a device of its node", "leave it out")
    limits = asked.get("limits") or {}
    if "memory" in limits and budget.mib(limits["memory"]) <= 0:
        problem, remedy = "is no limit", "write it like 512Mi, or leave it out for the usual one"
        yield InvalidInputError(
            f"{thing}, resources.limits.memory", problem, limits["memory"], remedy
        )
    disk = limits.get(DISK, "1Gi")
    if not 0 < budget.mib(disk) <= MOST_DISK_GIB * 1024:
        problem = "would let it fill its node's disk"
        remedy = f"use {MOST_DISK_GIB}Gi or less, or a volume for what is larger"
        yield InvalidInputError(f"{thing}, resources.limits.{DISK}", problem, disk, remedy)
    if container.get("volumeDevices"):
        yield _set(thing, "volumeDevices", "would be devices of its node", "use volumeMounts")
    for key in _asking_others(container):
        yield _set(thing, key, "would have its node ask others", "leave it out")
    image = images.moved(str(container.get("image")), wiring.registry)
    if not images.allowed(image, wiring.registries):
        known = ", ".join(wiring.registries) or "none"
        remedy = f"take it from one of {known}, or add its registry to `registries`"
        yield InvalidInputError(f"{thing}, image", "comes from elsewhere", image, remedy)


def _security(security: Mapping[str, Any], thing: str) -> Iterator[InvalidInputError]:
    """Yield what a security context of a pod or a container can't say."""
    if security.get("runAsUser") == 0:
        yield _root(thing)
    selinux = security.get("seLinuxOptions") or {}
    unconfined = (security.get("appArmorProfile") or {}).get("type") == "Unconfined"
    for key, more in (
        ("appArmorProfile", unconfined),
        ("procMount", security.get("procMount") not in (None, "Default")),
        ("seLinuxOptions", any(selinux.get(one) for one in ("role", "type", "user"))),
        ("windowsOptions", security.get("windowsOptions")),
    ):
        if more:
            problem = "is more than Pod Security `restricted` admits"
            yield _set(thing, f"securityContext.{key}", problem, "leave it out")


def _asking_others(container: Mapping[str, Any]) -> Iterator[str]:
    """Yield where a container names a host that the kubelet is to ask, from the node's network."""
    lifecycle = container.get("lifecycle") or {}
    handlers = {key: container.get(key) for key in _PROBES}
    handlers |= {f"lifecycle.{key}": lifecycle.get(key) for key in _HOOKS}
    for where, handler in handlers.items():
        for kind in ("httpGet", "tcpSocket"):
            if ((handler or {}).get(kind) or {}).get("host"):
                yield f"{where}.{kind}.host"


def _root(thing: str) -> InvalidInputError:
    remedy = "set another user id, 65532 if the image doesn't say"
    return InvalidInputError(f"{thing}, securityContext.runAsUser", "is root", 0, remedy)


def _set(thing: str, key: str, problem: str, remedy: str) -> InvalidInputError:
    return InvalidInputError(f"{thing}, {key}", problem, remedy=remedy)
