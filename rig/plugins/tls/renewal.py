"""renewal: when a certificate has to be made anew though no input of it changed.

Not here: what a new one is made of (certificates.py).
"""

from datetime import UTC, datetime, timedelta

from rig.plugins.bridged.schema import Plain, State
from rig.plugins.bridged.values import UNKNOWN


def now() -> datetime:
    """Return the time; a test has its own."""
    return datetime.now(UTC)


def adjust(_prior: State | None, _config: State, planned: State) -> list[str]:
    """Mark a certificate that is due: a plan then replaces it."""
    validity, early = planned.get("validityPeriodHours"), planned["earlyRenewalHours"]
    if _is_zero(validity) or (_is_known(early, validity) and early >= validity):
        planned["readyForRenewal"] = True
    if _is_known(early) and _is_due(planned.get("validityEndTime"), early):
        planned["readyForRenewal"] = UNKNOWN
        return ["readyForRenewal"]
    return []


def refresh(state: State) -> State:
    """Say in the state of a certificate whether it is due."""
    if _is_due(state.get("validityEndTime"), state.get("earlyRenewalHours") or 0):
        return {**state, "readyForRenewal": True}
    return state


def _is_due(end: Plain, early_hours: float) -> bool:
    if not isinstance(end, str):
        return False  # it isn't made yet
    return datetime.fromisoformat(end) - timedelta(hours=early_hours) <= now()


def _is_zero(validity: Plain) -> bool:
    """Treat an unknown validity as the official plugin does: like one of 0 hours."""
    return validity is UNKNOWN or not validity


def _is_known(*values: Plain) -> bool:
    return all(value is not None and value is not UNKNOWN for value in values)
