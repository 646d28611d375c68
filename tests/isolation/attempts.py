"""What a tenant may try on the keys, leases, users and roles of somebody, call by call.

Each attempt is a call of etcd's API and a function that makes its request, of who tries it and whom
it is tried on. Tried on the tenant itself, the very same request has to work.
Not here: how they are run and judged (test_shared_etcd.py), who there is (parties.py).
"""

from tests.isolation.parties import b64

AFTER_ALL = b64("\0")
"""As the end of a range: the key, and every one after it."""


def _get(**options):
    return lambda me, on: {"key": b64(on.key), **options}


def _list(**options):
    return lambda me, on: {"key": b64(on.first), "range_end": b64(on.end), **options}


def _onwards(**options):
    return lambda me, on: {"key": b64(on.first), "range_end": AFTER_ALL, **options}


def _put(**options):
    return lambda me, on: {"key": b64(on.key), "value": b64("intruded"), **options}


_READS = {
    "one key": _get(),
    "one key, from this member alone": _get(serializable=True),
    "one key, at an old revision": lambda me, on: _get(revision=str(on.elected))(me, on),
    "one key, without its value": _get(keys_only=True),
    "whether one key is there": _get(count_only=True),
    "a range": _list(),
    "a range, one key of it": _list(limit="1"),
    "a range, keys alone": _list(keys_only=True),
    "a range, the number of keys": _list(count_only=True),
    "a range, from this member alone": _list(serializable=True),
    "a range, at an old revision": lambda me, on: _list(revision=str(on.elected))(me, on),
}
_CHOSEN = {
    "a range, newest first": _list(sort_order="DESCEND", sort_target="MOD"),
    "a range, by its values": _list(sort_order="ASCEND", sort_target="VALUE"),
    "a range, what changed since": _list(min_mod_revision="1", min_create_revision="1"),
}
"""Not for RangeStream, which knows none of these."""
_READS_BEYOND = {
    "from a key on": _onwards(),
    "from a key on, one key": _onwards(limit="1"),
    "from a key on, the number of keys": _onwards(count_only=True),
    "every key": lambda me, on: {"key": AFTER_ALL, "range_end": AFTER_ALL},
    "from before to after": lambda me, on: {"key": b64(on.before), "range_end": b64(on.end)},
    "one key too many": lambda me, on: {"key": b64(on.first), "range_end": b64(on.end + "\0")},
}
_WRITES = {
    "KV/Put": {
        "a key": _put(),
        "a key, showing what was there": _put(prev_kv=True),
        "a key, keeping its value": lambda me, on: {"key": b64(on.key), "ignore_value": True},
        "a key, keeping its lease": _put(ignore_lease=True),
        "a key, with the tenant's own lease": lambda me, on: _put(lease=str(me.lease))(me, on),
    },
    "KV/DeleteRange": {
        "a key": _get(),
        "a key, showing what was there": _get(prev_kv=True),
        "a range": _list(),
        "a range, showing what was there": _list(prev_kv=True),
    },
}
_WRITES_BEYOND = {
    "from a key on": _onwards(),
    "from a key on, showing what was there": _onwards(prev_kv=True),
}


def _then(*operations):
    return lambda me, on: {"success": [operation(me, on) for operation in operations]}


def _otherwise(*operations):
    """In the branch that is not taken, as the compare holds of a key that isn't there."""

    def request(me, on):
        nothing = {"key": b64(f"{me.first}none"), "target": "VERSION", "result": "EQUAL"}
        failure = [operation(me, on) for operation in operations]
        return {"compare": [{**nothing, "version": "0"}], "failure": failure}

    return request


def _nested(inner):
    return lambda me, on: {"success": [{"request_txn": inner(me, on)}]}


def _operation(kind, request):
    return lambda me, on: {kind: request(me, on)}


_GET = _operation("request_range", _get())
_LIST = _operation("request_range", _list())
_PUT = _operation("request_put", _put())
_PUT_SHOWING = _operation("request_put", _put(prev_kv=True))
_DELETE_SHOWING = _operation("request_delete_range", _list(prev_kv=True))
_OWN = _operation("request_range", lambda me, on: {"key": b64(me.key)})


def _asks(target, **value):
    return lambda me, on: {"compare": [{"key": b64(on.key), "target": target, **value}]}


_COMPARE_VALUE = lambda me, on: {  # noqa: E731 -- one of many requests
    "compare": [{"key": b64(on.key), "target": "VALUE", "value": b64(on.value)}]
}
_COMPARE_RANGE = lambda me, on: {  # noqa: E731 -- one of many requests
    "compare": [
        {
            "key": b64(on.first),
            "range_end": b64(on.end),
            "target": "CREATE",
            "result": "GREATER",
            "create_revision": "0",
        }
    ]
}
_TXNS = {
    "get a key": _then(_GET),
    "list a range": _then(_LIST),
    "put": _then(_PUT),
    "put, showing what was there": _then(_PUT_SHOWING),
    "delete, showing what was there": _then(_DELETE_SHOWING),
    "get a key of its own, then this one": _then(_OWN, _GET),
    "compare a value": _COMPARE_VALUE,
    "compare whether a key is there": _asks("VERSION", result="GREATER", version="0"),
    "compare when a key was made": _asks("CREATE", result="GREATER", create_revision="0"),
    "compare when a key was changed": _asks("MOD", result="GREATER", mod_revision="0"),
    "compare whether a key has a lease": _asks("LEASE", result="GREATER", lease="0"),
    "compare a whole range": _COMPARE_RANGE,
    "list, nested": _nested(_then(_LIST)),
    "put, nested, showing what was there": _nested(_then(_PUT_SHOWING)),
    "delete, nested, showing what was there": _nested(_then(_DELETE_SHOWING)),
    "compare a value, nested": _nested(_COMPARE_VALUE),
    "list, nested three times": _nested(_nested(_nested(_then(_LIST)))),
    "put, nested three times": _nested(_nested(_nested(_then(_PUT)))),
    "list, in the branch not taken": _otherwise(_LIST),
    "put, in the branch not taken": _otherwise(_PUT),
    "list, nested in the branch not taken": _otherwise(
        _operation("request_txn", _then(_LIST)),
    ),
}


def _watch(shape, **options):
    return lambda me, on: {"create_request": {**shape()(me, on), **options}}


_WATCHES = {
    "a key, from now on": _watch(_get),
    "a key, from an old revision": _watch(_get, start_revision="1"),
    "a key, from an old revision, showing what was there": _watch(
        _get, start_revision="1", prev_kv=True
    ),
    "a range, from now on": _watch(_list),
    "a range, from an old revision": _watch(_list, start_revision="1"),
    "a range, without its deletes, in fragments": _watch(
        _list, start_revision="1", filters=["NODELETE"], fragment=True
    ),
}
_WATCHES_BEYOND = {
    "from a key on": _watch(_onwards, start_revision="1"),
    "from a key on, showing what was there": _watch(_onwards, start_revision="1", prev_kv=True),
    "from a key on, from now on": _watch(_onwards),
}


def _lease_of(**options):
    return lambda me, on: {"ID": str(on.lease), **options}


def _attach(me, on):
    return {"key": b64(me.key), "value": b64(me.value), "lease": str(on.lease)}


_LEASES = {
    ("Lease/LeaseTimeToLive", "with its keys"): _lease_of(keys=True),
    ("Lease/LeaseKeepAlive", "of a lease with keys"): _lease_of(),
    ("KV/Put", "a key of its own, with the other's lease"): _attach,
    ("KV/Txn", "the same, nested"): _nested(_then(_operation("request_put", _attach))),
    ("Lease/LeaseRevoke", "of a lease with keys"): _lease_of(),
}


def _spare_lease_of(**options):
    return lambda me, on: {"ID": str(on.spare_lease), **options}


ON_BARE_LEASES = {
    ("Lease/LeaseTimeToLive", "how long a lease with keys lives"): _lease_of(),
    ("Lease/LeaseTimeToLive", "with its keys"): _spare_lease_of(keys=True),
    ("Lease/LeaseKeepAlive", "of it"): _spare_lease_of(),
    ("KV/Put", "a key of its own, with it"): lambda me, on: {
        "key": b64(me.key),
        "lease": str(on.spare_lease),
    },
    ("Lease/LeaseRevoke", "of it"): _spare_lease_of(),
}
"""What etcd lets anybody do who knows the id of a lease on which no key hangs."""

_LOCKS = {
    ("Lock/Lock", "with the tenant's own lease"): lambda me, on: {
        "name": b64(f"{on.first}lock"),
        "lease": str(me.lease),
    },
    ("Lock/Unlock", "a key that is no lock, which deletes it"): lambda me, on: {"key": b64(on.key)},
    ("Election/Leader", "who leads"): lambda me, on: {"name": b64(on.election)},
    ("Election/Observe", "who leads, from now on"): lambda me, on: {"name": b64(on.election)},
    ("Election/Campaign", "with the tenant's own lease"): lambda me, on: {
        "name": b64(f"{on.first}campaign"),
        "lease": str(me.lease),
        "value": b64("intruded"),
    },
    ("Election/Proclaim", "as if it led"): lambda me, on: {
        "leader": _leader(on),
        "value": b64("intruded"),
    },
    ("Election/Resign", "as if it led, which deletes the key"): lambda me, on: {
        "leader": _leader(on)
    },
}


def _leader(on):
    return {
        "name": b64(on.election),
        "key": b64(f"{on.election}/1"),
        "rev": str(on.elected),
        "lease": str(on.lease),
    }


ON_KEYS = (
    {(call, what): make for call in ("KV/Range", "KV/RangeStream") for what, make in _READS.items()}
    | {("KV/Range", what): make for what, make in _CHOSEN.items()}
    | {(call, what): make for call, shapes in _WRITES.items() for what, make in shapes.items()}
    | {("KV/Txn", what): make for what, make in _TXNS.items()}
    | {("Watch/Watch", what): make for what, make in _WATCHES.items()}
    | _LEASES
    | _LOCKS
)
"""Request makers by call and what is asked of it."""

BEYOND = (
    {
        (call, what): make
        for call in ("KV/Range", "KV/RangeStream")
        for what, make in _READS_BEYOND.items()
    }
    | {("KV/DeleteRange", what): make for what, make in _WRITES_BEYOND.items()}
    | {("Watch/Watch", what): make for what, make in _WATCHES_BEYOND.items()}
)
"""Those that leave a tenant's range even when it starts with its own first key."""
