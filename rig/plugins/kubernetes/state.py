"""state: what Pulumi keeps of an object, and which parts of it are secret.

The state is the live object with the inputs that led to it (`__inputs`), the apiVersion that it
was created with and the name of its field manager beside it: the layout of the official plugin.
Not here: the wire format (values.py).
"""

from google.protobuf.struct_pb2 import Struct

from rig.plugins.kubernetes import values
from rig.plugins.kubernetes.values import Data, Properties, Secret, Secrets, Skip, Tree, Unknown

_INPUTS = "__inputs"
_API_VERSION = "__initialApiVersion"
_FIELD_MANAGER = "__fieldManager"
_SECRET_FIELDS = ("data", "stringData")


class State:
    """The state of one object, read."""

    def __init__(self, message: Struct, *, skip: Skip | None = None) -> None:
        self._read = values.read(message, skip=skip)
        plain = self._read.plain
        inputs = plain.pop(_INPUTS, None)
        self.inputs: Tree = inputs if isinstance(inputs, dict) else {}
        self.api_version = str(plain.pop(_API_VERSION, None) or self.inputs.get("apiVersion") or "")
        self.field_manager = str(plain.pop(_FIELD_MANAGER, None) or "")
        self.live: Tree = plain


def checkpoint(
    live: Tree, inputs: Tree, given: Properties, *, api_version: str, field_manager: str
) -> Struct:
    """Return the state of an object.

    Args:
        live: What the API server answered.
        inputs: What it was made from.
        given: What the engine sent, for its secrets.
        api_version: Of the object when it was created.
        field_manager: Who manages its fields.
    """
    obj = with_secrets(live, given)
    if (live.get("apiVersion"), live.get("kind")) == ("v1", "Secret") and "data" in obj:
        obj["data"] = _wrapped(obj["data"])
    obj[_INPUTS] = with_secrets(inputs, given)
    obj[_API_VERSION] = api_version
    obj[_FIELD_MANAGER] = field_manager
    return values.write(obj, underscored=True)


def with_secrets(obj: Tree, given: Properties) -> Tree:
    """Return an object with its secret parts marked: what was given as secret, and Secrets.

    An array with one secret in it is secret as a whole: it may have been reordered since.
    """
    return _marked(obj, given.plain, given.secrets)


def _marked(obj: Tree, given: Tree, secrets: Secrets) -> Tree:
    marked = dict(obj)
    if obj.get("kind") == "Secret":
        for name in _SECRET_FIELDS:
            if name in marked:
                marked[name] = _wrapped(marked[name])
        return marked
    for name, value in given.items():
        if name not in obj:
            continue
        secret = secrets.get(name, False)
        if secret is True:
            marked[name] = _wrapped(obj[name])
        elif isinstance(obj[name], dict) and isinstance(value, dict):
            marked[name] = _marked(obj[name], value, secret or {})
        elif secret:
            marked[name] = _wrapped(obj[name])
    return marked


def _wrapped(value: Data) -> Data:
    return value if isinstance(value, Secret | Unknown) else Secret(value)


def pruned(live: Data, shape: Data) -> Data:
    """Return what of a live value its shape names: the rest was set by somebody else."""
    if isinstance(live, dict) and isinstance(shape, dict):
        return {k: pruned(v, shape[k]) for k, v in live.items() if k in shape}
    if isinstance(live, list) and isinstance(shape, list):
        if not live or not shape:
            return []
        return [pruned(value, shape[i]) for i, value in enumerate(live[: len(shape)])]
    return live
