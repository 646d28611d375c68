"""discovery: where custom resources live in the API, asked once per group and version.

Owns: what the program's own CustomResourceDefinitions say before the API server knows them.
Not here: the types of Kubernetes itself (kinds.py).
"""

import threading
from typing import Any

from rig.plugins.kubernetes import kinds
from rig.plugins.kubernetes.api import Api, ApiError
from rig.plugins.kubernetes.kinds import Resource
from rig.plugins.kubernetes.values import Tree


class Discovery:
    """Finds resources; safe to use from many threads."""

    def __init__(self, api: Api | None) -> None:
        """Start with nothing known.

        Args:
            api: None when the cluster is unreachable: then only built-in types are known.
        """
        self._api = api
        self._known: dict[str, dict[str, Resource]] = {}
        self._declared: dict[tuple[str, str], bool] = {}
        self._lock = threading.Lock()

    def find(self, api_version: str, kind: str) -> Resource | None:
        """Return where a kind lives, None when the API server has no such kind.

        Raises:
            ApiError: the API server refuses to say.
            UnreachableError: it doesn't answer.
        """
        if kinds.is_builtin(api_version):
            return kinds.builtin(api_version, kind)
        found = self._known.get(api_version, {}).get(kind)
        if found is None and self._api is not None:
            found = self._ask(self._api, api_version).get(kind)
        return found

    def namespaced(self, api_version: str, kind: str) -> bool:
        """Say whether objects of a kind live in namespaces; kinds that nobody knows yet do."""
        group = api_version.partition("/")[0]
        declared = self._declared.get((group, kind))
        if declared is not None:
            return declared
        found = self.find(api_version, kind)
        return found is None or found.namespaced

    def served(self) -> list[str]:
        """Return all that the API server serves: `group/version` and `group/version/Kind`.

        Raises:
            ApiError: it refuses to say.
            UnreachableError: it doesn't answer.
        """
        if self._api is None:
            return []
        groups = self._api.get("/apis").get("groups") or []
        versions = [f"/apis/{one['groupVersion']}" for group in groups for one in group["versions"]]
        found: dict[str, None] = {}
        for path in ["/api/v1", *versions]:
            listed = self._api.get(path)
            of_version = str(listed["groupVersion"])
            found[of_version] = None
            for entry in listed.get("resources") or []:
                found[f"{of_version}/{entry['kind']}"] = None
        return list(found)

    def declare(self, crd: Tree) -> None:
        """Remember the scope of what a CustomResourceDefinition of the program defines."""
        spec = crd.get("spec")
        names: Any = spec.get("names") if isinstance(spec, dict) else None
        if isinstance(spec, dict) and isinstance(names, dict):
            group, kind, scope = spec.get("group"), names.get("kind"), spec.get("scope")
            if isinstance(group, str) and isinstance(kind, str) and isinstance(scope, str):
                self._declared[group, kind] = scope == "Namespaced"

    def forget(self) -> None:
        """Ask again: a CustomResourceDefinition has changed."""
        with self._lock:
            self._known.clear()

    def _ask(self, api: Api, api_version: str) -> dict[str, Resource]:
        try:
            listed = api.get(f"/apis/{api_version}")
        except ApiError as error:
            if error.not_found:
                return {}
            raise
        found = {
            entry["kind"]: Resource(api_version, entry["kind"], entry["name"], entry["namespaced"])
            for entry in listed.get("resources") or []
            if "/" not in entry["name"]
        }
        with self._lock:
            self._known[api_version] = found
        return found
