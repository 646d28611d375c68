"""progress: an update as it goes, told to a callback in few and typed events.

Owns which tenant a resource belongs to, and what of the engine's messages is a failure.
Not here: the operations that are watched (installation.py).
"""

import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from pulumi.automation import EngineEvent, OpType, StepEventMetadata

_TENANT_TYPE = "tenantplane:index:TenantControlPlane"
_STACK_TYPE = "pulumi:pulumi:Stack"
_OWN_TYPES = "pulumi:"
"""Of the stack and the providers, which are nothing outside of Pulumi."""

_URN_SEPARATORS = 3
_MARKUP = re.compile(r"<\{%[^%]*%\}>|\x1b\[[0-9;]*m")
_SUMMARIES = (
    "update failed",
    "preview failed",
    "resource registration failed",
    "an unhandled error occurred: program",
)
"""What the engine says besides the reason, once it has given it."""


class Phase(Enum):
    """Where an event stands in what happens to a resource."""

    STARTED = "started"
    FINISHED = "finished"
    FAILED = "failed"
    MESSAGE = "message"
    """A warning or an error; no resource has to belong to it."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened in an update."""

    phase: Phase

    operation: str = ""
    """create, update, replace, delete, read, ...; never `same`, which is not told."""

    resource: str = ""
    """Name of the resource in the program."""

    resource_type: str = ""
    """Its type token, like kubernetes:apps/v1:Deployment."""

    tenant: str | None = None
    """The tenant that it belongs to, if it belongs to one."""

    seconds: float | None = None
    """How long it took, once it is finished or has failed."""

    text: str = ""
    """What is said, in messages."""


class Watch:
    """Follows one update of a stack."""

    def __init__(self, on_event: Callable[[Event], None] | None = None) -> None:
        """Follow an update.

        Args:
            on_event: Told of each event, from a thread of the Automation API.
        """
        self._on_event = on_event
        self._tenants: dict[str, str] = {}  # by URN of each resource that is below one
        self._started: dict[str, float] = {}
        self._reasons: dict[str, list[str]] = {}
        self.failed: list[str] = []
        """URNs of the resources that could not be made, in order."""
        self.changes: Counter[str] = Counter()
        """Number of resources by operation."""
        self.changes_by_tenant: dict[str, Counter[str]] = {}

    def __call__(self, event: EngineEvent) -> None:
        """Take an event of the engine."""
        if event.resource_pre_event:
            self._step(Phase.STARTED, event.resource_pre_event.metadata)
        elif event.res_outputs_event:
            self._step(Phase.FINISHED, event.res_outputs_event.metadata)
        elif event.res_op_failed_event:
            self.failed.append(event.res_op_failed_event.metadata.urn)
            self._step(Phase.FAILED, event.res_op_failed_event.metadata)
        elif event.summary_event:
            counts = event.summary_event.resource_changes
            self.changes.update({OpType(name).value: count for name, count in counts.items()})
        elif event.diagnostic_event and not event.diagnostic_event.ephemeral:
            diagnostic = event.diagnostic_event
            text = _MARKUP.sub("", diagnostic.message).strip().removeprefix("error: ")
            if diagnostic.severity in {"warning", "error"} and text:
                self._message(diagnostic.severity, diagnostic.urn or "", text)

    def tenant_of(self, urn: str) -> str | None:
        """Return the tenant that a resource belongs to, if it belongs to one."""
        if urn in self._tenants:
            return self._tenants[urn]
        types = urn.split("::")[2].split("$") if urn.count("::") >= _URN_SEPARATORS else []
        name = urn.rpartition("::")[2]
        if not types or _TENANT_TYPE not in types:
            return None
        if types[-1] == _TENANT_TYPE:
            return name
        # Refused before it became a step, which would tell its parent: go by the rule for names.
        known = sorted(set(self._tenants.values()), key=len, reverse=True)
        return next((tenant for tenant in known if name.startswith(f"{tenant}-")), None)

    def _learn(self, step: StepEventMetadata) -> None:
        state = step.new or step.old
        parent = self.tenant_of(state.parent) if state and state.parent else None
        tenant = parent or self.tenant_of(step.urn)
        if tenant is not None:
            self._tenants[step.urn] = tenant

    def failures(self) -> tuple[dict[str, list[str]], list[str]]:
        """Return what failed by tenant, and what belongs to none of them."""
        tenants: dict[str, list[str]] = {}
        others: list[str] = []
        for urn in dict.fromkeys([*self.failed, *self._reasons]):
            name = urn.rpartition("::")[2]
            texts = self._reasons.get(urn, ["failed; see the events before"])
            tenant = self.tenant_of(urn)
            target = others if tenant is None else tenants.setdefault(tenant, [])
            is_nowhere = not urn or _STACK_TYPE in urn
            target += texts if is_nowhere else [f"{name}: {text}" for text in texts]
        return tenants, others

    def _step(self, phase: Phase, step: StepEventMetadata) -> None:
        self._learn(step)
        operation = step.op.value
        if operation == "same" or step.type.startswith(_OWN_TYPES):
            return
        tenant = self.tenant_of(step.urn)
        now = time.monotonic()
        seconds = None
        if phase is Phase.STARTED:
            self._started[step.urn] = now
            if tenant is not None:
                self.changes_by_tenant.setdefault(tenant, Counter())[operation] += 1
        else:
            seconds = now - self._started.pop(step.urn, now)
        self._tell(
            Event(
                phase=phase,
                operation=operation,
                resource=step.urn.rpartition("::")[2],
                resource_type=step.type,
                tenant=tenant,
                seconds=seconds,
            )
        )

    def _message(self, severity: str, urn: str, text: str) -> None:
        if severity == "error" and not text.lower().startswith(_SUMMARIES):
            self._reasons.setdefault(urn, []).append(text)
        is_resource = bool(urn) and _STACK_TYPE not in urn
        self._tell(
            Event(
                phase=Phase.MESSAGE,
                resource=urn.rpartition("::")[2] if is_resource else "",
                resource_type=urn.split("::")[2].rpartition("$")[2] if is_resource else "",
                tenant=self.tenant_of(urn),
                text=text,
            )
        )

    def _tell(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)
