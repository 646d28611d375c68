"""kubeconfig: which cluster a kubeconfig leads to, as kubectl reads it.

Owns: inline text, paths and $KUBECONFIG; the settings that override a context.
Not here: the kubeconfigs that tenantplane writes (core/kubeconfig.py), keys and tokens
(credentials.py).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError
from rig.plugins.kubernetes.values import Data

_REMEDY = "give a kubeconfig that kubectl works with"
_SECTIONS = {"clusters": "cluster", "contexts": "context", "users": "user"}

Entries = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Target:
    """A cluster, who to be there, and the namespace that a context chose."""

    cluster: Mapping[str, Any]
    user: Mapping[str, Any]
    namespace: str
    folder: Path
    """What relative paths in it start from."""


@dataclass(frozen=True)
class Kubeconfig:
    """A kubeconfig that was read."""

    clusters: Entries
    contexts: Entries
    users: Entries
    current: str
    folder: Path

    def active_cluster(self, context: str | None, cluster: str | None) -> Mapping[str, Any] | None:
        """Return the cluster stanza that counts, None when there is none."""
        chosen = self.contexts.get(context or self.current)
        if chosen is None:
            return None
        return self.clusters.get(cluster or str(chosen.get("cluster")))

    def target(self, context: str, cluster: str, namespace: str) -> Target:
        """Return where to connect; an empty argument leaves the choice to the kubeconfig.

        Raises:
            InvalidInputError: it has no such context or cluster.
        """
        name = context or self.current
        chosen = self.contexts.get(name)
        if chosen is None:
            problem = "has no such context" if name else "has no current context"
            known = ", ".join(sorted(self.contexts)) or "none"
            raise _wrong(problem, f"set the provider's context to one that it has ({known})", name)
        stanza = self.active_cluster(name, cluster)
        server = (stanza or {}).get("server")
        if stanza is None or not isinstance(server, str) or not server.startswith("http"):
            raise _wrong(f"its context {name} leads to no cluster with a server", _REMEDY)
        return Target(
            cluster=stanza,
            user=self.users.get(str(chosen.get("user")), {}),
            namespace=namespace or str(chosen.get("namespace") or "default"),
            folder=self.folder,
        )


EMPTY = Kubeconfig({}, {}, {}, "", Path())


def read(text_or_path: str) -> Kubeconfig:
    """Return the kubeconfig that a setting holds: its text, or the path of a file.

    Raises:
        InvalidInputError: it is neither.
    """
    if not text_or_path:
        return EMPTY
    if "\n" in text_or_path or text_or_path.lstrip().startswith("{"):
        return _parse(text_or_path, Path.cwd())
    path = Path(text_or_path).expanduser()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise _wrong("is neither a kubeconfig nor the path of one", _REMEDY, text_or_path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise _wrong(f"its file can't be read: {reason}", _REMEDY) from None
    return _parse(text, path.parent)


def ambient() -> Kubeconfig:
    """Return what $KUBECONFIG names, else ~/.kube/config; files are merged, the first one wins."""
    listed = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    merged = EMPTY
    for path in listed or [str(Path.home() / ".kube" / "config")]:
        if not Path(path).is_file():
            continue
        found = read(path)
        merged = Kubeconfig(
            {**found.clusters, **merged.clusters},
            {**found.contexts, **merged.contexts},
            {**found.users, **merged.users},
            merged.current or found.current,
            merged.folder if merged is not EMPTY else found.folder,
        )
    if merged is EMPTY:
        raise _wrong("there is none", "set the provider's kubeconfig, or KUBECONFIG")
    return merged


def _parse(text: str, folder: Path) -> Kubeconfig:
    document = _load(text)
    if not isinstance(document, dict):
        raise _wrong("is not a kubeconfig", _REMEDY)
    sections = {name: _by_name(document.get(name), key) for name, key in _SECTIONS.items()}
    current = str(document.get("current-context") or "")
    return Kubeconfig(
        sections["clusters"], sections["contexts"], sections["users"], current, folder
    )


def _load(text: str) -> Data:
    # It holds keys: no error shows what was read.
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            raise _wrong("is not JSON", _REMEDY) from None
    import yaml  # noqa: PLC0415  20 ms that a provider without it doesn't pay

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)  # noqa: S506  both loaders are safe ones
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise _wrong(f"is not YAML{f' at line {mark.line + 1}' if mark else ''}", _REMEDY) from None


def _by_name(entries: Data, key: str) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict) and isinstance(entry.get(key), dict):
            named.setdefault(str(entry.get("name")), entry[key])
    return named


def _wrong(problem: str, remedy: str, got: str = "") -> InvalidInputError:
    shown = f"{problem}, got {got!r}" if got else problem
    return InvalidInputError("kubernetes provider: kubeconfig", shown, remedy=remedy)
