"""Reencryption: a tenant's stored objects, written anew once its pods encrypt otherwise.

Not here: the writing (agent/rewrite.py), when an object is looked at (agent/loops.py).
"""

from collections.abc import Callable
from urllib.parse import quote

from agent import host, tenant_secret
from agent.kube import ApiError, Client, Json, UnreachableError
from agent.outcome import NotReadyError, Outcome
from agent.rewrite import NotServedError, rewrite
from core import names
from core.manifests import crds

_PODS = (
    f"labelSelector={names.LABEL_NAME}={names.CONTROL_PLANE}"
    f"&fieldSelector={quote('status.phase!=Failed,status.phase!=Succeeded')}"
)


class Reencryptions:
    """Reconciles Reencryption objects."""

    kind = "Reencryption"
    plural = crds.REENCRYPTIONS
    eager = True

    def __init__(self, client: Client) -> None:
        self._client = client

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:  # noqa: ARG002
        """Write the objects anew, if the spec has changed since that was done last."""
        if "deletionTimestamp" in body["metadata"]:
            return Outcome("Removed", finished=True)
        if host.is_ready(body):
            condition = host.ready_condition(body)
            return Outcome(condition["reason"], condition["message"])
        host.check_namespace(body)
        await self._check_pods(body)
        try:
            count = await self._rewrite(body)
        except UnreachableError as error:
            raise NotReadyError("Unreachable", str(error)) from error
        except (ApiError, NotServedError) as error:
            message = f"not all objects are written anew: {error}"
            raise NotReadyError("RewriteFailed", message) from error
        message = f"{count} objects are encrypted with the keys of now"
        return Outcome("Encrypted", message, {"objects": count})

    async def forget(self, uid: str) -> None:
        """Nothing is held for an object."""

    async def _check_pods(self, body: Json) -> None:
        """An API server that encrypts otherwise would answer, and write as it did before."""
        namespace, wanted = body["metadata"]["namespace"], body["spec"]["encryptionHash"]
        path = f"/api/v1/namespaces/{namespace}/pods?{_PODS}"
        listed = await self._client.get(path, metadata_list=True)
        pods = {
            item["metadata"]["name"]: item["metadata"].get("annotations", {})
            for item in listed.get("items") or []
        }
        old = [
            name
            for name, annotations in sorted(pods.items())
            if annotations.get(names.ANNOTATION_ENCRYPTION) != wanted
        ]
        if old or not pods:
            has = f"pods {', '.join(old)} have others" if old else "it has none"
            message = f"waiting until all pods in {namespace} have the keys of now; {has}"
            raise NotReadyError("OldPods", message)

    async def _rewrite(self, body: Json) -> int:
        spec = body["spec"]
        files = await tenant_secret.read(self._client, body)
        # A connection of before could lead to a pod that is on its way out.
        client = tenant_secret.connect(spec, files)
        try:
            return await rewrite(client, everything=spec["everything"])
        finally:
            await client.close()
