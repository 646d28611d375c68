"""plugin: a configured provider: its settings, its cluster, whom it tells what.

Not here: the operations (check.py, diff.py, create.py, read.py, update.py, delete.py).
"""

import threading
from dataclasses import dataclass, field

from core.errors import TenantplaneError
from rig.plugins.kubernetes import kubeconfig
from rig.plugins.kubernetes.annotations import text
from rig.plugins.kubernetes.api import Api, ApiError, Throttle, UnreachableError
from rig.plugins.kubernetes.config import Settings, settings
from rig.plugins.kubernetes.credentials import Credentials
from rig.plugins.kubernetes.discovery import Discovery
from rig.plugins.kubernetes.engine import Engine
from rig.plugins.kubernetes.kinds import Resource
from rig.plugins.kubernetes.transport import Transport
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.loop import Watcher

_OLDEST = (1, 13)
_QPS, _BURST = 50.0, 120


@dataclass
class Plugin:
    """One provider. Whether its cluster answers is decided once, when it is configured."""

    settings: Settings = field(default_factory=lambda: settings({}))
    engine: Engine = field(default_factory=Engine)
    cancelled: threading.Event = field(default_factory=threading.Event)
    namespace: str = "default"
    """Of objects that name none."""

    unreachable: str = "the provider is not configured"
    """Why the cluster can't be used; empty if it can."""

    discovery: Discovery = field(default_factory=lambda: Discovery(None))
    _api: Api | None = None

    @property
    def api(self) -> Api:
        """The cluster's API.

        Raises:
            UnreachableError: the cluster can't be used.
        """
        if self._api is None or self.unreachable:
            raise UnreachableError(
                f"configured Kubernetes cluster is unreachable: {self.unreachable}"
            )
        return self._api

    def configure(self, variables: dict[str, str]) -> None:
        """Take settings, and see whether the cluster answers.

        Raises:
            InvalidInputError: a setting can't be.
        """
        self.settings = settings(variables)
        try:
            self._api = self._connect()
            self.unreachable = ""
        except (TenantplaneError, ApiError) as error:
            self.unreachable = str(error)
        self.discovery = Discovery(self._api)

    def cancel(self) -> None:
        """End what is under way, and let nothing new start."""
        self.cancelled.set()
        if self._api is not None:
            self._api.stop()

    def find(self, obj: Tree) -> Resource | None:
        """Return where objects like this one live, None when the API server has no such kind."""
        return self.discovery.find(text(obj, "apiVersion"), text(obj, "kind"))

    def live_or_none(self, obj: Tree) -> Tree | None:
        """Return an object as it is now, None when it is gone."""
        resource = self.find(obj)
        if resource is None:
            return None
        namespace, name = text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
        try:
            return self.api.get(resource.path(namespace, name))
        except ApiError as error:
            if error.not_found:
                return None
            raise

    def watcher(self, resource: Resource, urn: str) -> Watcher:
        """Return what waiting for an object of a resource needs."""
        return Watcher(
            api=self.api,
            resource=resource,
            status=lambda message: self.engine.status(urn, message),
            cancelled=self.cancelled,
        )

    def _connect(self) -> Api:
        given = self.settings
        found = kubeconfig.read(given.kubeconfig) if given.kubeconfig else kubeconfig.ambient()
        target = found.target(given.context, given.cluster, given.namespace)
        self.namespace = target.namespace
        throttle = None
        if {"qps", "burst"} & set(given.client):
            qps = given.client.get("qps", _QPS)
            throttle = Throttle(qps, int(given.client.get("burst", _BURST)))
        api = Api(
            Transport(target, Credentials(target)),
            throttle=throttle,
            timeout_seconds=given.client.get("timeout"),
        )
        version = api.get("/version")
        api.get("/apis")  # /version is open to everybody, this is not
        if _number(version) < _OLDEST:
            raise UnreachableError(f"Kubernetes {version.get('gitVersion')} is older than 1.13")
        return api


def _number(version: Tree) -> tuple[int, int]:
    minor = "".join(c for c in str(version.get("minor")) if c.isdigit())
    return int(version.get("major") or 0), int(minor or 0)
