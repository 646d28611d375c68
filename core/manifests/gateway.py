"""The one address of a host: Gateway, the Traefik behind it, and one route per tenant.

Traefik's Gateway provider lists Secrets in every namespace that it watches. So it watches its own
alone, which holds none, and each tenant's route stands there (docs/adr/0003).
Not here: certificates, because TLS ends in the tenants' API servers.
"""

from typing import Any

from core import flags, names
from core.manifests import pods

NAME = "traefik"
GATEWAY = "tenants"
GATEWAY_CLASS = "tenantplane"
CONTROLLER = "traefik.io/gateway-controller"
ENTRYPOINT_PORT = 8443
"""Where Traefik listens in its pod, and the Gateway's listener; the public port may differ."""

PING_PORT = 8082
POD_LABELS = {names.LABEL_NAME: NAME, names.LABEL_PART_OF: names.PART_OF}
API_VERSION = "gateway.networking.k8s.io/v1"
_GROUP = "gateway.networking.k8s.io"


def gateway_class() -> dict[str, Any]:
    """Spec of the GatewayClass."""
    return {"controllerName": CONTROLLER, "description": "TLS passthrough to tenants"}


def gateway(domain: str) -> dict[str, Any]:
    """Spec of the Gateway: one listener, passthrough, routes from its own namespace alone."""
    return {
        "gatewayClassName": GATEWAY_CLASS,
        "listeners": [
            {
                "name": "tenants",
                "protocol": "TLS",
                "port": ENTRYPOINT_PORT,
                "hostname": f"*.{domain}",
                "tls": {"mode": "Passthrough"},
                "allowedRoutes": {
                    "namespaces": {"from": "Same"},
                    "kinds": [{"group": _GROUP, "kind": "TLSRoute"}],
                },
            }
        ],
    }


def route_service() -> dict[str, Any]:
    """Spec of the Service in the gateway's namespace that stands for one tenant's API server."""
    return {
        "clusterIP": "None",
        "ports": [{"name": "https", "port": flags.APISERVER_PORT}],
    }


def route_name(tenant: str) -> str:
    """Name of a tenant's Service, EndpointSlice and TLSRoute in the gateway's namespace."""
    return names.namespace(tenant)


def endpoint_slice_labels(tenant: str) -> dict[str, str]:
    """Labels that tie the EndpointSlice to its Service."""
    return {
        **names.tenant_labels(tenant),
        "endpointslice.kubernetes.io/managed-by": names.API_GROUP,
        "kubernetes.io/service-name": route_name(tenant),
    }


def endpoints(cluster_ip: object) -> list[dict[str, Any]]:
    """One endpoint: the tenant Service's own address, which outlives the pods behind it."""
    return [{"addresses": [cluster_ip], "conditions": {"ready": True}}]


def endpoint_ports() -> list[dict[str, Any]]:
    """Ports of the EndpointSlice."""
    return [{"name": "https", "port": flags.APISERVER_PORT, "protocol": "TCP"}]


def tls_route(tenant: str, domain: str, *, gateway: object) -> dict[str, Any]:
    """Spec of the TLSRoute: the tenant's public name leads to the tenant's Service."""
    return {
        "parentRefs": [{"group": _GROUP, "kind": "Gateway", "name": gateway}],
        "hostnames": [names.public_name(tenant, domain)],
        "rules": [
            {
                "backendRefs": [
                    {
                        "group": "",
                        "kind": "Service",
                        "name": route_name(tenant),
                        "port": flags.APISERVER_PORT,
                        "weight": 1,
                    }
                ]
            }
        ],
    }


def cluster_role_rules() -> list[dict[str, Any]]:
    """What Traefik reads of the whole host: namespaces' names and the classes it may serve."""
    return [
        {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [_GROUP], "resources": ["gatewayclasses"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [_GROUP], "resources": ["gatewayclasses/status"], "verbs": ["update"]},
    ]


def role_rules() -> list[dict[str, Any]]:
    """What Traefik reads in its own namespace, where no Secret is."""
    read = ["get", "list", "watch"]
    return [
        {"apiGroups": [""], "resources": ["configmaps", "secrets", "services"], "verbs": read},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
        {
            "apiGroups": [_GROUP],
            "resources": [
                "backendtlspolicies",
                "gateways",
                "grpcroutes",
                "httproutes",
                "referencegrants",
                "tlsroutes",
            ],
            "verbs": read,
        },
        {
            "apiGroups": [_GROUP],
            "resources": ["gateways/status", "tlsroutes/status"],
            "verbs": ["update"],
        },
    ]


def service(exposure: str, port: int, address: object) -> dict[str, Any]:
    """Spec of the Service in front of Traefik.

    Args:
        exposure: HostPort, NodePort or LoadBalancer.
        port: The public port.
        address: A reserved address for LoadBalancer (may be an Output), or None.
    """
    ports: dict[str, Any] = {"name": "tls", "port": port, "targetPort": "tls"}
    spec: dict[str, Any] = {"selector": POD_LABELS, "ports": [ports]}
    if exposure == "NodePort":
        spec["type"] = "NodePort"
        ports["nodePort"] = port
    elif exposure == "LoadBalancer":
        spec["type"] = "LoadBalancer"
        spec["externalTrafficPolicy"] = "Local"
        if address is not None:
            spec["loadBalancerIP"] = address
    else:
        spec["type"] = "ClusterIP"
    return spec


def deployment(
    *, image: str, replicas: int, exposure: str, port: int, priority_class: object
) -> dict[str, Any]:
    """Spec of Traefik's Deployment; a host port allows one pod per node, so it is replaced."""
    on_host = exposure == "HostPort"
    strategy = (
        {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
        if on_host
        else {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    )
    return {
        "replicas": replicas,
        "strategy": strategy,
        "selector": {"matchLabels": POD_LABELS},
        "template": {
            "metadata": {"labels": POD_LABELS},
            "spec": {
                "enableServiceLinks": False,
                "serviceAccountName": NAME,
                "securityContext": pods.pod_security(),
                "topologySpreadConstraints": pods.spread(POD_LABELS),
                **pods.scheduling(priority_class),
                "containers": [_container(image, port if on_host else None)],
            },
        },
    }


def pod_disruption_budget() -> dict[str, Any]:
    """Spec of the budget; only for several replicas, since with one it would block every drain."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": POD_LABELS}}


def _container(image: str, host_port: int | None) -> dict[str, Any]:
    tls: dict[str, Any] = {"name": "tls", "containerPort": ENTRYPOINT_PORT}
    if host_port is not None:
        tls["hostPort"] = host_port
    return {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["traefik"],
        "args": sorted(
            (
                "--accesslog=false",
                f"--entryPoints.ping.address=:{PING_PORT}",
                f"--entryPoints.tls.address=:{ENTRYPOINT_PORT}",
                "--entryPoints.tls.transport.lifeCycle.graceTimeOut=20s",
                "--global.checkNewVersion=false",
                "--global.sendAnonymousUsage=false",
                "--log.level=INFO",
                "--ping=true",
                "--ping.entryPoint=ping",
                "--providers.kubernetesGateway=true",
                f"--providers.kubernetesGateway.namespaces={names.GATEWAY_NAMESPACE}",
                "--providers.providersThrottleDuration=100ms",  # default 2s, which tenants wait
            )
        ),
        "ports": [tls, {"name": "ping", "containerPort": PING_PORT}],
        "resources": pods.resources(cpu_millicores=50, request_mib=64, limit_mib=512),
        "securityContext": pods.container_security(),
        "startupProbe": pods.startup_probe("/ping", PING_PORT, scheme="HTTP"),
        "readinessProbe": pods.http_probe("/ping", PING_PORT, scheme="HTTP"),
        "livenessProbe": pods.http_probe("/ping", PING_PORT, scheme="HTTP"),
    }


def network_policy(host_api: dict[str, Any]) -> dict[str, Any]:
    """Anybody may connect; Traefik itself reaches tenants' API servers, the host API and DNS.

    Args:
        host_api: The egress rule of `pods.host_api_egress`.
    """
    return pods.network_policy(
        POD_LABELS,
        ingress=[{"ports": pods.tcp(ENTRYPOINT_PORT)}],
        egress=[
            pods.dns_egress(),
            {"to": [pods.every_tenant()], "ports": pods.tcp(flags.APISERVER_PORT)},
            host_api,
        ],
    )
