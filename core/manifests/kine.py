"""kine: the proxy beside an API server that makes a database of an SQL server look like etcd.

Owns: its container, its socket, the Secret that it reads, its connection string.
Not here: the pod (tenant.py), the database and its user (the host agent).
"""

from typing import Any

from core import flags, stores
from core.manifests import pods

NAME = "kine"
SECRET = "kine"  # noqa: S105 -- a name
PASSWORD_SECRET = "sql-password"  # noqa: S105 -- a name
"""What the host agent reads, and no pod of the tenant."""
SERVERS = "unix:///run/kine/kine.sock"
"""What the API server dials: a socket that only its own pod sees."""

_ENDPOINT = "endpoint"
_CA = "ca.crt"
_KEYS_DIR = "/etc/tenantplane/kine"
_SOCKET = "kine-socket"

_CONNECTIONS = 8
"""Most connections of one kine: twenty idle tenants have 80, and PostgreSQL's default is 100."""
_IDLE_CONNECTIONS = 4

MEMORY_REQUEST_MIB = 32
MEMORY_LIMIT_MIB = 256


def endpoint(engine: str, address: str, port: int, database: str, password: str) -> str:
    """Return the connection string; database and user have one name.

    It holds the password, which has letters and digits alone: nothing in it needs to be quoted.
    """
    user = f"{database}:{password}"
    host = f"[{address}]" if ":" in address else address
    if engine == stores.POSTGRESQL:
        return f"postgres://{user}@{host}:{port}/{database}?sslmode=verify-full"
    return f"mysql://{user}@tcp({host}:{port})/{database}"


def connections(replicas: int) -> int:
    """Most connections of a tenant: of its pods, and of their successors in an upgrade."""
    return _CONNECTIONS * pods.most(replicas)


def secret_data(endpoint: object, ca_pem: object) -> dict[str, Any]:
    """Data of the Secret; values may be Outputs."""
    return {_ENDPOINT: endpoint, _CA: ca_pem}


def container(image: str) -> dict[str, Any]:
    """The container, a native sidecar in front of the API server.

    It has no port, and so no probe: the API server's own probes ask the store through it.
    """
    secret = {"secretKeyRef": {"name": SECRET, "key": _ENDPOINT}}
    return {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["kine"],
        "args": flags.kine(
            ca_file=f"{_KEYS_DIR}/{_CA}",
            socket=SERVERS,
            connections=_CONNECTIONS,
            idle_connections=_IDLE_CONNECTIONS,
        ),
        "restartPolicy": "Always",
        "env": [
            {"name": "GOMEMLIMIT", "value": f"{MEMORY_LIMIT_MIB * 4 // 5}MiB"},
            {"name": "KINE_ENDPOINT", "valueFrom": secret},
        ],
        "resources": pods.resources(
            cpu_millicores=10, request_mib=MEMORY_REQUEST_MIB, limit_mib=MEMORY_LIMIT_MIB
        ),
        "securityContext": pods.container_security(),
        "volumeMounts": [
            pods.mount("kine-keys", _KEYS_DIR),
            socket_mount(),
        ],
    }


def socket_mount() -> dict[str, Any]:
    """Where the API server finds the socket."""
    return {"name": _SOCKET, "mountPath": "/run/kine"}


def volumes() -> list[dict[str, Any]]:
    """The socket's folder and the authority of the SQL server."""
    keys = pods.secret_volume("kine-keys", SECRET)
    keys["secret"]["items"] = [{"key": _CA, "path": _CA}]
    return [{"name": _SOCKET, "emptyDir": {"medium": "Memory", "sizeLimit": "1Mi"}}, keys]
