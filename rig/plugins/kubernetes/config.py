"""config: the provider's settings: which there are, where they come from, when they matter.

A setting of the provider wins over its PULUMI_K8S_* variable.
Not here: the kubeconfig's content (kubeconfig.py).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInputError
from rig.plugins.kubernetes import kubeconfig
from rig.plugins.kubernetes.annotations import WAIT_FOR
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.values import Data, Tree, Unknown

_PREFIX = "kubernetes:config:"
_THING = "kubernetes provider"
_CLUSTER_IDENTIFIER = "clusterIdentifier"
_WHICH_CLUSTER = ("kubeconfig", "context", "cluster")

_AWAIT_ALL = "PULUMI_K8S_AWAIT_ALL"
_FLAGS = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "enableServerSideApply": "PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
}
_CLIENT = {
    "burst": "PULUMI_K8S_CLIENT_BURST",
    "qps": "PULUMI_K8S_CLIENT_QPS",
    "timeout": "PULUMI_K8S_CLIENT_TIMEOUT",
}
_OTHERS = (
    *_WHICH_CLUSTER,
    "namespace",
    _CLUSTER_IDENTIFIER,
    "kubeClientSettings",
    "strictMode",
    "suppressDeprecationWarnings",  # the supported types have none
    "suppressHelmHookWarnings",  # nor are resources watched for hooks
    "version",  # of the plugin, and
    "pluginDownloadURL",  # where from: for the engine
)
_REFUSED = {
    "alwaysRender": "rendering YAML",
    "helmReleaseSettings": "Helm releases",
    "rejectUnknownResources": "rejecting unknown resources",
    "renderYamlToDirectory": "rendering YAML",
}

Failures = list[provider_pb2.CheckFailure]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a configured provider was told."""

    kubeconfig: str
    context: str
    cluster: str
    namespace: str
    delete_unreachable: bool
    mutable_config_maps: bool
    mutable_secrets: bool
    force: bool
    skip_update_unreachable: bool
    upsert: bool
    client: Mapping[str, float]


def settings(variables: Mapping[str, str]) -> Settings:
    """Return the settings of a provider.

    Raises:
        InvalidInputError: one of them can't be.
    """
    given = {key.removeprefix(_PREFIX): value for key, value in variables.items()}
    flags = {name: _flag(name, given) for name in _FLAGS}
    if os.environ.get(_AWAIT_ALL) == "true":
        problem = (
            "the offline plugin waits for the kinds that the official one waits for by default"
        )
        remedy = f"unset it, and say with the annotation {WAIT_FOR} what else to wait for"
        raise InvalidInputError(_AWAIT_ALL, problem, remedy=remedy)
    if not flags["enableServerSideApply"]:
        raise InvalidInputError(_THING, _no_client_side(), remedy="leave it out, or set it to true")
    return Settings(
        kubeconfig=given.get("kubeconfig", ""),
        context=given.get("context", ""),
        cluster=given.get("cluster", ""),
        namespace=given.get("namespace", ""),
        delete_unreachable=flags["deleteUnreachable"],
        mutable_config_maps=flags["enableConfigMapMutable"],
        mutable_secrets=flags["enableSecretMutable"],
        force=flags["enablePatchForce"],
        skip_update_unreachable=flags["skipUpdateUnreachable"],
        upsert=flags["upsertExistingObjects"],
        client=_client(given.get("kubeClientSettings") or "{}"),
    )


def check(news: Tree, urn: str) -> Failures:
    """Return what is wrong with a provider's settings."""
    failures: Failures = []
    known = {*_FLAGS, *_OTHERS}
    for name, value in news.items():
        if name in _REFUSED and value not in (None, "", "false", False, "{}"):
            failures.append(_failure(name, f"the offline plugin doesn't do {_REFUSED[name]}"))
        elif name not in known and name not in _REFUSED and not name.startswith("__"):
            failures.append(_failure(name, "is no setting of the kubernetes provider"))
    if news.get("enableServerSideApply") in ("false", False):
        failures.append(_failure("enableServerSideApply", _no_client_side()))
    if _is_strict(news) and "::pulumi:providers:" in urn:
        failures += _strict_failures(news, urn)
    return failures


def diff(olds: Tree, news: Tree) -> provider_pb2.DiffResponse:
    """Say whether changed settings mean another cluster, so that all its objects are replaced.

    A kubeconfig has no identity of its own: another server, CA, proxy or TLS name of the active
    cluster counts as another cluster, unless both sides have the same clusterIdentifier.
    """
    response = provider_pb2.DiffResponse
    changed = sorted(k for k in {*olds, *news} if _differs(olds.get(k), news.get(k)))
    if not changed:
        return response(changes=response.DIFF_NONE)
    replaces: list[str] = []
    old_id, new_id = olds.get(_CLUSTER_IDENTIFIER), news.get(_CLUSTER_IDENTIFIER)
    if old_id is not None and new_id is not None and _differs(old_id, new_id):
        replaces.append(_CLUSTER_IDENTIFIER)
    unknown = next((key for key in _WHICH_CLUSTER if isinstance(news.get(key), Unknown)), None)
    if unknown is not None:
        changed = [unknown]
        replaces.append(unknown)
    elif _other_cluster(olds, news):
        replaces += [key for key in _WHICH_CLUSTER if key in changed]
    if new_id is not None and not _differs(old_id, new_id):
        replaces = []
    return response(changes=response.DIFF_SOME, diffs=changed, replaces=replaces)


def _flag(name: str, given: Mapping[str, str]) -> bool:
    value = given.get(name, os.environ.get(_FLAGS[name]))
    return name == "enableServerSideApply" if value is None else value == "true"


def _client(text: str) -> dict[str, float]:
    read: dict[str, float] = {}
    try:
        asked: dict[str, Any] = json.loads(text)
        for name, variable in _CLIENT.items():
            value = asked.get(name) or os.environ.get(variable)
            if value is not None and float(value) > 0:
                read[name] = float(value)
    except (ValueError, AttributeError, TypeError):
        problem = "burst, qps and timeout are not all numbers"
        remedy = "give each a number above 0, or leave it out"
        raise InvalidInputError(f"{_THING}: kubeClientSettings", problem, text, remedy) from None
    return read


def _is_strict(news: Tree) -> bool:
    value = news.get("strictMode")
    if isinstance(value, str):
        return value == "true"
    try:
        stack = json.loads(os.environ.get("PULUMI_CONFIG") or "{}")
    except ValueError:
        return False
    return isinstance(stack, dict) and stack.get("strictMode") == "true"


def _strict_failures(news: Tree, urn: str) -> Failures:
    failures = [
        _failure(name, f'strict mode requires the provider\'s "{name}" argument')
        for name in ("kubeconfig", "context")
        if news.get(name) in (None, "")
    ]
    if urn.rpartition("::")[2].startswith("default"):
        failures.insert(0, _failure("", "strict mode prohibits the default provider"))
    return failures


def _other_cluster(olds: Tree, news: Tree) -> bool:
    new = _active_cluster(news)
    try:
        old = _active_cluster(olds)
    except InvalidInputError:  # a file that has moved says nothing about its cluster
        return False
    return old is not None and new is not None and old != new


def _active_cluster(config: Tree) -> Mapping[str, Any] | None:
    given = config.get("kubeconfig")
    text = json.dumps(given) if isinstance(given, dict) else str(given or "")
    read = kubeconfig.read(text)
    return read.active_cluster(config.get("context"), config.get("cluster"))


def _differs(old: Data, new: Data) -> bool:
    return isinstance(new, Unknown) or type(old) is not type(new) or bool(old != new)


def _no_client_side() -> str:
    return "the offline plugin has server-side apply alone"


def _failure(name: str, reason: str) -> provider_pb2.CheckFailure:
    return provider_pb2.CheckFailure(property=name, reason=reason)
