"""check: completes and checks the inputs of a resource: its name, its namespace, its spelling.

Not here: whether the API server will take them (a preview's dry run does that: create.py).
"""

from core.errors import InvalidInputError
from rig.plugins.kubernetes import kinds, naming, normalize, values
from rig.plugins.kubernetes.annotations import AUTONAMED, WAIT_FOR, annotation, metadata
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import with_secrets
from rig.plugins.kubernetes.values import Tree, Unknown
from rig.plugins.kubernetes.waiting import conditions

_MANAGED_BY = "app.kubernetes.io/managed-by"


def check(plugin: Plugin, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
    """Answer the engine's Check.

    Raises:
        InvalidInputError: the type isn't supported, or the object can't be named.
    """
    if plugin.unreachable and plugin.settings.skip_update_unreachable:
        plugin.engine.warn(request.urn, "the cluster is unreachable: skipped, as the provider says")
        return provider_pb2.CheckResponse(inputs=request.olds)
    given = values.read(request.news)
    old = values.read(request.olds).plain
    kinds.check_object(request.type or _type_of(request.urn), given.plain)
    if AUTONAMED in (metadata(given.plain).get("annotations") or {}):
        plugin.engine.warn(request.urn, f"annotation {AUTONAMED} is the provider's own")
    if asked := annotation(given.plain, WAIT_FOR):
        conditions.parse(asked)  # a mistake in it is found before anything is created
    obj, dropped = normalize.normalize(given.plain, has_unknowns=given.has_unknowns)
    if dropped:
        fields = ", ".join(dropped)
        plugin.engine.warn(request.urn, f"Kubernetes knows no such fields, left out: {fields}")
    obj = _named(obj, old, request)
    obj = _in_default_namespace(plugin, obj)
    if kinds.is_crd(obj):
        plugin.discovery.declare(obj)
    return provider_pb2.CheckResponse(inputs=values.write(with_secrets(obj, given)))


def _named(obj: Tree, old: Tree, request: provider_pb2.CheckRequest) -> Tree:
    if old:
        obj = naming.keep_autoname(obj, old)
        labels = metadata(old).get("labels")
        if isinstance(labels, dict) and labels.get(_MANAGED_BY) == "pulumi":
            obj = _labelled(obj)
    else:
        options = request.autonaming if request.HasField("autonaming") else None
        obj = naming.autoname(obj, request.urn, request.randomSeed, options)
    if metadata(obj).get("generateName") and not naming.is_named(obj):
        name = request.urn.rpartition("::")[2]
        problem = "metadata.generateName does not go with server-side apply"
        remedy = "leave it out: the provider names objects itself"
        raise InvalidInputError(f"resource {name}", problem, metadata(obj)["generateName"], remedy)
    return obj


def _labelled(obj: Tree) -> Tree:
    """Keep the label that earlier versions of the official plugin set."""
    found = obj.get("metadata")
    if isinstance(found, Unknown) or isinstance(metadata(obj).get("labels"), Unknown):
        return obj
    labels = {**(metadata(obj).get("labels") or {}), _MANAGED_BY: "pulumi"}
    return {**obj, "metadata": {**metadata(obj), "labels": labels}}


def _in_default_namespace(plugin: Plugin, obj: Tree) -> Tree:
    found = obj.get("metadata")
    if isinstance(found, Unknown) or metadata(obj).get("namespace"):
        return obj
    api_version, kind = obj.get("apiVersion"), obj.get("kind")
    if not isinstance(api_version, str) or not isinstance(kind, str):
        return obj
    if not plugin.discovery.namespaced(api_version, kind):
        return obj
    return {**obj, "metadata": {**metadata(obj), "namespace": plugin.namespace}}


def _type_of(urn: str) -> str:
    """Return the type in `urn:pulumi:stack::project::parent$type::name`."""
    return urn.split("::")[2].rpartition("$")[2]
