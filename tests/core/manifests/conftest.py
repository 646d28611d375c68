"""Three tenants without hosts: rules from files, rules as objects, and none at all."""

from dataclasses import dataclass
from typing import Any

import pytest

from agent import api_roles
from core import names
from core.manifests import base_rbac, platform_policy, store_limit
from core.pki import TENANT_ADMINS
from core.users import UserSettings
from tests.support import control_plane
from tests.support.api import Api
from tests.support.control_plane import ControlPlane, Etcd
from tests.support.kubectl import eventually

RBAC = "/apis/rbac.authorization.k8s.io/v1"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_PATHS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": f"/api/v1/namespaces/{names.USERS_NAMESPACE}/serviceaccounts",
    "ClusterRole": f"{RBAC}/clusterroles",
    "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    "ValidatingAdmissionPolicy": f"{ADMISSION}/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": f"{ADMISSION}/validatingadmissionpolicybindings",
}


@dataclass
class Plane:
    """A tenant with the rights that the agent would give it."""

    plane: ControlPlane
    masters: Api
    admin: Api

    def start(self, version: str) -> "Plane":
        self.plane.wait()
        self.plane.start_controllers()
        self.give(version)
        self.follow_groups()
        eventually(
            lambda: (
                self.masters.get(
                    ""
                    "/api/v1/namespaces/kube-system/serviceaccounts/clusterrole-aggregation-controller"
                ).ok
            ),
            "the controllers have their ServiceAccounts",
        )
        return self

    def give(self, version: str, *people: UserSettings) -> None:
        """Put in what the agent would, for these people."""
        for manifest in base_rbac.base_objects(version, people):
            self.apply(manifest)

    def follow_groups(self) -> None:
        """Bring the roles for API groups up to date, as the agent does all the time."""
        listed = self.masters.get(api_roles.API_SERVICES).body["items"]
        groups = {api_roles.group_of(item["metadata"]["name"]) for item in listed}
        for wanted in base_rbac.API_ROLES:
            self.apply(api_roles.cluster_role(wanted, groups))

    def apply(self, manifest: dict[str, Any]) -> None:
        path = f"{_PATHS[manifest['kind']]}/{manifest['metadata']['name']}"
        answer = self.masters.apply(path, manifest)
        assert answer.ok, answer

    def user(self, name: str) -> Api:
        """A user in no group."""
        return self.plane.api(name)


@pytest.fixture(scope="session")
def planes(tmp_path_factory):
    """`files`: 1.37 as it is; `objects`: as an older version; `none`: without any rule."""
    folder = tmp_path_factory.mktemp("planes")
    etcd = Etcd(folder / "etcd")
    versions = {"files": "1.37.2", "objects": "1.36.3", "none": "1.36.3"}
    started = {
        name: control_plane.tenant(folder / name, etcd, name, version)
        for name, version in versions.items()
    }
    planes = {
        name: Plane(plane, plane.masters, plane.api("bob", TENANT_ADMINS))
        for name, plane in started.items()
    }
    planes["files"].start("1.37.2")
    planes["objects"].start("1.36.3")
    planes["none"].start("1.37.2")
    _wait_for_rules(planes["objects"])
    yield planes
    for plane in started.values():
        plane.stop()
    etcd.process.kill()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A tenant whose share of its store is full."""
    folder = tmp_path_factory.mktemp("full")
    etcd = Etcd(folder / "etcd")
    plane = control_plane.tenant(folder / "plane", etcd, "full")
    (folder / "plane" / "policies" / store_limit.FILE).write_text(store_limit.policy_text(4))
    plane.restart()
    yield Plane(plane, plane.masters, plane.api("bob", TENANT_ADMINS)).start("1.37.2")
    plane.stop()
    etcd.process.kill()


def _wait_for_rules(plane):
    """A new policy object is in force once the API server's informer has seen it."""
    label = {"tenantplane.dev/platform": "true"}
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "labels": label}}

    def refused():
        path = "/api/v1/namespaces/default/configmaps"
        answer = plane.admin.create(path, body)
        if answer.ok:
            plane.masters.delete(f"{path}/probe")
        return not answer.ok

    eventually(refused, "policy objects are in force")
    count = len(platform_policy.policies_as_objects())
    listed = plane.masters.get(_PATHS["ValidatingAdmissionPolicy"]).body["items"]
    assert len(listed) == count // 2
