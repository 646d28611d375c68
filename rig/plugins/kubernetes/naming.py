"""naming: names for objects that their user didn't name, and ids.

Not here: when a named object must be deleted before it is replaced (diff.py).
"""

import hashlib
import secrets

from core.errors import InvalidInputError
from rig.plugins.kubernetes.annotations import AUTONAMED, is_true, metadata, text
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.values import Tree, Unknown

_SUFFIX_DIGITS = 8
_FIELD_MANAGER_PREFIX = "pulumi-kubernetes-"

_Options = provider_pb2.CheckRequest.AutonamingOptions


def object_id(obj: Tree) -> str:
    """Return the id that Pulumi knows an object by: `namespace/name`, or `name`."""
    namespace, name = text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
    return f"{namespace}/{name}" if namespace else name


def parse_id(object_id: str) -> tuple[str, str]:
    """Return namespace (or nothing) and name."""
    namespace, slash, name = object_id.partition("/")
    return (namespace, name) if slash else ("", namespace)


def is_named(obj: Tree) -> bool:
    """Say whether an object has a name, be it one that only the update will know."""
    found = obj.get("metadata")
    if isinstance(found, Unknown):
        return False
    name = metadata(obj).get("name")
    return isinstance(name, Unknown) or bool(name)


def is_autonamed(obj: Tree) -> bool:
    """Say whether the provider chose an object's name."""
    return is_true(obj, AUTONAMED)


def keep_autoname(obj: Tree, old: Tree) -> Tree:
    """Return an unnamed object with the name that the provider chose for it earlier."""
    if is_named(obj) or not is_autonamed(old):
        return obj
    return _autonamed(obj, text(old, "metadata", "name"))


def autoname(obj: Tree, urn: str, seed: bytes, options: _Options | None) -> Tree:
    """Return an object with a name made of its resource's name.

    Raises:
        InvalidInputError: the user switched that off.
    """
    if is_named(obj) or metadata(obj).get("generateName"):
        return obj
    resource = urn.rpartition("::")[2]
    name = f"{resource}-{_digits(seed + urn.encode() if seed else b'')}"
    if options is not None:
        if options.mode == _Options.DISABLE:
            problem = "metadata.name is missing and autonaming is disabled"
            raise InvalidInputError(f"resource {resource}", problem, remedy="set metadata.name")
        if options.mode in (_Options.ENFORCE, _Options.PROPOSE):
            name = options.proposed_name or name
    return _autonamed(obj, name)


def field_manager(seed: str = "") -> str:
    """Return a new name for whoever manages the fields of one resource, the same for a seed."""
    return f"{_FIELD_MANAGER_PREFIX}{_digits(seed.encode())}"


def _autonamed(obj: Tree, name: str) -> Tree:
    if isinstance(obj.get("metadata"), Unknown):
        return obj
    found = {**metadata(obj), "name": name}
    annotations = found.get("annotations")
    if not isinstance(annotations, Unknown):
        found["annotations"] = {**(annotations or {}), AUTONAMED: "true"}
    return {**obj, "metadata": found}


def _digits(seed: bytes) -> str:
    if not seed:
        return secrets.token_hex(_SUFFIX_DIGITS // 2)
    return hashlib.sha256(seed).hexdigest()[:_SUFFIX_DIGITS]
