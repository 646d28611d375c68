"""What one look at an object came to.

Not here: what its status and events say of it (loops.py).
"""

from dataclasses import dataclass, field

from agent.kube import Json
from core.errors import TenantplaneError


@dataclass(frozen=True)
class Outcome:
    """What one look at an object came to."""

    reason: str
    message: str = ""
    fields: Json = field(default_factory=dict)
    """What else its status says."""
    finished: bool = False
    """The object is on its way out and needs nothing more."""
    warns: bool = False
    """It is ready, and yet somebody should look: the event is a warning."""
    again_seconds: float | None = None
    """When to look again at the latest, if that is sooner than usual."""


class NotReadyError(TenantplaneError):
    """The object can't be made ready now; the loop tries again."""

    def __init__(self, reason: str, message: str, fields: Json | None = None) -> None:
        """Say why, for the condition's reason and message; and what else its status says."""
        super().__init__(message)
        self.reason = reason
        self.fields = fields or {}
