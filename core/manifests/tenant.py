"""One tenant on its host: the pod with API server and controllers, and what it mounts.

Not here: the fence around it (tenant_fence.py), flags (core/flags.py), the files beside its keys
(apiserver_config.py), the public route (gateway.py), objects inside the tenant (base_rbac.py),
certificates (core/pki.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import flags, names
from core.manifests import apiserver_config, kine, pods, store_limit
from core.manifests.platform_policy import has_static_policies
from core.profiles import Profile

NAME = names.CONTROL_PLANE
APISERVER_SECRET = "kube-apiserver"  # noqa: S105 -- a name
CONTROLLER_MANAGER_SECRET = "kube-controller-manager"  # noqa: S105 -- a name
AGENT_SECRET = "host-agent"  # noqa: S105 -- a name
_READY = "/readyz"
_READY_ALONE = "/readyz?exclude=poststarthook/rbac/bootstrap-roles"
"""An API server serves a second and a half before it has looked after Kubernetes' own roles; for
one second of these it sleeps. Where no other serves meanwhile, its users don't wait for it, and the
agent does before it lets anybody in (docs/adr/0007)."""


def pod_labels(tenant: str) -> dict[str, str]:
    """Labels of a tenant's pods."""
    return names.workload_labels(NAME, tenant)


def namespace_labels(tenant: str) -> dict[str, str]:
    """Labels of a tenant's namespace."""
    return {**names.tenant_labels(tenant), **pods.RESTRICTED}


def namespace_annotations(tenant: str, domain: str, registries: Iterable[str]) -> dict[str, str]:
    """Annotations of a tenant's namespace, by which operator_policy.py judges pods of operators."""
    return {
        names.ANNOTATION_AUDIENCE: names.issuer(tenant, domain),
        names.ANNOTATION_REGISTRIES: ",".join(sorted({one.rstrip("/") for one in registries})),
    }


def server(tenant: str) -> str:
    """URL of the tenant's API server inside its host."""
    return f"https://{names.APISERVER}.{names.namespace(tenant)}.svc:{flags.APISERVER_PORT}"


def way_in(tenant: str) -> dict[str, str]:
    """What an object says for the host agent: where the tenant's API server is, who it is there."""
    return {"tenant": tenant, "server": server(tenant), "credentialsSecret": AGENT_SECRET}


_LEAVE_FIRST = {"sleep": {"seconds": 3}}
"""Before an API server is asked to end, and answers 500 on /readyz, nobody is led to it any more.

A pod's end is told to the kubelet and to who keeps its Service at the same time; once in a while a
request of a 10 Hz probe was faster than the latter. Whoever is alone has nobody to leave to.
"""


@dataclass(frozen=True, kw_only=True)
class ControlPlane:
    """The pods of one tenant."""

    tenant: str
    version: str
    """Kubernetes version of both images."""
    replicas: int
    """Pods, 1 to 3."""
    profile: Profile
    """Requests, limits and Go's memory settings."""
    apiserver_args: object
    """`flags.apiserver`, or an Output of it."""
    apiserver_image: str
    controller_manager_image: str
    kine_image: str | None
    """Where the store is an SQL server."""
    scheduling: Mapping[str, Any]
    """Of `pods.scheduling`."""
    keys_hash: object
    """Rolls the pods when a Secret or the config changes; may be an Output."""
    encryption_hash: object
    """By which the host agent sees what they encrypt with; may be an Output."""


def deployment(wanted: ControlPlane) -> dict[str, Any]:
    """Spec of the Deployment."""
    labels = pod_labels(wanted.tenant)
    return {
        "replicas": wanted.replicas,
        "strategy": {
            "type": "RollingUpdate",
            "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0},
        },
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {
                "labels": labels,
                "annotations": {
                    f"{names.API_GROUP}/keys-hash": wanted.keys_hash,
                    names.ANNOTATION_ENCRYPTION: wanted.encryption_hash,
                    names.ANNOTATION_PROFILE: wanted.profile.name,
                },
            },
            "spec": _pod(wanted),
        },
    }


def _pod(wanted: ControlPlane) -> dict[str, Any]:
    """Spec of each pod.

    The API server is a native sidecar, so that the controller manager starts only once it answers:
    started side by side, the controller manager crashes once and back-off costs 12 s.
    """
    apiserver, volumes = _apiserver(wanted), _volumes(wanted.version)
    before = []
    if wanted.kine_image:
        before = [kine.container(wanted.kine_image)]
        apiserver["volumeMounts"].append(kine.socket_mount())
        volumes += kine.volumes()
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pods.pod_security(),
        "terminationGracePeriodSeconds": 30,
        "topologySpreadConstraints": pods.spread(pod_labels(wanted.tenant)),
        **wanted.scheduling,
        "initContainers": [*before, apiserver],
        "containers": [_controller_manager(wanted)],
        "volumes": volumes,
    }


def _apiserver(wanted: ControlPlane) -> dict[str, Any]:
    profile = wanted.profile
    ready = _READY if wanted.replicas > 1 else _READY_ALONE
    port = flags.APISERVER_PORT
    mounts = [pods.mount("apiserver-keys", flags.KEYS_DIR), pods.mount("config", flags.CONFIG_DIR)]
    if has_static_policies(wanted.version):
        mounts.append(pods.mount("policies", flags.POLICIES_DIR))
    return {
        "name": "kube-apiserver",
        "image": wanted.apiserver_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["kube-apiserver"],
        "args": wanted.apiserver_args,
        "restartPolicy": "Always",
        "env": [
            {"name": "GOGC", "value": str(profile.apiserver_gogc)},
            {"name": "GOMAXPROCS", "value": str(profile.apiserver_gomaxprocs)},
            {"name": "GOMEMLIMIT", "value": f"{profile.apiserver_gomemlimit_mib}MiB"},
            {
                "name": "POD_IP",
                # Left out, the API server fills in v1, and then nobody can apply it a second time.
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}},
            },
        ],
        "ports": [{"name": "https", "containerPort": port}],
        "resources": pods.resources(
            cpu_millicores=profile.apiserver_cpu_request_millicores,
            request_mib=profile.apiserver_memory_request_mib,
            limit_mib=profile.apiserver_memory_limit_mib,
        ),
        "securityContext": pods.container_security(),
        "startupProbe": pods.startup_probe(ready, port),
        "readinessProbe": pods.http_probe(ready, port),
        "livenessProbe": pods.http_probe("/livez", port, failures=6),
        "volumeMounts": mounts,
        **({"lifecycle": {"preStop": _LEAVE_FIRST}} if wanted.replicas > 1 else {}),
    }


def _controller_manager(wanted: ControlPlane) -> dict[str, Any]:
    profile = wanted.profile
    return {
        "name": "kube-controller-manager",
        "image": wanted.controller_manager_image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["kube-controller-manager"],
        "args": flags.controller_manager(replicas=wanted.replicas),
        "env": [
            {"name": "GOGC", "value": str(profile.controller_manager_gogc)},
            {"name": "GOMEMLIMIT", "value": f"{profile.controller_manager_gomemlimit_mib}MiB"},
        ],
        "resources": pods.resources(
            cpu_millicores=profile.controller_manager_cpu_request_millicores,
            request_mib=profile.controller_manager_memory_request_mib,
            limit_mib=profile.controller_manager_memory_limit_mib,
        ),
        "securityContext": pods.container_security(),
        "livenessProbe": pods.http_probe("/healthz", flags.CONTROLLER_MANAGER_PORT, failures=6),
        "volumeMounts": [pods.mount("controller-manager-keys", flags.KEYS_DIR)],
    }


def _volumes(version: str) -> list[dict[str, Any]]:
    def config(name: str, files: Sequence[str]) -> dict[str, Any]:
        items = [{"key": file, "path": file} for file in files]
        return {"name": name, "configMap": {"name": apiserver_config.CONFIG_MAP, "items": items}}

    volumes = [
        pods.secret_volume("apiserver-keys", APISERVER_SECRET),
        config("config", apiserver_config.FILES),
        pods.secret_volume("controller-manager-keys", CONTROLLER_MANAGER_SECRET),
    ]
    if has_static_policies(version):
        always = config("policies", [apiserver_config.POLICIES])["configMap"]
        at_times = {"name": store_limit.CONFIG_MAP, "optional": True}
        sources = [{"configMap": always}, {"configMap": at_times}]
        volumes.append({"name": "policies", "projected": {"sources": sources}})
    return volumes


def service(tenant: str) -> dict[str, Any]:
    """Spec of the Service in front of the tenant's API servers."""
    return {
        "selector": pod_labels(tenant),
        "ports": [{"name": "https", "port": flags.APISERVER_PORT}],
    }
