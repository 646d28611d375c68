"""What a tenant may try on users and roles, and on the etcd as a whole.

Not here: attempts on keys and leases (attempts.py).
"""

from tests.isolation.parties import b64

NEWEST = "the newest member"
"""Stands for the id of the member that root added; for the tenants there is one alone."""


def _permission(party):
    first, end = b64(party.first), b64(party.end)
    return {"permType": "READWRITE", "key": first, "range_end": end}


ON_USERS = {
    ("Auth/UserGet", "its roles"): lambda me, on: {"name": on.name},
    ("Auth/RoleGet", "its ranges"): lambda me, on: {"role": on.name},
}
"""Request makers, of who calls and on whom; what a tenant may ask about itself."""

ON_USERS_BEYOND = {
    ("Auth/Authenticate", "with a guessed password"): lambda me, on: {
        "name": on.name,
        "password": "guess",
    },
    ("Auth/UserChangePassword", "of it"): lambda me, on: {"name": on.name, "password": "guess"},
    ("Auth/UserGrantRole", "its role, to the tenant"): lambda me, on: {
        "user": me.name,
        "role": on.name,
    },
    ("Auth/RoleGrantPermission", "its range, to the tenant's role"): lambda me, on: {
        "name": me.name,
        "perm": _permission(on),
    },
    ("Auth/RoleRevokePermission", "its range, from its role"): lambda me, on: {
        "role": on.name,
        "key": b64(on.first),
        "range_end": b64(on.end),
    },
    ("Auth/UserRevokeRole", "its role, from it"): lambda me, on: {
        "name": on.name,
        "role": on.name,
    },
    ("Auth/UserDelete", "it"): lambda me, on: {"name": on.name},
    ("Auth/RoleDelete", "its role"): lambda me, on: {"role": on.name},
}
"""What a tenant may not even do to itself."""

VISITOR = "visitor"
NO_PASSWORD = "UNKNOWN: auth: authentication failed, password was given for no password user"
"""Says that the user is there; of one that isn't, the password is said to be wrong."""


def visitor(party):
    """Root's calls that make a user with a password, and a role with a party's range."""
    return [
        ("Auth/UserAdd", {"name": VISITOR, "password": "guess"}),
        ("Auth/RoleAdd", {"name": VISITOR}),
        ("Auth/UserGrantRole", {"user": VISITOR, "role": VISITOR}),
        ("Auth/RoleGrantPermission", {"name": VISITOR, "perm": _permission(party)}),
    ]


ANSWERED = [
    ("Maintenance/Status", {}),
    ("Maintenance/Alarm", {"action": "GET"}),
    ("Cluster/MemberList", {}),
    ("Cluster/MemberList", {"linearizable": True}),
    ("Auth/AuthStatus", {}),
    ("Lease/LeaseGrant", {"TTL": "60"}),
]
"""Calls about the etcd as a whole that anybody with a certificate may make: an API server needs
the first and the last; none of them shows a key or a tenant."""

ROOTS_ALONE = [
    ("Lease/LeaseLeases", {}),
    ("Auth/UserList", {}),
    ("Auth/RoleList", {}),
    ("Auth/UserAdd", {"name": "intruder", "options": {"no_password": True}}),
    ("Auth/UserAdd", {"name": "intruder-2", "password": "guess"}),
    ("Auth/RoleAdd", {"name": "intruder"}),
    ("Auth/AuthEnable", {}),
    ("Maintenance/Hash", {}),
    ("Maintenance/HashKV", {"revision": "0"}),
    ("Maintenance/Snapshot", {}),
    ("Maintenance/Defragment", {}),
    ("KV/Compact", {"revision": "2"}),
    ("KV/Compact", {"revision": "3", "physical": True}),
    ("Maintenance/Downgrade", {"action": "VALIDATE", "version": "3.6.0"}),
    ("Maintenance/Downgrade", {"action": "ENABLE", "version": "3.6.0"}),
    ("Maintenance/Downgrade", {"action": "CANCEL"}),
    ("Maintenance/Alarm", {"action": "ACTIVATE", "alarm": "NOSPACE"}),
    ("Maintenance/Alarm", {"action": "DEACTIVATE", "alarm": "NOSPACE"}),
    ("Maintenance/Alarm", {"action": "ACTIVATE", "alarm": "CORRUPT"}),
    ("Maintenance/Alarm", {"action": "DEACTIVATE", "alarm": "CORRUPT"}),
    ("Cluster/MemberAdd", {"peerURLs": ["https://127.0.0.1:1"], "isLearner": True}),
    ("Cluster/MemberUpdate", {"ID": NEWEST, "peerURLs": ["https://127.0.0.1:2"]}),
    ("Cluster/MemberPromote", {"ID": NEWEST}),
    ("Maintenance/MoveLeader", {"targetID": NEWEST}),
    ("Cluster/MemberRemove", {"ID": NEWEST}),
    ("Auth/AuthDisable", {}),
]
"""Calls about the etcd as a whole that are root's alone, in an order that root can follow."""
