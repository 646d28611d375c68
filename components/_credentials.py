"""Credentials of a kubeconfig's user: certificate, token, password, or what a plugin answers.

Not here: using them (_cluster_api.py), the kubeconfig's syntax (core/kubeconfig.py).
"""

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import HostError, describe
from core.kubeconfig import Connection

_PLUGIN_SECONDS = 30
_ANSWERED = {
    "token": "token",
    "client-certificate-data": "clientCertificateData",
    "client-key-data": "clientKeyData",
}


class Credentials:
    """Who to be: from the kubeconfig itself or from the plugin that it names."""

    def __init__(self, connection: Connection, thing: str) -> None:
        """Find them out.

        Raises:
            HostError: the plugin gives none.
        """
        user = dict(connection.user)
        if isinstance(user.get("exec"), dict):
            user |= _run_plugin(user["exec"], connection, thing)
        self.certificate = decoded(user.get("client-certificate-data"))
        self.key = decoded(user.get("client-key-data"))
        self.headers: dict[str, str] = {}
        token = user.get("token")
        if not token and user.get("tokenFile"):
            token = Path(user["tokenFile"]).read_text(encoding="utf-8").strip()
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        elif user.get("username"):
            pair = f"{user['username']}:{user.get('password', '')}".encode()
            self.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"


def decoded(data: object) -> bytes | None:
    """Return what base64 in a kubeconfig stands for, None for nothing."""
    return base64.b64decode(str(data)) if data else None


def _run_plugin(plugin: Mapping[str, Any], connection: Connection, thing: str) -> dict[str, Any]:
    """Return the user that a credential plugin answers with (client-go credential plugins)."""
    command = str(plugin.get("command"))
    extra = {str(pair["name"]): str(pair["value"]) for pair in plugin.get("env") or []}
    asked = json.dumps(_question(plugin, connection))
    try:
        done = subprocess.run(
            [command, *map(str, plugin.get("args") or [])],
            env={**os.environ, **extra, "KUBERNETES_EXEC_INFO": asked},
            capture_output=True,
            check=True,
            timeout=_PLUGIN_SECONDS,
        )
        status = json.loads(done.stdout)["status"]
        answered = {key: status.get(name) for key, name in _ANSWERED.items()}
    except FileNotFoundError:
        problem = f"its kubeconfig needs the program {command}, which is not on PATH"
        remedy = str(plugin.get("installHint") or "install it").strip()
        raise HostError(describe(thing, problem, remedy=remedy)) from None
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, AttributeError) as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        problem = f"the credential plugin {command} of its kubeconfig gives no credentials"
        got = said[-200:] or type(error).__name__
        remedy = "log in with the tool that it belongs to"
        raise HostError(describe(thing, problem, got, remedy)) from None
    return {key: _as_in_kubeconfig(key, value) for key, value in answered.items() if value}


def _question(plugin: Mapping[str, Any], connection: Connection) -> dict[str, Any]:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.get("provideClusterInfo"):
        ca = connection.cluster.get("certificate-authority-data")
        spec["cluster"] = {"server": connection.server, "certificate-authority-data": ca}
    version = plugin.get("apiVersion", "client.authentication.k8s.io/v1")
    return {"apiVersion": version, "kind": "ExecCredential", "spec": spec}


def _as_in_kubeconfig(key: str, value: str) -> str:
    """Plugins answer PEM where a kubeconfig has base64 of it."""
    return base64.b64encode(value.encode()).decode() if key.endswith("-data") else value
