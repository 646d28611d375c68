"""running_host: reads of an existing host what a change must not break, and what tenants ask of it.

Not here: what is read (core/running.py), which change is safe (stacks/changes.py asks), what a host
must have (_facts.py).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from components import _adopt
from components._cluster_api import METADATA_LIST, ClusterApi
from core import generations, names
from core.generations import Generations, InUse
from core.manifests import crds, etcd, store_limit
from core.operators import allowance
from core.operators.allowance import Allowance
from core.profiles import PROFILES
from core.running import RunningEtcd, RunningHost, RunningTenant, Share

_TENANTS = f"{names.LABEL_DATASTORE},{names.LABEL_TENANT},{names.LABEL_VERSION}"
_DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={_TENANTS}"
_PODS = f"/api/v1/pods?labelSelector={names.LABEL_NAME}={names.CONTROL_PLANE},{names.LABEL_TENANT}"
_OF_TENANTS = f"{names.LABEL_TENANT},!{names.LABEL_OPERATOR}"
_BASES = f"/apis/{names.API_VERSION}/{crds.TENANT_MANIFESTS}?labelSelector={_OF_TENANTS}"
_REENCRYPTIONS = f"/apis/{names.API_VERSION}/{crds.REENCRYPTIONS}"
_ETCD_TENANTS = f"/apis/{names.API_VERSION}/{crds.ETCD_TENANTS}"
_MIRRORS = f"/apis/{names.API_VERSION}/{crds.RUNTIME_MIRRORS}"
_RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
_STATEFUL_SETS = f"/apis/apps/v1/statefulsets?labelSelector={names.LABEL_NAME}={etcd.NAME}"

_Found = Mapping[str, Any]
"""An object as the API has it, or its metadata alone."""


def read(kubeconfig: str, context: str | None, host: str) -> RunningHost:
    """Return what an existing host has, asked on one connection.

    Args:
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.

    Raises:
        InvalidInputError: the kubeconfig can't be used.
        HostError: its credentials can't, or the host can't be reached, or refuses.
    """
    with ClusterApi(_adopt.connection(kubeconfig, context, "host.adopt"), host) as api:
        profiles = _profiles(_listed(api, _PODS, METADATA_LIST))
        ends = {_tenant(one): _ends(one) for one in _listed(api, _BASES, METADATA_LIST)}
        rewritten = _rewritten(_listed(api, _REENCRYPTIONS))
        operators = _operators(_listed(api, _MIRRORS, METADATA_LIST))
        return RunningHost(
            tenants={
                _tenant(one): _running_tenant(one, profiles, ends, rewritten, operators)
                for one in _listed(api, _DEPLOYMENTS)
            },
            etcds={
                one["metadata"]["namespace"]: _running_etcd(one)
                for one in _listed(api, _STATEFUL_SETS)
                if one["metadata"].get("labels", {}).get(names.LABEL_PART_OF) == names.PART_OF
            },
            shares={one["spec"]["tenant"]: _share(one) for one in _listed(api, _ETCD_TENANTS)},
            runtime_classes=frozenset(
                one["metadata"]["name"] for one in _listed(api, _RUNTIME_CLASSES, METADATA_LIST)
            ),
        )


def _listed(api: ClusterApi, path: str, accept: str = "application/json") -> list[_Found]:
    """Return what is listed at a path: nothing, where a new host doesn't know the kind yet."""
    return (api.get(path, accept) or {}).get("items") or []


def _tenant(found: _Found) -> str:
    return str(found["metadata"]["labels"][names.LABEL_TENANT])


def _annotation(found: _Found, name: str) -> str | None:
    value: str | None = found["metadata"].get("annotations", {}).get(name)
    return value


def _running_tenant(
    found: _Found,
    profiles: Mapping[str, frozenset[str]],
    ends: Mapping[str, Mapping[str, str]],
    rewritten: Mapping[str, Generations],
    operators: Mapping[str, Mapping[str, Allowance]],
) -> RunningTenant:
    """Put together what a Deployment says and, by tenant, what is read elsewhere."""
    labels, tenant = found["metadata"]["labels"], _tenant(found)
    return RunningTenant(
        version=labels[names.LABEL_VERSION],
        datastore=labels[names.LABEL_DATASTORE],
        store_kind=labels.get(names.LABEL_STORE_KIND),
        keys=_in_use(found, names.ANNOTATION_KEYS),
        store_keys=_in_use(found, names.ANNOTATION_STORE_KEYS),
        rewritten=rewritten.get(tenant),
        profiles=profiles.get(tenant, frozenset()),
        certificates=ends.get(tenant, {}),
        operators=operators.get(tenant, {}),
    )


def _in_use(found: _Found, annotation: str) -> InUse:
    """Read generations from a Deployment or StatefulSet, and whether all of its pods have them."""
    metadata, status, wanted = found["metadata"], found.get("status", {}), found["spec"]["replicas"]
    seen = status.get("observedGeneration") == metadata["generation"]
    pods = {status.get("replicas", 0), status.get("updatedReplicas", 0)}
    keys = generations.parse(_annotation(found, annotation))
    return InUse(keys, everywhere=seen and pods == {wanted})


def _profiles(pods: Iterable[_Found]) -> dict[str, frozenset[str]]:
    """Return by tenant those that this version knows."""
    found: dict[str, frozenset[str]] = {}
    for pod in pods:
        tenant, profile = _tenant(pod), str(_annotation(pod, names.ANNOTATION_PROFILE))
        found[tenant] = found.get(tenant, frozenset()) | ({profile} & PROFILES.keys())
    return found


def _ends(found: _Found) -> dict[str, str]:
    """Return when each certificate ends, by its name."""
    written = _annotation(found, names.ANNOTATION_CERTIFICATES)
    return dict(json.loads(written)) if written else {}


def _operators(mirrors: Iterable[_Found]) -> dict[str, dict[str, Allowance]]:
    """Return by tenant and name what operators may have; one of an older version doesn't say."""
    found: dict[str, dict[str, Allowance]] = {}
    for one in mirrors:
        if written := _annotation(one, names.ANNOTATION_ALLOWANCE):
            operator = str(one["metadata"]["labels"][names.LABEL_OPERATOR])
            found.setdefault(_tenant(one), {})[operator] = allowance.read(written)
    return found


def _rewritten(reencryptions: Iterable[_Found]) -> dict[str, Generations]:
    """Return by tenant the keys of those that are done."""
    return {
        one["spec"]["tenant"]: generations.parse(one["spec"]["keys"])
        for one in reencryptions
        if one.get("status", {}).get("observedGeneration") == one["metadata"]["generation"]
        and _ready(one).get("status") == "True"
    }


def _share(found: _Found) -> Share:
    spec, ready = found["spec"], _ready(found)
    reason = ready.get("reason")
    return Share(
        store=spec["store"],
        limit_mib=spec.get("limitMib", 0),
        warning=ready["message"] if reason in store_limit.WARNINGS else None,
        of_all=reason == store_limit.ALARM,
    )


def _ready(found: _Found) -> Mapping[str, str]:
    """Return the Ready condition of an object of the host agent's, an empty one of a new object."""
    conditions = found.get("status", {}).get("conditions", [])
    return next((one for one in conditions if one["type"] == "Ready"), {})


def _running_etcd(found: _Found) -> RunningEtcd:
    spec = found["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    storage = str(claim["spec"]["resources"]["requests"]["storage"])
    return RunningEtcd(
        members=int(spec["replicas"]),
        storage_gib=int(storage.removesuffix("Gi")),
        quota_gib=_quota_gib(spec["template"]["spec"]["containers"][0]["args"]),
        keys=_in_use(found, names.ANNOTATION_KEYS),
        certificates=_ends(found),
    )


def _quota_gib(args: Sequence[str]) -> int:
    (quota,) = (one for one in args if one.startswith("--quota-backend-bytes="))
    return int(quota.partition("=")[2]) // 1024**3
