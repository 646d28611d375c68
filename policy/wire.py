"""wire: keeps what the engine says of a value beside the value: that it is secret, or unknown.

The engine marks secrets in all that it sends to a policy pack (pulumi 3.259, analyzer_plugin.go).
The SDK takes the marks off before a validation sees the value, and hands them to remediations alone
(pulumi-policy 1.21, policy.py): so one function of it is replaced here.
Not here: reading marked values (declared.py).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal

from pulumi_policy import Secret, deserialize, policy, proxy

_UNKNOWN_ON_THE_WIRE = frozenset(
    {
        proxy.UNKNOWN_ARCHIVE_VALUE,
        proxy.UNKNOWN_ARRAY_VALUE,
        proxy.UNKNOWN_ASSET_VALUE,
        proxy.UNKNOWN_BOOLEAN_VALUE,
        proxy.UNKNOWN_NUMBER_VALUE,
        proxy.UNKNOWN_OBJECT_VALUE,
        proxy.UNKNOWN_STRING_VALUE,
    }
)


class _Mark(Enum):
    """A value of its own type, so that no string of a user can be mistaken for it."""

    UNKNOWN = "unknown"


UNKNOWN: Final[Literal[_Mark.UNKNOWN]] = _Mark.UNKNOWN
"""Stands for what is known only once something else was made."""


def keep_marks() -> None:
    """Let the pack of this process see secrets as `Secret` and unknown values as `UNKNOWN`."""
    vars(policy)["deserialize_properties"] = marked


def marked(properties: Mapping[str, Any], proxy_secrets: bool = False) -> dict[str, Any]:
    """Return properties as the engine sent them, marks and all.

    Args:
        properties: Of one resource, from JSON.
        proxy_secrets: The SDK's name for "a remediation asks": those get the SDK's own.
    """
    if proxy_secrets:
        own: dict[str, Any] = deserialize.deserialize_properties(dict(properties), True)
        return own
    return {key: _marked(value) for key, value in properties.items()}


def _marked(value: Any) -> Any:  # noqa: ANN401  whatever JSON has
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if isinstance(value, Mapping):
        if value.get(deserialize.SPECIAL_SIG_KEY) == deserialize.SPECIAL_SECRET_SIG:
            return Secret(_marked(value["value"]))
        return marked(value)
    return UNKNOWN if isinstance(value, str) and value in _UNKNOWN_ON_THE_WIRE else value
