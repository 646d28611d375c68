"""kinds: which resource types are supported, and what a type token means.

Adding one: a line in kinds.txt, then fieldtable/, then rules in immutable.py and waiting/ if it
has any, and a conformance test.
Not here: the types of custom resources (discovery.py).
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError

PACKAGE = "kubernetes"
CRD = "CustomResourceDefinition"
CRD_API = "apiextensions.k8s.io/v1"

_BUILTIN_GROUPS = frozenset(
    [
        "core",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "auditregistration.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "extensions",
        "flowcontrol.apiserver.k8s.io",
        "meta",
        "networking.k8s.io",
        "node.k8s.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "settings.k8s.io",
        "storage.k8s.io",
        "storagemigration.k8s.io",
    ]
)
_OTHER_TOOLS = {
    "helm.sh": "charts",
    "kustomize": "kustomizations",
    "yaml": "manifests as a whole",
}


@dataclass(frozen=True, slots=True)
class Resource:
    """Where objects of one kind live in the API."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    def path(self, namespace: str, name: str = "") -> str:
        """Return the path of a collection, or of an object in it."""
        root = (
            f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"
        )
        scope = f"/namespaces/{namespace or 'default'}" if self.namespaced else ""
        return f"{root}{scope}/{self.plural}{'/' if name else ''}{name}"


@dataclass(frozen=True, slots=True)
class Token:
    """What a Pulumi type token says: `kubernetes:apps/v1:Deployment`."""

    api_version: str
    kind: str

    @property
    def is_builtin(self) -> bool:
        """Whether it is a type of Kubernetes itself, not of a CustomResourceDefinition."""
        return is_builtin(self.api_version)


def is_builtin(api_version: str) -> bool:
    """Say whether an apiVersion is one of Kubernetes itself."""
    group, slash, _ = api_version.partition("/")
    return not slash or group in _BUILTIN_GROUPS


def is_crd(obj: dict[str, Any]) -> bool:
    """Say whether an object defines a custom resource."""
    return obj.get("kind") == CRD and obj.get("apiVersion") == CRD_API


@cache
def table() -> dict[str, Any]:
    """Return the field table: `kinds` and `types` (fieldtable/main.go explains it)."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / "fields.json").read_bytes())
    return read


@cache
def builtin(api_version: str, kind: str) -> Resource | None:
    """Return a supported type of Kubernetes itself, None for any other."""
    if (api_version, kind) == (CRD_API, CRD):
        return Resource(api_version, kind, "customresourcedefinitions", namespaced=False)
    entry = table()["kinds"].get(f"{api_version}/{kind}")
    if entry is None:
        return None
    return Resource(api_version, kind, entry["plural"], entry["namespaced"])


def input_names(api_version: str, kind: str) -> list[str]:
    """Return the names at the top of an object that its user gives; none if they aren't known."""
    if (api_version, kind) == (CRD_API, CRD):
        return ["apiVersion", "kind", "metadata", "spec"]
    entry = table()["kinds"].get(f"{api_version}/{kind}")
    return [name for name in table()["types"][entry["type"]] if name != "status"] if entry else []


@cache
def supported(type_token: str) -> Token:
    """Return what a type token means.

    Raises:
        InvalidInputError: the plugin doesn't support the type.
    """
    package, _, rest = type_token.partition(":")
    module, _, kind = rest.rpartition(":")
    if package != PACKAGE or not kind:
        raise _unsupported(type_token, "is not a type of this plugin")
    group = module.partition("/")[0]
    if group in _OTHER_TOOLS:
        raise _unsupported(
            type_token, f"the offline kubernetes plugin has no {_OTHER_TOOLS[group]}"
        )
    api_version = module.removeprefix("core/") if group == "core" else module
    token = Token(api_version, kind)
    if not token.is_builtin:
        return token
    if builtin(api_version, kind) is None:
        for suffix, what in (("List", "lists"), ("Patch", "patch resources")):
            if kind.endswith(suffix):
                raise _unsupported(type_token, f"the offline kubernetes plugin has no {what}")
        raise _unsupported(type_token, "is not supported by the offline kubernetes plugin")
    return token


def check_object(type_token: str, obj: dict[str, Any]) -> None:
    """Refuse an object that is another kind than its type token says.

    Raises:
        InvalidInputError: a patch of a custom resource, or a mistake.
    """
    token = supported(type_token)
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return  # unknown in a preview
    if token.kind == f"{kind}Patch":
        raise _unsupported(type_token, "the offline kubernetes plugin has no patch resources")
    if (api_version.removeprefix("core/"), kind) != (token.api_version, token.kind):
        raise _unsupported(type_token, f"its object says {api_version} {kind}")


def _unsupported(type_token: str, problem: str) -> InvalidInputError:
    names = ", ".join(sorted(key.rpartition("/")[2] for key in table()["kinds"]))
    remedy = (
        f"use custom resources, CustomResourceDefinition or one of {names}, "
        "or Pulumi with its downloadable plugins"
    )
    return InvalidInputError(f"resource type {type_token}", problem, remedy=remedy)
