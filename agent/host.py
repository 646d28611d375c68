"""The agent's own objects on the host: where they belong, status, finalizers, events.

Not here: requests (kube.py), when a status is written (loops.py).
"""

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

import kopf

from agent.kube import ApiError, Client, Json
from agent.outcome import NotReadyError
from core import names

_CONDITION = "Ready"


def path_of(body: Json, plural: str) -> str:
    """Return the URL path of one of our objects."""
    metadata = body["metadata"]
    where = f"/apis/{names.API_VERSION}/namespaces/{metadata['namespace']}"
    return f"{where}/{plural}/{metadata['name']}"


def ready_condition(body: Json) -> Json:
    """Return the object's Ready condition, or an empty one."""
    for condition in body.get("status", {}).get("conditions", []):
        if condition.get("type") == _CONDITION:
            return dict(condition)
    return {}


def is_ready(body: Json) -> bool:
    """Whether the object's status says so, about its present spec."""
    observed = body.get("status", {}).get("observedGeneration")
    current = observed == body["metadata"].get("generation")
    return current and ready_condition(body).get("status") == "True"


def status_patch(body: Json, *, ready: bool, reason: str, message: str, fields: Json) -> Json:
    """Return what to merge into the object so that its status says this."""
    before = ready_condition(body)
    status = "True" if ready else "False"
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    since = before["lastTransitionTime"] if before.get("status") == status else now
    condition = {
        "type": _CONDITION,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": since,
    }
    generation = body["metadata"].get("generation")
    return {"status": {"conditions": [condition], "observedGeneration": generation, **fields}}


def check_namespace(body: Json) -> None:
    """An object anywhere else could take another tenant's data with it."""
    namespace, tenant = body["metadata"]["namespace"], body["spec"]["tenant"]
    own = names.namespace(tenant)
    if namespace != own:
        raise NotReadyError(
            "WrongNamespace",
            f"tenant {tenant}: its {body['kind']} belongs to namespace {own}, got {namespace}; "
            "delete this object and create it there",
        )


async def set_finalizer(
    client: Client, body: Json, plural: str, finalizer: str, *, present: bool
) -> None:
    """Put a finalizer on an object or take it off; does nothing if the object is gone."""
    path = path_of(body, plural)
    while True:
        try:
            finalizers: list[str] = body["metadata"].get("finalizers", [])
            if (finalizer in finalizers) == present:
                return
            wanted = [name for name in finalizers if name != finalizer]
            if present:
                wanted.append(finalizer)
            version = body["metadata"]["resourceVersion"]
            patch = {"metadata": {"finalizers": wanted, "resourceVersion": version}}
            await client.merge(path, patch)
        except ApiError as error:
            if error.not_found:
                return
            if not error.conflict:
                raise
            body = await client.get(path)
        else:
            return


def event(body: Json, post: Callable[..., None], reason: str, message: str) -> None:
    """Post an event about an object: `post` is kopf.info or kopf.warn."""
    metadata = body["metadata"]
    about: dict[str, Any] = {
        "apiVersion": body["apiVersion"],
        "kind": body["kind"],
        "metadata": {key: metadata[key] for key in ("name", "namespace", "uid")},
    }
    post(kopf.Body(cast("kopf.RawBody", about)), reason=reason, message=message)
