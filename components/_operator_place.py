"""Where everything of one operator is declared, and what is the same for all of it.

Not here: what is declared there (tenant_operator.py, _operator_inside.py, _operator_host.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from components._tenant_store import READY
from core.operators.wiring import host_labels


@dataclass(frozen=True, kw_only=True)
class OperatorPlace:
    """One operator's place on its tenant's host."""

    name: str
    """In front of the names of all resources."""
    tenant: str
    operator: str
    namespace: pulumi.Output[str]
    """The tenant's, on the host; known once the agent may work in the tenant."""
    timeout: Mapping[str, str]
    """Annotations that bound the wait for a resource."""
    parent: pulumi.Resource
    deleted_with: pulumi.Resource | None
    """What takes all of it along when it goes: the tenant's namespace."""

    def meta(self, name: str, annotations: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the metadata of one of its objects on the host."""
        meta: dict[str, Any] = {
            "name": name,
            "namespace": self.namespace,
            "labels": host_labels(self.tenant, self.operator),
        }
        return meta | ({"annotations": dict(annotations)} if annotations else {})

    def awaited(self) -> dict[str, str]:
        """Return the annotations of an object that the host agent makes ready."""
        return {**READY, **self.timeout}

    def opts(self, after: Sequence[pulumi.Resource] = ()) -> pulumi.ResourceOptions:
        """Return the options of one of its resources."""
        return pulumi.ResourceOptions(
            parent=self.parent, depends_on=list(after), deleted_with=self.deleted_with
        )
