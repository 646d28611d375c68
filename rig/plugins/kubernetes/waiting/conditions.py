"""conditions: what the annotation pulumi.com/waitFor asks to wait for.

One expression, or a JSON list of which all must hold: `condition=Type`, `condition=Type=Status`,
`jsonpath={.path}`, `jsonpath={.path}=value`.
Not here: paths in objects (jsonpath.py).
"""

import json
import re

from core.errors import InvalidInputError
from rig.plugins.kubernetes import jsonpath
from rig.plugins.kubernetes.annotations import WAIT_FOR
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.verdict import READY, Check, Verdict, at, is_observed, said

_JSONPATH = re.compile(r"\{\s*(?P<path>.*?)\s*\}(?:=(?P<value>.+))?", re.DOTALL)


def parse(annotation: str) -> Check:
    """Return how to judge an object by the annotation.

    Raises:
        InvalidInputError: it can't be understood.
    """
    try:
        listed = json.loads(annotation)
    except ValueError:
        listed = annotation
    expressions = listed if isinstance(listed, list) else [annotation]
    if not expressions:
        raise _wrong("asks for nothing", annotation)
    checks = [_one(str(expression)) for expression in expressions]

    def check(obj: Tree) -> Verdict:
        for each in checks:
            verdict = each(obj)
            if not verdict.ready:
                return verdict
        return READY

    return check


def _one(expression: str) -> Check:
    kind, _, asked = expression.partition("=")
    if kind == "condition" and asked:
        name, _, status = asked.partition("=")
        return _condition(name, status or "True")
    if kind == "jsonpath":
        match = _JSONPATH.fullmatch(asked)
        if match is None:
            raise _wrong("has no path in braces", expression)
        return _path(expression, match["path"], match["value"])
    raise _wrong("begins with neither condition= nor jsonpath=", expression)


def _condition(name: str, status: str) -> Check:
    waiting = f"Waiting for condition {name}={status}"

    def check(obj: Tree) -> Verdict:
        for found in at(obj, "status", "conditions", default=[]):
            if str(found.get("type")).lower() != name.lower() or "status" not in found:
                continue
            if not is_observed(obj, found):
                return Verdict(ready=False, message=f"{waiting}; its status is about an older spec")
            ready = str(found["status"]).lower() == status.lower()
            return Verdict(ready=ready, message=f"{waiting}, it is {said(found)}")
        return Verdict(ready=False, message=f"{waiting}, there is none yet")

    return check


def _path(expression: str, path: str, value: str | None) -> Check:
    select = jsonpath.compile_path(path)
    waiting = f"Waiting for {expression}"

    def check(obj: Tree) -> Verdict:
        if not is_observed(obj, None):
            return Verdict(ready=False, message=f"{waiting}; its status is about an older spec")
        found = select(obj)
        if not found:
            return Verdict(ready=False, message=f"{waiting}, it selects nothing yet")
        if value is None:
            return READY
        if isinstance(found[0], dict | list):
            return Verdict(ready=False, failed=f"{expression} is not one value")
        shown = json.dumps(found[0]) if not isinstance(found[0], str) else found[0]
        return Verdict(ready=shown == value, message=f"{waiting}, it is {shown}")

    return check


def _wrong(problem: str, got: str) -> InvalidInputError:
    remedy = "write condition=Ready, jsonpath={.status.phase}=Bound, or a JSON list of such"
    return InvalidInputError(f"annotation {WAIT_FOR}", problem, got, remedy)
