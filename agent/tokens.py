"""What a ServiceAccount's token says of itself, and whether it is still the right one.

Nothing is sent anywhere to find out: a webhook of the tenant's would read a TokenReview.
Not here: asking for one, and the Secret that it is kept in (handlers/tenant_token.py).
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass

from agent.kube import Json

_RENEWED_AFTER = 0.8
"""Of its life, as the kubelet does it (k8s.io/kubernetes pkg/kubelet/token)."""


@dataclass(frozen=True)
class Claims:
    """What of a token decides how long it is the right one."""

    account_uid: str
    """Of the ServiceAccount: one made anew has another."""
    key: str
    """Which key signed it."""
    issued: int
    expires: int
    """Seconds since 1970, by the tenant's clock."""

    @property
    def renewal(self) -> float:
        """When a new one is due."""
        return self.issued + _RENEWED_AFTER * (self.expires - self.issued)

    @property
    def end(self) -> str:
        """When it ends, RFC 3339."""
        moment = dt.datetime.fromtimestamp(self.expires, dt.UTC)
        return moment.isoformat().replace("+00:00", "Z")

    def are_good(self, now: float, account_uid: str, keys: Collection[str]) -> bool:
        """Whether the tenant accepts the token for a while: the account and a key are there."""
        return now < self.renewal and self.account_uid == account_uid and self.key in keys


def claims(token: str) -> Claims:
    """Read a token that an API server issued."""
    header, payload = (_decoded(part) for part in token.split(".")[:2])
    account = payload["kubernetes.io"]["serviceaccount"]
    return Claims(account["uid"], header["kid"], int(payload["iat"]), int(payload["exp"]))


def mark(token: str, spec: Json) -> str:
    """Return a hash of a token and of what a TenantToken asked for when it was issued."""
    asked = [spec[key] for key in ("namespace", "serviceAccount", "seconds")]
    text = json.dumps([token, *asked, spec.get("audiences", [])])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _decoded(part: str) -> Json:
    found: Json = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found
