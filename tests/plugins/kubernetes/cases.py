"""Objects of every supported kind, each with many ways to change it, for comparing plugins.

Not here: the objects themselves (objects.py).
"""

import copy
import json
import re

from google.protobuf.json_format import MessageToDict

from rig.plugins.kubernetes import values
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import FailedError

UNKNOWN = values._UNKNOWNS["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
TOKENS = sorted([*objects.objects("none"), "definition", "custom"])
RECORDED = "recorded"
"""Namespace, and kind of custom resources, of what is recorded."""

_FIXED = {
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}": "uid",
    r"pulumi-kubernetes-[0-9a-f]{8}": "pulumi-kubernetes-00000000",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ": "2026-01-01T00:00:00Z",
    r"10\.96\.\d+\.\d+": "10.96.0.1",
    r'"resourceVersion": "\d+"': '"resourceVersion": "1"',
}


def case(token, namespace, kind):
    """(type token, object, changed object) for one plugin."""
    if token == "definition":
        first = objects.definition(kind)
        return objects.CRD_TOKEN, first, objects.definition(kind, required=["size"])
    if token == "custom":
        first = objects.custom(
            namespace, kind=kind, size=3, port="http", tags=["a"], more={"a": {}}
        )
        return objects.custom_token(kind), first, objects.custom(namespace, kind=kind, size=4)
    return f"kubernetes:{token}", *objects.objects(namespace)[token]


def variants(obj, change):
    """Objects that differ in ways that a plugin has to judge."""
    yield change
    metadata = obj["metadata"]
    yield {**obj, "metadata": {**metadata, "name": "other"}}
    yield {**obj, "metadata": {**metadata, "labels": {"new": "1"}}}
    yield {**obj, "metadata": {**metadata, "labels": UNKNOWN}}
    yield {**obj, "metadata": {k: v for k, v in metadata.items() if k != "labels"}}
    yield {**obj, "metadata": {**metadata, "annotations": {"a.test/b": "c"}}}
    for name in sorted(set(obj) - {"apiVersion", "kind", "metadata"}):
        yield {**obj, name: UNKNOWN}
        yield {key: value for key, value in obj.items() if key != name}
        yield from _inside(obj, [name])


def _inside(obj, path, depth=4):
    """Each entry below a path: removed, and unknown."""
    found = obj
    for step in path:
        found = found[step]
    if not isinstance(found, dict | list):
        return
    for step in found if isinstance(found, dict) else range(len(found)):
        for removed in (True, False):
            changed = copy.deepcopy(obj)
            place = changed
            for part in path:
                place = place[part]
            if removed:
                del place[step]
            else:
                place[step] = UNKNOWN
            yield changed
        if depth and isinstance(found[step], dict | list):
            yield from _inside(obj, [*path, step], depth - 1)


def recording(plugin, resource, obj, change):
    """What a plugin made of an object and says of its changes, without what is random."""
    state = MessageToDict(resource.state)
    state.pop("status", None)
    state["metadata"].pop("managedFields", None)
    answers = [_answer(plugin, resource, variant) for variant in variants(obj, change)]
    found = {"inputs": MessageToDict(resource.inputs), "state": state, "answers": answers}
    text = json.dumps(found, sort_keys=True)
    for random, fixed in _FIXED.items():
        text = re.sub(random, fixed, text)
    return json.loads(text)


def _answer(plugin, resource, obj):
    """What a plugin says of a difference, in short; None where it fails.

    The official one can't judge a definition with unknowns.
    """
    try:
        answer = plugin.diff_of(resource, obj)
    except FailedError:
        return None
    changes = [
        f"{path} {change.kind}{' input' if change.inputDiff else ''}"
        for path, change in sorted(answer.detailedDiff.items())
    ]
    first = ["delete first"] if answer.deleteBeforeReplace else []
    return [*first, *(f"replace {path}" for path in sorted(answer.replaces)), *changes]


def file_name(token):
    """The golden file of a kind's recording."""
    return f"kubernetes/{token.replace('/', '-').replace(':', '-')}.json"
