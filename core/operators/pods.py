"""pods: rewrites an operator's pods, so that they live on the host and serve the tenant.

Where a pod asks Kubernetes who and where it is, it is told what would be true in the tenant: the
API server, the token, the authority, the namespace, the ServiceAccount. What it asks of the node
becomes what Pod Security `restricted` admits.
Not here: what can't be mended and is refused (refusals.py), which ConfigMaps and Secrets it reads
(references.py).
"""

import copy
from typing import Any

from core import flags, names
from core.manifests import pods
from core.operators import budget, images, references
from core.operators.budget import DISK
from core.operators.metadata import on_host as on_host_metadata
from core.operators.references import containers
from core.operators.wiring import (
    ROOT_CA,
    TENANT_TOKEN,
    Wiring,
    on_host,
    pod_label,
    token_secret,
)

ACCESS_VOLUME = "tenantplane-api-access"
ACCESS_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
"""Where client-go looks for the token, the authority and the namespace (rest.InClusterConfig)."""

ANNOTATION_NAMESPACE = f"{names.API_GROUP}/namespace"
"""On a pod of an operator: the tenant's namespace that it is in, as it believes."""
ANNOTATION_CA = f"{names.API_GROUP}/ca-hash"
"""On a pod of an operator: which authority of the tenant's it started with."""

_DEFAULT_REQUEST_MIB, _DEFAULT_LIMIT_MIB, _DEFAULT_CPU_MILLICORES = 64, 512, 10
_DEFAULT_DISK_REQUEST, _DEFAULT_DISK_LIMIT = "16Mi", "2Gi"
"""Of a container that asks for nothing, as the LimitRange of its namespace has it."""

_NAMESPACE_FIELD = "metadata.namespace"
_ACCOUNT_FIELD = "spec.serviceAccountName"


def rewrite(
    template: dict[str, Any],
    wiring: Wiring,
    namespace: str,
    *,
    host_name: str | None = None,
) -> dict[str, Any]:
    """Return a pod template as it runs on the host.

    Args:
        template: As the chart has it, or as an operator wrote it into the tenant.
        wiring: Of the operator.
        namespace: The tenant's, that the pods would be in.
        host_name: A Service of the pods: they are found as `<host_name>.<namespace>`.
    """
    rewritten = copy.deepcopy(template)
    metadata = rewritten["metadata"] = on_host_metadata(rewritten.get("metadata") or {})
    spec = rewritten.setdefault("spec", {})
    metadata["labels"] = {**(metadata.get("labels") or {}), **pod_label(wiring.operator)}
    told = {ANNOTATION_NAMESPACE: namespace}
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **told}
    account = spec.pop("serviceAccount", None)
    account = spec.get("serviceAccountName") or account or "default"
    _say_where(spec, namespace, account, wiring)
    references.rename(spec, lambda name: on_host(namespace, name))
    _give_access(spec, wiring, namespace, account)
    for _, term in references.affinity_terms(spec):
        term.pop("namespaces", None)  # its own, and that has another name on the host
    _restrict(spec)
    for container in containers(spec):
        container["image"] = images.moved(str(container.get("image")), wiring.registry)
        _bound(container)
    _place(spec, wiring)
    if host_name is not None:
        spec |= {"hostname": host_name, "subdomain": namespace}
    spec["serviceAccountName"] = on_host(namespace, account)
    return rewritten


def roll_with(template: dict[str, Any], ca_hash: object) -> None:
    """Have rewritten pods replaced when the tenant's authority is: many read it only at start.

    Args:
        template: Of the pods.
        ca_hash: Of the authority; may be an Output.
    """
    template["metadata"]["annotations"][ANNOTATION_CA] = ca_hash


def service_account(template: dict[str, Any]) -> str:
    """Return the ServiceAccount of a pod template that wasn't rewritten yet."""
    spec = template.get("spec") or {}
    return str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")


def _say_where(spec: dict[str, Any], namespace: str, account: str, wiring: Wiring) -> None:
    """Answer in the tenant's terms what a pod asks of the downward API."""
    answers = {_NAMESPACE_FIELD: namespace, _ACCOUNT_FIELD: account}
    server = {
        "KUBERNETES_SERVICE_HOST": names.APISERVER,
        "KUBERNETES_SERVICE_PORT": str(flags.APISERVER_PORT),
        "KUBERNETES_SERVICE_PORT_HTTPS": str(flags.APISERVER_PORT),
    }
    for container in containers(spec):
        variables = [one for one in container.get("env") or [] if one["name"] not in server]
        for variable in variables:
            field = ((variable.get("valueFrom") or {}).get("fieldRef") or {}).get("fieldPath")
            if field in answers:
                del variable["valueFrom"]
                variable["value"] = answers[field]
        told = [{"name": name, "value": value} for name, value in server.items()]
        container["env"] = [*told, *variables]
    for volume in spec.get("volumes") or []:
        _say_in_files(volume, wiring)


def _say_in_files(volume: dict[str, Any], wiring: Wiring) -> None:
    """The same for files, and for the tokens that a pod asks for by itself."""
    sources = (volume.get("projected") or {}).get("sources") or []
    for part in (volume, *sources):
        for item in (part.get("downwardAPI") or {}).get("items") or []:
            if (item.get("fieldRef") or {}).get("fieldPath") == _NAMESPACE_FIELD:
                item["fieldRef"] = _namespace_field()
        if "serviceAccountToken" in part:
            token = part["serviceAccountToken"]
            asked = token.get("expirationSeconds") or wiring.token_seconds
            token["expirationSeconds"] = min(asked, wiring.token_seconds)
            token["audience"] = wiring.audience


def _namespace_field() -> dict[str, str]:
    # apiVersion left out, the API server fills in v1, and then nobody can apply it a second time.
    path = f"metadata.annotations['{ANNOTATION_NAMESPACE}']"
    return {"apiVersion": "v1", "fieldPath": path}


def _give_access(spec: dict[str, Any], wiring: Wiring, namespace: str, account: str) -> None:
    """Mount what client-go looks for, in the place of what Kubernetes would mount."""
    spec["automountServiceAccountToken"] = False
    authority = {
        "name": on_host(namespace, ROOT_CA),
        "items": [{"key": "ca.crt", "path": "ca.crt"}],
    }
    where = {"items": [{"path": "namespace", "fieldRef": _namespace_field()}]}
    sources = [_token(wiring, namespace, account), {"configMap": authority}, {"downwardAPI": where}]
    access = {"name": ACCESS_VOLUME, "projected": {"sources": sources, "defaultMode": 0o444}}
    spec["volumes"] = [*(spec.get("volumes") or []), access]
    for container in containers(spec):
        mounts = container.get("volumeMounts") or []
        others = [one for one in mounts if one["mountPath"].rstrip("/") != ACCESS_PATH]
        container["volumeMounts"] = [*others, pods.mount(ACCESS_VOLUME, ACCESS_PATH)]


def _token(wiring: Wiring, namespace: str, account: str) -> dict[str, Any]:
    """Return where the token comes from: the kubelet renews it, or the host agent does."""
    if wiring.identity == TENANT_TOKEN:
        items = [{"key": "token", "path": "token"}]
        return {"secret": {"name": token_secret(namespace, account), "items": items}}
    asked = {
        "audience": wiring.audience,
        "expirationSeconds": wiring.token_seconds,
        "path": "token",
    }
    return {"serviceAccountToken": asked}


def _restrict(spec: dict[str, Any]) -> None:
    """Make it what Pod Security `restricted` admits."""
    given = spec.get("securityContext") or {}
    security = {**given, "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    known = "runAsUser" in given or given.get("runAsNonRoot")
    for container in containers(spec):
        own = container.get("securityContext") or {}
        known_here = known or "runAsUser" in own or own.get("runAsNonRoot")
        added = (own.get("capabilities") or {}).get("add") or []
        container["securityContext"] = {
            **own,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"], **({"add": added} if added else {})},
            "runAsNonRoot": True,
            # An image's own user may be root; who says runAsNonRoot knows that it is not.
            **({} if known_here else {"runAsUser": pods.USER}),
        }
        container["securityContext"].pop("seccompProfile", None)
    spec["securityContext"] = security


def _bound(container: dict[str, Any]) -> None:
    """Say what it may use of the node, as far as the chart doesn't."""
    given = container.get("resources") or {}
    own = (given.get("limits") or {}).get("memory")
    requests = dict(given.get("requests") or {})
    asked = requests.get("memory")
    usual = asked if budget.mib(asked) > _DEFAULT_LIMIT_MIB else f"{_DEFAULT_LIMIT_MIB}Mi"
    limits = {"memory": usual, **(given.get("limits") or {})}
    requests.setdefault("cpu", limits.get("cpu", f"{_DEFAULT_CPU_MILLICORES}m"))
    requests.setdefault("memory", own or f"{_DEFAULT_REQUEST_MIB}Mi")
    if DISK not in limits:
        limits[DISK] = requests.get(DISK, _DEFAULT_DISK_LIMIT)
        requests.setdefault(DISK, _DEFAULT_DISK_REQUEST)
    container["resources"] = {**given, "limits": limits, "requests": requests}


def _place(spec: dict[str, Any], wiring: Wiring) -> None:
    """Leave to the platform where it runs and what comes first on a full node."""
    for key in ("dnsPolicy", "hostUsers", "priority", "schedulerName"):
        spec.pop(key, None)
    spec["enableServiceLinks"] = False
    spec.pop("priorityClassName", None)
    spec.pop("runtimeClassName", None)
    spec |= pods.scheduling(wiring.priority_class, wiring.runtime_class)
