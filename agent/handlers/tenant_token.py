"""TenantToken: a token of a ServiceAccount in a tenant, kept fresh in a Secret on the host.

Not here: when a token is the right one (agent/tokens.py), when an object is looked at
(agent/loops.py), who may use the Secret (components/_tenant_token.py).
"""

import base64
import time
from collections.abc import Callable, Mapping

from agent import host, tenant_secret, tokens
from agent.kube import ApiError, Client, Json, UnreachableError
from agent.outcome import NotReadyError, Outcome
from core.manifests import crds, host_accounts

_LOOK_SECONDS = 60.0
"""How soon it is seen that the Secret, the account or the tenant's keys are not what they were."""


class TenantTokens:
    """Reconciles TenantToken objects."""

    kind = "TenantToken"
    plural = crds.TENANT_TOKENS
    eager = True

    def __init__(self, client: Client) -> None:
        self._client = client

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:  # noqa: ARG002
        """See whether the token is the right one; put another in its place if it isn't."""
        if "deletionTimestamp" in body["metadata"]:
            return Outcome("Removed", finished=True)
        host.check_namespace(body)
        try:
            return await self._ensure(body)
        except UnreachableError as error:
            raise NotReadyError("Unreachable", str(error)) from error
        except ApiError as error:
            raise NotReadyError("Refused", str(error)) from error

    async def forget(self, uid: str) -> None:
        """Nothing is held for an object."""

    async def _ensure(self, body: Json) -> Outcome:
        spec = body["spec"]
        files = await tenant_secret.read(self._client, body)
        held = await self._read(body)
        token = await self._token(body, files, _text(held.get("token")))
        claims = tokens.claims(token)
        kept = {
            "ca.crt": files["ca.crt"],
            "expires": claims.end.encode(),
            "namespace": spec["namespace"].encode(),
            "token": token.encode(),
        }
        await self._write(body, held, kept)
        return Outcome(
            "Issued",
            f"the token of {spec['namespace']}/{spec['serviceAccount']} works until {claims.end}",
            {"expires": claims.end, "tokenHash": tokens.mark(token, spec)},
            again_seconds=max(1.0, min(_LOOK_SECONDS, claims.renewal - time.time())),
        )

    async def _token(self, body: Json, files: Mapping[str, bytes], held: str) -> str:
        """Return the token that is held, or a new one."""
        spec = body["spec"]
        client = tenant_secret.connect(spec, files)
        try:
            account_uid = await _account_uid(client, spec)
            keys = {key["kid"] for key in (await client.get(host_accounts.KEYS))["keys"]}
            if tokens.mark(held, spec) == body.get("status", {}).get("tokenHash"):
                claims = tokens.claims(held)
                if claims.are_good(time.time(), account_uid, keys):
                    return held
            return await _new_token(client, spec)
        finally:
            await client.close()

    async def _read(self, body: Json) -> Json:
        try:
            secret = await self._client.get(_secret_path(body))
        except ApiError as error:
            raise _no_secret(body, error) from error
        return dict(secret.get("data") or {})

    async def _write(self, body: Json, held: Json, kept: Mapping[str, bytes]) -> None:
        """Put into the Secret what it doesn't have already; the rest of it is left."""
        encoded = {name: base64.b64encode(file).decode() for name, file in kept.items()}
        changed = {name: text for name, text in encoded.items() if held.get(name) != text}
        if not changed:
            return
        try:
            await self._client.merge(_secret_path(body), {"data": changed})
        except ApiError as error:
            raise _no_secret(body, error) from error


def _secret_path(body: Json) -> str:
    return f"/api/v1/namespaces/{body['metadata']['namespace']}/secrets/{body['spec']['secret']}"


def _no_secret(body: Json, error: ApiError) -> NotReadyError:
    """What to say of a Secret; what the server says may quote what was sent."""
    return NotReadyError(
        "NoSecret",
        f"Secret {body['metadata']['namespace']}/{body['spec']['secret']}: the agent can't use it, "
        f"got {error.reason}; create it, and a Role that lets the agent get and patch it",
    )


def _account_path(spec: Json) -> str:
    return f"/api/v1/namespaces/{spec['namespace']}/serviceaccounts/{spec['serviceAccount']}"


async def _account_uid(client: Client, spec: Json) -> str:
    try:
        account = await client.get(_account_path(spec))
    except ApiError as error:
        if not error.not_found:
            raise
        raise NotReadyError(
            "NoServiceAccount",
            f"ServiceAccount {spec['namespace']}/{spec['serviceAccount']}: the tenant "
            f"{spec['tenant']} has none, got {error.reason}; create it",
        ) from error
    return str(account["metadata"]["uid"])


async def _new_token(client: Client, spec: Json) -> str:
    asked: Json = {"expirationSeconds": spec["seconds"]}
    if spec.get("audiences"):
        asked["audiences"] = spec["audiences"]
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": asked}
    answer = await client.create(f"{_account_path(spec)}/token", body)
    return str(answer["status"]["token"])


def _text(encoded: object) -> str:
    """Return what a Secret holds; what is no text is no token, and thus another than was kept."""
    try:
        return base64.b64decode(str(encoded or "")).decode()
    except ValueError:
        return ""
