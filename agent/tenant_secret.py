"""The Secret with which the agent gets into one tenant, as an object of its kinds names it.

Not here: what is in one (credentials.py), which connections are kept (sessions.py), what is done
inside (handlers/).
"""

from collections.abc import Mapping

from agent.credentials import NoCredentialsError, secret_files, tls_context
from agent.kube import ApiError, Client, Json
from agent.outcome import NotReadyError

_NO_WAY_IN = (403, 404)
"""What the host answers for good: no RoleBinding that lets the agent read the Secret, or no Secret.

A namespace goes in any order, so either may be gone before the object is. An API server that has
only just started says 403 too; it then refuses the finalizer's patch as well, and nothing is lost.
"""


class NoWayInError(NotReadyError):
    """The Secret is gone, or the right to read it."""


async def read(client: Client, body: Json) -> dict[str, bytes]:
    """Return the files of the Secret that `spec.credentialsSecret` names.

    Raises:
        NoWayInError: It is gone, or the right to read it.
        NotReadyError: It is not what it should be.
        ApiError: The host refused for another reason.
    """
    namespace, name = body["metadata"]["namespace"], body["spec"]["credentialsSecret"]
    try:
        return secret_files(await client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}"))
    except ApiError as error:
        if error.status not in _NO_WAY_IN:
            raise
        message = (
            f"Secret {namespace}/{name}: the agent can't read it, got {error.reason}; "
            "create it, and the RoleBinding that lets the agent read it"
        )
        raise NoWayInError("NoCredentials", message) from error
    except NoCredentialsError as error:
        raise NotReadyError("NoCredentials", f"{namespace}/{name}: {error}") from error


def connect(spec: Json, files: Mapping[str, bytes]) -> Client:
    """Return a client of the tenant that an object names; nothing is opened yet.

    Args:
        spec: Of the object; `server` and `tlsServerName` say where the tenant is.
        files: Of its Secret, as `read` gives them.

    Raises:
        NotReadyError: The files are unusable.
    """
    try:
        context = tls_context(files)
    except NoCredentialsError as error:
        raise NotReadyError("NoCredentials", str(error)) from error
    name = spec.get("tlsServerName")
    return Client(spec["server"], context, tls_server_name=name)
