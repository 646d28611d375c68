"""The host agent as a process, against an API server that plays its host, with its real rights."""

import base64
import contextlib
import os
import re
import sys
import urllib.request
from pathlib import Path

from core import names
from core.manifests import agent as agent_manifests
from core.manifests import crds, kine, runtime_mirror, store_limit, tenant
from tests.support.kubectl import eventually
from tests.support.processes import Process, binary, free_port

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_OURS = f"/apis/{names.API_VERSION}"
USER = "host-agent"


def prepare(host):
    """Give a host the agent's kinds and its rights, as the product does."""
    for definition in crds.crds():
        name = definition["metadata"]["name"]
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"
        answer = host.masters.apply(path, definition)
        assert answer.ok, answer
    role(host, USER, agent_manifests.cluster_role_rules())
    role(host, agent_manifests.TENANT_ROLE, agent_manifests.tenant_role_rules(), bind=False)
    role(host, agent_manifests.OPERATORS_ROLE, agent_manifests.operators_role_rules(), bind=False)
    eventually(lambda: host.masters.get(f"{_OURS}/tenantmanifests").ok, "kinds are served")


def role(host, name, rules, *, bind=True):
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "rules": rules}
    host.masters.apply(f"{_RBAC}/clusterroles/{name}", body | {"metadata": {"name": name}})
    if bind:
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": reference,
            "subjects": [_user()],
        }
        assert host.masters.apply(f"{_RBAC}/clusterrolebindings/{name}", binding).ok


def _user():
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}


class Objects:
    """Our own objects on a host, made as the product makes them."""

    SQL_PASSWORD = "first"

    def __init__(self, host):
        self.host = host
        self.api = host.masters

    def namespace(self, tenant_id):
        """A tenant's namespace, with the agent's right to read its Secret there."""
        namespace = names.namespace(tenant_id)
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        self.api.create("/api/v1/namespaces", body)
        self.grant(namespace, "host-agent", agent_manifests.TENANT_ROLE)
        return namespace

    def grant(self, namespace, name, role_name):
        """Bind a ClusterRole to the agent in one namespace."""
        binding = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role_name,
            },
            "subjects": [_user()],
        }
        path = f"{_RBAC}/namespaces/{namespace}/rolebindings/{name}"
        assert self.api.apply(path, binding).ok

    def revoke(self, namespace, role_name):
        """Take a ClusterRole from the agent in one namespace, by whatever name it was bound."""
        path = f"{_RBAC}/namespaces/{namespace}/rolebindings"
        for one in self.api.get(path).body["items"]:
            if one["roleRef"]["name"] == role_name:
                assert self.api.delete(f"{path}/{one['metadata']['name']}").ok
        asked = {"namespace": namespace, "verb": "list", "resource": "secrets"}
        review = {"spec": {"user": _user()["name"], "resourceAttributes": asked}}
        reviews = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        eventually(
            lambda: not self.api.create(reviews, review).body["status"]["allowed"], "revoked"
        )

    def mirror(self, tenant_id, server, files, wiring, packages=None, **spec):
        """A RuntimeMirror, and what an operator grants to the agent."""
        namespace = names.namespace(tenant_id)
        name = f"operator-{wiring.operator}"
        self.grant(namespace, name, agent_manifests.OPERATORS_ROLE)
        wanted = {"server": server, "tenant": tenant_id, "credentialsSecret": tenant.AGENT_SECRET}
        wanted |= runtime_mirror.spec(wiring, files, packages)
        return self.apply("RuntimeMirror", namespace, wiring.operator, wanted | spec)

    def path(self, kind, namespace, name):
        (plural,) = (one for one in crds.PLURALS if one.rstrip("s") == kind.lower().rstrip("s"))
        return f"{_OURS}/namespaces/{namespace}/{plural}/{name}"

    def apply(self, kind, namespace, name, spec):
        body = {"apiVersion": names.API_VERSION, "kind": kind, "metadata": {"name": name}}
        answer = self.api.apply(self.path(kind, namespace, name), body | {"spec": spec})
        assert answer.ok, answer
        return answer.body

    def etcd_tenant(self, tenant_id, store="shared", **spec):
        namespace = self.namespace(tenant_id)
        limits = {"metadata": {"name": store_limit.CONFIG_MAP}}
        assert self.api.create(f"/api/v1/namespaces/{namespace}/configmaps", limits).ok
        spec = {"store": store, "tenant": tenant_id, **spec}
        return self.apply("EtcdTenant", namespace, tenant_id, spec)

    def sql_tenant(self, tenant_id, store, password=SQL_PASSWORD, **spec):
        namespace = self.namespace(tenant_id)
        self.secret(tenant_id, kine.PASSWORD_SECRET, {"password": password})
        spec = {
            "store": store,
            "tenant": tenant_id,
            "passwordSecret": kine.PASSWORD_SECRET,
            "passwordHash": password,
            "connections": 3,
        } | spec
        return self.apply("SqlTenant", namespace, tenant_id, spec)

    def credentials(self, tenant_id, files):
        self.secret(tenant_id, tenant.AGENT_SECRET, files)

    def secret(self, tenant_id, name, files):
        namespace = names.namespace(tenant_id)
        data = {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}
        body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
        path = f"/api/v1/namespaces/{namespace}/secrets/{name}"
        assert self.api.apply(path, body | {"data": data}).ok

    def agent_credentials(self, plane):
        """A certificate of the agent in a tenant, as its Secret has it."""
        certificate, key = plane.certificate("tenantplane:host-agent", "system:masters")
        return {"ca.crt": plane.authority.pem, "tls.crt": certificate, "tls.key": key}

    def manifests(self, tenant_id, server, objects, name="base", **spec):
        wanted = {"tenant": tenant_id, "server": server, "objects": objects}
        wanted |= {"credentialsSecret": tenant.AGENT_SECRET, **spec}
        return self.apply("TenantManifests", names.namespace(tenant_id), name, wanted)

    def get(self, kind, tenant_id, name=None):
        return self.api.get(self.path(kind, names.namespace(tenant_id), name or tenant_id))

    def delete(self, kind, tenant_id, name=None):
        return self.api.delete(self.path(kind, names.namespace(tenant_id), name or tenant_id))

    def condition(self, kind, tenant_id, name=None):
        status = self.get(kind, tenant_id, name).body.get("status", {})
        conditions = status.get("conditions", [])
        return conditions[0] if conditions else {}

    def wait(self, kind, tenant_id, name=None, *, status="True", reason=None, seconds=30):
        """Wait for the Ready condition; returns it."""

        def found():
            condition = self.condition(kind, tenant_id, name)
            right = condition.get("status") == status and reason in {None, condition.get("reason")}
            return condition if right else None

        what = f"{kind} {tenant_id}: Ready={status} {reason or ''}"
        try:
            return eventually(found, what, seconds=seconds)
        except AssertionError as error:
            error.add_note(f"its status: {self.get(kind, tenant_id, name).body.get('status')}")
            raise

    def wait_gone(self, kind, tenant_id, name=None, seconds=30):
        eventually(
            lambda: self.get(kind, tenant_id, name).status == 404,
            f"{kind} {tenant_id} is gone",
            seconds=seconds,
        )

    def events(self, tenant_id, reason):
        listed = self.api.get(f"/api/v1/namespaces/{names.namespace(tenant_id)}/events")
        return [e["message"] for e in listed.body["items"] if e["reason"] == reason]


class Agent:
    """`python -m agent` with stores, a kubeconfig of its own user, and free ports."""

    def __init__(self, folder, host, stores, **variables):
        self.folder = folder
        self.stores = folder / "stores"
        self.liveness = free_port()
        self.metrics_port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        for pool, etcd in stores.items():
            self.add_store(pool, etcd)
        kubeconfig = folder / "kubeconfig"
        kubeconfig.write_text(host.kubeconfig(USER))
        root = Path(__file__).resolve().parents[2]
        environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "PATH": f"{binary('etcdctl', of='etcd').parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(root),
            "AGENT_STORES": str(self.stores),
            "AGENT_LIVENESS_PORT": str(self.liveness),
            "AGENT_METRICS_PORT": str(self.metrics_port),
            **variables,
        }
        self.process = Process(
            [sys.executable, "-W", "ignore", "-m", "agent"], folder / "agent.log", environment
        )

    def add_store(self, pool, etcd):
        self.write_store(pool, {"endpoint": etcd.url, "defragmentation-hour": "3"} | etcd.root)

    def write_store(self, name, files):
        folder = self.stores / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (folder / file).write_text(text)

    def wait(self):
        self.process.wait_until(self.alive, "alive", seconds=30)
        return self

    def alive(self):
        with contextlib.suppress(OSError):
            url = f"http://127.0.0.1:{self.liveness}/healthz"
            return urllib.request.urlopen(url, timeout=2).status == 200
        return False

    def metrics(self):
        """Every sample that Prometheus would scrape, by its name with labels."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        text = urllib.request.urlopen(url, timeout=5).read().decode()
        return {
            key: float(value) for key, value in re.findall(r"^([^#\s]+) (\S+)$", text, re.MULTILINE)
        }

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
