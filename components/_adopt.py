"""Turns what a user gives as a kubeconfig, path or text, into one connection that needs no files.

Owns: every read of a kubeconfig's files.
Not here: its syntax (core/kubeconfig.py), connecting (_cluster_api.py).
"""

import base64
import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import kubeconfig
from core.errors import InvalidInputError

_FILES = {
    "certificate-authority": "certificate-authority-data",
    "client-certificate": "client-certificate-data",
    "client-key": "client-key-data",
}


def connection(given: str, context: str | None, thing: str) -> kubeconfig.Connection:
    """Return the connection that a kubeconfig means.

    Args:
        given: Path of a kubeconfig, relative to the project, or its content.
        context: Name of the context; None for the current one.
        thing: The settings block that it stands in, for errors.

    Raises:
        InvalidInputError: it can't be read, parsed, or has no such context.
    """
    if kubeconfig.is_content(given):
        return _embedded(kubeconfig.read(given, context, thing), Path(), thing)
    path = Path(given).expanduser()
    remedy = "give the path of a kubeconfig, or its content"
    text = _read(path, f"{thing}.kubeconfig", remedy)
    return _embedded(kubeconfig.read(text, context, thing), path.parent, thing)


def _embedded(found: kubeconfig.Connection, folder: Path, thing: str) -> kubeconfig.Connection:
    """Replace paths by what is there: a state is read on other machines than it was written on."""
    user = _with_data(found.user, folder, thing)
    if user.get("tokenFile"):  # stays a file: what is in it is renewed
        user["tokenFile"] = str((folder / str(user["tokenFile"])).resolve())
    if isinstance(user.get("exec"), dict):
        user["exec"] = _with_command(user["exec"], folder)
    return dataclasses.replace(found, cluster=_with_data(found.cluster, folder, thing), user=user)


def _with_data(stanza: Any, folder: Path, thing: str) -> dict[str, Any]:  # noqa: ANN401
    embedded = dict(stanza)
    for key, data_key in _FILES.items():
        path = embedded.pop(key, None)
        if path and not embedded.get(data_key):
            remedy = "give a kubeconfig that kubectl works with"
            content = _read(folder / Path(path).expanduser(), f"{thing}.kubeconfig: {key}", remedy)
            embedded[data_key] = base64.b64encode(content.encode()).decode("ascii")
    return embedded


def _with_command(plugin: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Replace a relative path of the plugin; a mere name is looked up on PATH (as kubectl does)."""
    command = str(plugin.get("command"))
    return {**plugin, "command": str(folder.absolute() / command) if os.sep in command else command}


def _read(path: Path, thing: str, remedy: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        problem = f"the file can't be read ({error.strerror})"
    except UnicodeDecodeError:
        problem = "the file is not text"
    raise InvalidInputError(thing, problem, str(path), remedy)
