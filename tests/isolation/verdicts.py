"""What came of a call, in words that stay the same from run to run.

Not here: the calls (attempts.py), the documents (tests/support/outcomes.py).
"""

import contextlib
import itertools

import grpc

from tests.isolation.parties import b64

DENIED = "denied"
NOTHING = "ends, shows nothing"
REFUSED = {DENIED, NOTHING}
_DENIALS = {
    "PERMISSION_DENIED: etcdserver: permission denied",
    "UNKNOWN: etcdserver: permission denied",
    "cancelled: rpc error: code = PermissionDenied desc = etcdserver: permission denied",
}

_SHOWN = {
    "TTL": "a lifetime",
    "alarms": "alarms",
    "blob": "the database",
    "count": "a count",
    "dbSize": "the size of all",
    "deleted": "a count",
    "enabled": "that users are on",
    "hash": "a hash",
    "keys": "keys",
    "leases": "leases",
    "members": "members",
    "perm": "ranges",
    "roles": "roles",
    "succeeded": "that it holds",
    "token": "a token",
    "users": "users",
}
"""Fields of answers, and what they show; the header, which each has, shows the newest revision."""


def outcome(client, method, request, poke=None, metadata=()):
    """Make one call and say what came of it.

    Args:
        client: Who calls.
        method: Such as `KV/Range`.
        request: Its fields.
        poke: What makes a watch see something, called once it is there.
        metadata: Headers.
    """
    try:
        return _seen(client.call(method, request, metadata=metadata, seconds=5), method, poke)
    except grpc.RpcError as error:
        return _refusal(f"{error.code().name}: {error.details()}")


def _seen(answers, method, poke):
    with contextlib.closing(answers):
        seen = list(answers) if method == "KV/RangeStream" else list(itertools.islice(answers, 1))
        if not seen:
            return NOTHING
        if method == "Watch/Watch":
            if seen[0].canceled:
                return _refusal(f"cancelled: {seen[0].cancel_reason}")
            try:
                poke()
            except grpc.RpcError:
                return "is there, waiting"
            seen = [next(answers)]
    shown = sorted({word for answer in seen for word in _shown(answer)})
    return f"shows {', '.join(shown)}" if shown else "done"


def _refusal(words):
    return DENIED if words in _DENIALS else words


def _shown(message):
    if message.DESCRIPTOR.full_name == "mvccpb.KeyValue":
        yield "values" if message.value else "keys"
        return
    for field, value in message.ListFields():
        if field.name in _SHOWN:
            yield _SHOWN[field.name]
        if field.type == field.TYPE_MESSAGE and field.name != "header":
            for one in value if field.is_repeated else [value]:
                yield from _shown(one)


def keys(root, but):
    """Every key that isn't a party's own."""
    everything = {"key": b64("\0"), "range_end": b64("\0")}
    return {
        one.key: (one.value, one.mod_revision, one.lease)
        for one in root.ask("KV/Range", everything).kvs
        if not but.first.encode() <= one.key < but.end.encode()
    }


def administration(root, leases):
    """Users, roles, members, alarms, and which of some leases there are."""
    users = root.ask("Auth/UserList").users
    roles = root.ask("Auth/RoleList").roles
    return {
        "users": {name: list(root.ask("Auth/UserGet", {"name": name}).roles) for name in users},
        "roles": {name: str(root.ask("Auth/RoleGet", {"role": name}).perm) for name in roles},
        "on": root.ask("Auth/AuthStatus").enabled,
        "members": str(root.ask("Cluster/MemberList").members),
        "alarms": str(root.ask("Maintenance/Alarm").alarms),
        "leases": leases & {one.ID for one in root.ask("Lease/LeaseLeases").leases},
    }
