"""RemovalHooks: Jobs that run when an operator goes, before its object does.

Not here: what they are (core/operators/hooks.py), when an object is looked at (agent/loops.py).
"""

from collections.abc import Callable

from agent import host
from agent.kube import ApiError, Client, Json
from agent.outcome import NotReadyError, Outcome
from core.manifests import crds

_JOBS = "/apis/batch/v1/namespaces/{}/jobs"
_POLL_SECONDS = 1.0


class RemovalHooks:
    """Reconciles RemovalHooks objects."""

    kind = "RemovalHooks"
    plural = crds.REMOVAL_HOOKS
    eager = True

    def __init__(self, client: Client) -> None:
        self._client = client

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:  # noqa: ARG002
        """Wait for the object's end, and run its Jobs then."""
        host.check_namespace(body)
        jobs: list[Json] = body["spec"]["jobs"]
        if "deletionTimestamp" not in body["metadata"]:
            await self._set_finalizer(body, present=True)
            return Outcome("Waiting", f"{len(jobs)} Jobs run when this object is deleted")
        if crds.REMOVAL_HOOKS_FINALIZER not in body["metadata"].get("finalizers", []):
            return Outcome("Removed", finished=True)
        where = _JOBS.format(body["metadata"]["namespace"])
        for number, job in enumerate(jobs):
            if not await self._is_done(where, job):
                name, fields = job["metadata"]["name"], {"done": number}
                return Outcome("Running", f"Job {name} runs", fields, again_seconds=_POLL_SECONDS)
        for job in jobs:
            await self._take_away(f"{where}/{job['metadata']['name']}")
        await self._set_finalizer(body, present=False)
        return Outcome("Removed", finished=True)

    async def forget(self, uid: str) -> None:
        """Nothing is held for an object."""

    async def _take_away(self, path: str) -> None:
        """Delete a Job; where the whole namespace goes, our right to do so may go before."""
        try:
            await self._client.delete(path)
        except ApiError as error:
            if not error.forbidden:
                raise

    async def _is_done(self, where: str, job: Json) -> bool:
        """Have a Job run, if it doesn't yet; return whether it is done.

        Raises:
            NotReadyError: It failed.
        """
        name = job["metadata"]["name"]
        path = f"{where}/{name}"
        try:
            found = await self._client.get(path)
        except ApiError as error:
            if error.forbidden:
                return True  # the whole namespace goes, the agent's right to it has gone before
            if not error.not_found:
                raise
            return not await self._starts(path, job)
        conditions = found.get("status", {}).get("conditions") or []
        states = {one["type"]: one for one in conditions if one["status"] == "True"}
        if "Failed" in states:
            why = states["Failed"].get("message", "no reason given")
            raise NotReadyError(
                "HookFailed",
                f"Job {name} failed ({why}); see `kubectl logs job/{name}`, delete the Job to have "
                "it run again, or take the finalizer off this object to go on without it",
            )
        return "Complete" in states

    async def _starts(self, path: str, job: Json) -> bool:
        """Create a Job; returns False where nothing starts any more, as the namespace is going."""
        try:
            await self._client.apply(path, job)
        except ApiError as error:
            if error.forbidden:
                return False
            raise
        return True

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.REMOVAL_HOOKS_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)
