"""Credentials of a kubeconfig's user: certificate, token, password, or what a plugin answers.

Not here: using them (_cluster_api.py), the kubeconfig's syntax (core/kubeconfig.py), the same for
the offline plugin (rig/plugins/kubernetes/credentials.py, docs/adr/0006).
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

REMEDY = "give a kubeconfig that kubectl works with"
_PLUGIN_SECONDS = 30
_ANSWERED = {
    "token": "token",
    "client-certificate-data": "clientCertificateData",
    "client-key-data": "clientKeyData",
}
_NO_ANSWER = (
    OSError,
    subprocess.SubprocessError,
    ValueError,
    KeyError,
    AttributeError,
    TypeError,
)


class Credentials:
    """Who to be: from the kubeconfig itself or from the plugin that it names."""

    def __init__(self, connection: Connection, thing: str) -> None:
        """Find them out.

        Raises:
            HostError: the kubeconfig's can't be read, or the plugin gives none.
        """
        user = dict(connection.user)
        if isinstance(user.get("exec"), dict):
            user |= _run_plugin(user["exec"], connection, thing)
        elif isinstance(user.get("auth-provider"), dict):
            problem = "its kubeconfig has an auth-provider, which is not supported"
            remedy = "use a kubeconfig with an exec plugin, as providers' tools write them now"
            raise HostError(describe(thing, problem, user["auth-provider"].get("name"), remedy))
        self.certificate = decoded(user, "client-certificate-data", thing)
        self.key = decoded(user, "client-key-data", thing)
        self.headers: dict[str, str] = {}
        token = user.get("token")
        if not token and user.get("tokenFile"):
            token = _token(Path(user["tokenFile"]), thing)
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        elif user.get("username"):
            pair = f"{user['username']}:{user.get('password', '')}".encode()
            self.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"


def decoded(stanza: Mapping[str, Any], key: str, thing: str) -> bytes | None:
    """Return what base64 in a kubeconfig stands for, None for nothing.

    Raises:
        HostError: it is not base64.
    """
    try:
        return base64.b64decode(str(stanza[key])) if stanza.get(key) else None
    except ValueError:  # a key may be in it: neither shown nor chained
        problem = f"{key} in its kubeconfig is not base64"
        raise HostError(describe(thing, problem, remedy=REMEDY)) from None


def _token(path: Path, thing: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        problem = f"the tokenFile of its kubeconfig can't be read ({error.strerror})"
    except ValueError:
        problem = "the tokenFile of its kubeconfig is not text"
    raise HostError(describe(thing, problem, str(path), REMEDY))


def _run_plugin(plugin: Mapping[str, Any], connection: Connection, thing: str) -> dict[str, Any]:
    """Return the user that a credential plugin answers with (client-go credential plugins)."""
    command = str(plugin.get("command"))
    asked = json.dumps(_question(plugin, connection))
    try:
        extra = {str(pair["name"]): str(pair["value"]) for pair in plugin.get("env") or []}
        done = subprocess.run(
            [command, *map(str, plugin.get("args") or [])],
            env={**os.environ, **extra, "KUBERNETES_EXEC_INFO": asked},
            stdin=subprocess.DEVNULL,  # else one that asks for a password waits until its time-out
            capture_output=True,
            check=True,
            timeout=_PLUGIN_SECONDS,
        )
        status = json.loads(done.stdout)["status"]
        answered = {key: str(status[name]) for key, name in _ANSWERED.items() if status.get(name)}
    except FileNotFoundError:
        problem = f"its kubeconfig needs the program {command}, which is not on PATH"
        remedy = str(plugin.get("installHint") or "install it").strip()
        raise HostError(describe(thing, problem, remedy=remedy)) from None
    except _NO_ANSWER as error:
        said = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip()
        problem = f"the credential plugin {command} of its kubeconfig gives no credentials"
        got = said[-200:] or type(error).__name__
        remedy = "log in with the tool that it belongs to"
        raise HostError(describe(thing, problem, got, remedy)) from None
    return {key: _as_in_kubeconfig(key, value) for key, value in answered.items()}


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
