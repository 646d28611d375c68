"""credentials: who to be at the API server: certificate, token, password, or a plugin's answer.

Not here: connecting (transport.py), the kubeconfig's syntax (kubeconfig.py).
"""

import base64
import json
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import HostError, describe
from rig.plugins.kubernetes.kubeconfig import Target

_THING = "kubernetes provider: credentials"
_PLUGIN_SECONDS = 60


def blob(stanza: Mapping[str, Any], name: str, folder: Path) -> bytes | None:
    """Return `<name>-data` or the content of the file that `<name>` names.

    Raises:
        HostError: the file can't be read.
    """
    data = stanza.get(f"{name}-data")
    if data:
        return base64.b64decode(str(data))
    path = stanza.get(name)
    if not path:
        return None
    try:
        return (folder / str(path)).read_bytes()
    except OSError as error:
        remedy = "give a kubeconfig that kubectl works with"
        raise HostError(describe(_THING, f"{name} can't be read", error.strerror, remedy)) from None


class Credentials:
    """A user of a kubeconfig; may be used by many threads."""

    def __init__(self, target: Target) -> None:
        """Find out who to be.

        Raises:
            HostError: a file is missing, or the plugin of the kubeconfig gives nothing.
        """
        self._target = target
        self._lock = threading.Lock()
        if "auth-provider" in target.user and "exec" not in target.user:
            problem = "its kubeconfig has an auth-provider, which is not supported"
            remedy = "use a kubeconfig with an exec plugin, as providers' tools write them now"
            raise HostError(describe(_THING, problem, remedy=remedy))
        self._answer: dict[str, str] = {}
        if self.from_plugin:
            self.renew("")

    @property
    def from_plugin(self) -> bool:
        """Whether a plugin can be asked for new ones."""
        return isinstance(self._target.user.get("exec"), dict)

    @property
    def certificate(self) -> bytes | None:
        """Certificate and key of the client, PEM, one after the other."""
        if self._answer.get("clientCertificateData"):
            pair = self._answer["clientCertificateData"], self._answer.get("clientKeyData", "")
            return "\n".join(pair).encode()
        user, folder = self._target.user, self._target.folder
        certificate = blob(user, "client-certificate", folder)
        key = blob(user, "client-key", folder)
        return certificate + b"\n" + key if certificate and key else None

    @property
    def authorization(self) -> str:
        """The Authorization header, empty for none."""
        user = self._target.user
        token = self._answer.get("token") or user.get("token")
        if user.get("tokenFile"):
            file = self._target.folder / str(user["tokenFile"])
            token = file.read_text(encoding="utf-8").strip() or token
        if token:
            return f"Bearer {token}"
        if user.get("username"):
            pair = f"{user['username']}:{user.get('password', '')}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return ""

    def renew(self, refused: str) -> None:
        """Ask the plugin again, unless another thread has since `refused` was the header."""
        with self._lock:
            if self._answer and refused != self.authorization:
                return
            self._answer = _run_plugin(self._target)


def _run_plugin(target: Target) -> dict[str, str]:
    """Return what a credential plugin answers (Kubernetes' docs: client-go credential plugins)."""
    plugin = target.user["exec"]
    command = str(plugin.get("command"))
    if os.sep in command:
        command = str(target.folder / command)
    extra = {str(pair["name"]): str(pair["value"]) for pair in plugin.get("env") or []}
    try:
        done = subprocess.run(
            [command, *map(str, plugin.get("args") or [])],
            env={**os.environ, **extra, "KUBERNETES_EXEC_INFO": json.dumps(_question(target))},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_PLUGIN_SECONDS,
        )
        answer: dict[str, str] = json.loads(done.stdout)["status"]
    except FileNotFoundError:
        problem = f"the kubeconfig needs the program {command}, which is not on PATH"
        remedy = str(plugin.get("installHint") or "install it").strip()
        raise HostError(describe(_THING, problem, remedy=remedy)) from None
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        problem = f"the plugin {command} of the kubeconfig gives none"
        remedy = "log in with the tool that it belongs to"
        text = describe(_THING, problem, said[-200:] or type(error).__name__, remedy)
        raise HostError(text) from None
    return answer


def _question(target: Target) -> dict[str, Any]:
    plugin, cluster = target.user["exec"], target.cluster
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        names = ("server", "tls-server-name", "certificate-authority-data")
        spec["cluster"] = {name: cluster[name] for name in names if name in cluster}
    version = plugin.get("apiVersion", "client.authentication.k8s.io/v1")
    return {"apiVersion": version, "kind": "ExecCredential", "spec": spec}
