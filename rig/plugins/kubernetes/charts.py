"""charts: the function `kubernetes:helm:template`: what a chart is made of, as objects.

Works where the cluster is unreachable; where it answers, a chart whose caller names no versions
gets those of the cluster. Objects without a namespace get the release's, if their kind has one.
Not here: running Helm (helm.py), custom resources' scopes (discovery.py).
"""

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, TypeVar

from core import kinds, kubernetes_yaml
from core.errors import InvalidInputError, TenantplaneError
from rig.plugins.kubernetes import helm, values
from rig.plugins.kubernetes.api import ApiError
from rig.plugins.kubernetes.helm import ChartOptions, FetchOptions
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.values import Data, Tree

TOKEN = "kubernetes:helm:template"  # noqa: S105  a function's

_OPTIONS = "jsonOpts"

_Options = TypeVar("_Options", ChartOptions, FetchOptions)


def template(plugin: Plugin, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
    """Return the objects of a chart, in Helm's order, hooks last.

    Raises:
        InvalidInputError: the options can't be.
        TenantplaneError: helm refuses the chart.
    """
    options = _with_versions(_read(values.read(request.args).plain.get(_OPTIONS)), plugin)
    text = helm.template(options)
    objects = list(_objects(text, options.namespace, plugin))
    return provider_pb2.InvokeResponse(**{"return": values.write({"result": objects})})


def _read(given: object) -> ChartOptions:
    if not isinstance(given, str):
        raise InvalidInputError(_OPTIONS, "is not a text", remedy="give the options as JSON")
    try:
        read = json.loads(given)
    except ValueError as error:
        raise InvalidInputError(_OPTIONS, f"is not JSON: {error}") from None
    options = _section(ChartOptions, read, _OPTIONS)
    fetch = _section(FetchOptions, read.get("fetch_opts") or {}, f"{_OPTIONS}.fetch_opts")
    return dataclasses.replace(options, fetch_opts=fetch)


def _section(cls: type[_Options], given: Any, path: str) -> _Options:  # noqa: ANN401
    """Return options of a class; what the official plugin doesn't know it leaves alone too."""
    if not isinstance(given, dict):
        raise InvalidInputError(path, "is not a mapping", given)
    defaults = vars(cls())
    known = {name: given[name] for name in defaults if given.get(name) is not None}
    known.pop("fetch_opts", None)
    for name, value in known.items():
        if type(value) is not type(defaults[name]):
            kind = type(defaults[name]).__name__
            raise InvalidInputError(f"{path}.{name}", f"is not a {kind}", type(value).__name__)
    return cls(**known)


def _with_versions(options: ChartOptions, plugin: Plugin) -> ChartOptions:
    """Fill in what the cluster says of itself, as far as it answers and the caller didn't say."""
    if plugin.unreachable or (options.kube_version and options.api_versions):
        return options
    try:
        version = options.kube_version or str(plugin.api.get("/version")["gitVersion"])
        served = options.api_versions or plugin.discovery.served()
    except (ApiError, TenantplaneError) as error:
        plugin.engine.warn("", f"unable to determine cluster's API version: {error}")
        return options
    return dataclasses.replace(options, kube_version=version, api_versions=served)


def _objects(text: str, namespace: str, plugin: Plugin) -> Iterator[Tree]:
    for document in kubernetes_yaml.documents(text, "the chart's objects"):
        obj = document.value
        # Templates often leave documents with nothing in them.
        if not isinstance(obj, dict) or not obj.get("apiVersion") or not obj.get("kind"):
            continue
        metadata = obj.get("metadata") or {}
        if namespace and not metadata.get("namespace") and _is_namespaced(obj, plugin):
            obj["metadata"] = metadata | {"namespace": namespace}
        yield _without_nulls(obj)


def _without_nulls(value: Data) -> Data:
    """Leave out keys that say nothing, as the official plugin does; a null in a list stays."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _is_namespaced(obj: Tree, plugin: Plugin) -> bool:
    """Say whether an object lives in a namespace; of an unknown kind it is assumed."""
    api_version, kind = str(obj["apiVersion"]), str(obj["kind"])
    if kinds.is_cluster_wide(api_version, kind):
        return False
    try:
        return plugin.discovery.namespaced(api_version, kind)
    except (ApiError, TenantplaneError):
        return True
