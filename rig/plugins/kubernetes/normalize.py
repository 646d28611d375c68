"""normalize: writes what a user gave the way the API server will answer it.

Else `memory: 1024Mi` would differ from the live `1Gi` for ever. The field table says which fields
a type has, which of them are left out when empty, and which have a spelling of their own. What the
table can't explain (a word where a number belongs) is left for the API server to judge.
Not here: comparing (diff.py).
"""

import base64
import binascii

from rig.plugins.kubernetes import kinds, quantity
from rig.plugins.kubernetes.values import Data, Tree

_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)
_GONE = object()


class _DoesNotFitError(Exception):
    """A value is not of the type that its field has."""


def normalize(obj: Tree, *, has_unknowns: bool) -> tuple[Tree, list[str]]:
    """Return an object in the API server's spelling, and the paths of fields that it doesn't know.

    Args:
        obj: Is not changed.
        has_unknowns: Objects with unknown values stay as they are.
    """
    dropped: list[str] = []
    if not has_unknowns and isinstance(obj.get("apiVersion"), str):
        obj = _spelled(obj, dropped)
    metadata = obj.get("metadata")
    if isinstance(metadata, dict) and any(name in metadata for name in _READ_ONLY):
        kept = {name: value for name, value in metadata.items() if name not in _READ_ONLY}
        obj = {**obj, "metadata": kept}
    return obj, dropped


def _spelled(obj: Tree, dropped: list[str]) -> Tree:
    api_version, kind = obj["apiVersion"], obj.get("kind")
    if kinds.is_crd(obj):
        return _crd(obj)
    if (api_version, kind) == ("v1", "Secret"):
        return _secret(obj)
    entry = kinds.table()["kinds"].get(f"{api_version}/{kind}")
    if entry is None:
        return obj
    try:
        return _struct(obj, entry["type"], "", dropped)
    except _DoesNotFitError:
        dropped.clear()
        return obj


def _crd(obj: Tree) -> Tree:
    kept = {name: value for name, value in obj.items() if name != "status"}
    spec = kept.get("spec")
    if isinstance(spec, dict) and spec.get("preserveUnknownFields") is False:
        kept["spec"] = {k: v for k, v in spec.items() if k != "preserveUnknownFields"}
    return kept


def _secret(obj: Tree) -> Tree:
    """The server keeps `data` alone; what isn't base64 is left for it to refuse."""
    texts, data = obj.get("stringData"), obj.get("data")
    if isinstance(texts, dict) and texts and all(isinstance(v, str) for v in texts.values()):
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in texts.items()}
        kept = {name: value for name, value in obj.items() if name != "stringData"}
        return {**kept, "data": {**(data if isinstance(data, dict) else {}), **encoded}}
    if not isinstance(data, dict):
        return obj
    return {**obj, "data": {k: _base64(v) if isinstance(v, str) else v for k, v in data.items()}}


def _struct(value: Data, type_name: str, path: str, dropped: list[str]) -> Tree:
    if not isinstance(value, dict):
        raise _DoesNotFitError
    fields: dict[str, str] = kinds.table()["types"][type_name]
    result: Tree = {}
    for name, item in value.items():
        code = fields.get(name)
        here = f"{path}.{name}" if path else name
        if code is None:
            dropped.append(here)
            continue
        spelled = _field(item, code, here, dropped)
        if spelled is not _GONE:
            result[name] = spelled
    return result


def _field(value: Data, code: str, path: str, dropped: list[str]) -> Data:
    """Return a field's value, or _GONE when the server leaves it out."""
    mark = code[0] if code[0] in "?*" else ""
    if value is None:
        return _GONE if mark or code == "time" else None
    spelled = _value(value, code.removeprefix(mark), path, dropped)
    if mark == "?" and spelled in (False, 0, "", [], {}):
        return _GONE
    return spelled


def _value(value: Data, code: str, path: str, dropped: list[str]) -> Data:
    if code.startswith("[]"):
        if not isinstance(value, list):
            raise _DoesNotFitError
        return [_value(item, code[2:], f"{path}[{i}]", dropped) for i, item in enumerate(value)]
    if code.startswith("{}"):
        if not isinstance(value, dict):
            raise _DoesNotFitError
        return {k: _value(item, code[2:], f"{path}.{k}", dropped) for k, item in value.items()}
    if code.startswith("@"):
        return _struct({} if value is None else value, code[1:], path, dropped)
    return _leaf(value, code)


def _leaf(value: Data, code: str) -> Data:
    fits = {
        "string": isinstance(value, str),
        "base64": isinstance(value, str),
        "bool": isinstance(value, bool),
        "int": isinstance(value, int) and not isinstance(value, bool),
        "float": isinstance(value, int | float) and not isinstance(value, bool),
    }.get(code, True)
    if not fits:
        raise _DoesNotFitError
    if code == "quantity":
        try:
            return quantity.canonical(value)
        except ValueError:
            raise _DoesNotFitError from None
    return _base64(value) if code == "base64" else value


def _base64(text: str) -> str:
    try:
        unwrapped = text.replace("\n", "").replace("\r", "")
        return base64.b64encode(base64.b64decode(unwrapped, validate=True)).decode()
    except (binascii.Error, ValueError):
        return text
