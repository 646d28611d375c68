"""RemovalHooks: Jobs that run when an operator goes, before its object does.

Not here: what they are (core/operators/hooks.py), when an object is looked at (agent/loops.py).
"""

from collections.abc import Callable

import kopf

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
        try:
            running = await self._run(body, jobs)
        except ApiError as error:
            if not error.forbidden:
                raise
            self._let_go(body, jobs, error)
        else:
            if running is not None:
                return running
        await self._set_finalizer(body, present=False)
        return Outcome("Removed", finished=True)

    async def forget(self, uid: str) -> None:
        """Nothing is held for an object."""

    async def _run(self, body: Json, jobs: list[Json]) -> Outcome | None:
        """Have one Job run after the other, and take them away; None once that is done."""
        where = _JOBS.format(body["metadata"]["namespace"])
        for number, job in enumerate(jobs):
            said = await self._follow(f"{where}/{job['metadata']['name']}", body, job)
            if said is not None:
                return Outcome("Running", said, {"done": number}, again_seconds=_POLL_SECONDS)
        for job in jobs:
            await self._client.delete(f"{where}/{job['metadata']['name']}")
        return None

    def _let_go(self, body: Json, jobs: list[Json], error: ApiError) -> None:
        """Say what may be left, as the agent has no right to Jobs any more.

        That goes with the whole namespace, in any order, which would else stay for ever. There no
        event is let in; where the RoleBinding alone is gone, somebody has to look.
        """
        if error.terminating:
            return
        namespace = body["metadata"]["namespace"]
        named = " ".join(job["metadata"]["name"] for job in jobs)
        message = (
            f"namespace {namespace}: not all of the Jobs {named} may have run, as the agent has no "
            f"right to them ({error}); do by hand what they do, and delete them with `kubectl -n "
            f"{namespace} delete job --ignore-not-found {named}`"
        )
        host.event(body, kopf.warn, "ObjectsLeft", message)

    async def _follow(self, path: str, body: Json, job: Json) -> str | None:
        """Have a Job run, if it doesn't yet; return how it fares, None once it is done.

        Raises:
            NotReadyError: It failed, or the host refuses it.
            ApiError: The agent has no right to it, or the whole namespace is going.
        """
        name, namespace = job["metadata"]["name"], body["metadata"]["namespace"]
        try:
            found = await self._client.get(path)
        except ApiError as error:
            if not error.not_found:
                raise
            found = await self._start(path, job)
        conditions = found.get("status", {}).get("conditions") or []
        states = {one["type"]: one for one in conditions if one["status"] == "True"}
        if "Failed" in states:
            why = states["Failed"].get("message", "no reason given")
            raise NotReadyError(
                "HookFailed",
                f"Job {name} failed ({why}); see `kubectl logs job/{name}`, delete the Job to have "
                "it run again, or take the finalizer off this object to go on without it",
            )
        if "Complete" in states:
            return None
        status = found.get("status", {})
        pods = ", ".join(f"{status.get(key) or 0} {key}" for key in ("active", "ready", "failed"))
        where = f"`kubectl -n {namespace} describe job {name}`"
        return f"Job {name} runs (pods: {pods}); {where} says what they wait for"

    async def _start(self, path: str, job: Json) -> Json:
        try:
            return await self._client.apply(path, job)
        except ApiError as error:
            if error.forbidden and not error.terminating:  # a quota, or a rule of the host
                raise NotReadyError("Refused", str(error)) from error
            raise

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.REMOVAL_HOOKS_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)
