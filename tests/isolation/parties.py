"""Who shares an etcd: tenants whose names begin alike, and the platform with keys beside theirs.

Not here: what they try on each other (attempts.py).
"""

import base64
import contextlib
from dataclasses import dataclass, replace

import grpc

from core.names import etcd_range


def b64(text):
    return base64.b64encode(text.encode()).decode()


@dataclass(frozen=True)
class Party:
    """Somebody with keys, all of them from `first` to `end`, and a lease on some."""

    name: str
    """Its user and its role."""
    first: str
    end: str
    number: int
    """Makes the ids of its leases."""
    elected: int = 0
    """Revision at which the leader of its election was made."""

    @property
    def key(self):
        return f"{self.first}treasure"

    @property
    def value(self):
        return f"what {self.first} holds dear"

    @property
    def before(self):
        """The last key before its range that isn't another's."""
        return self.first[:-1] + chr(ord(self.first[-1]) - 1)

    @property
    def election(self):
        return f"{self.first}election"

    @property
    def lease(self):
        """Of the key and the leader."""
        return 1000 + self.number

    @property
    def spare_lease(self):
        """Of no key yet."""
        return 2000 + self.number


def tenant(name, number):
    first, end = etcd_range(name)
    return Party(name, first, end, number)


TENANTS = {name: tenant(name, at) for at, name in enumerate(("a", "aa", "a-b"), start=1)}
"""`/t/a` is the beginning of each: only the slash keeps them apart."""

PLATFORM = [
    Party("root", first, first + "\x7f", at)
    for at, first in enumerate(
        ("compact_rev_key", "/registry/", "/t/a", "/t/a0", "/t/aa0", "/t/a-b0", "/t/!"), start=50
    )
]
"""Keys that lie beside the tenants' ranges: what the platform keeps there is nobody else's."""


def seed(root, party):
    """Make a party's leases and keys what they were, as etcd's root; return it as it is now."""
    grant_leases(root, party)
    for key in (party.key, f"{party.election}/1"):
        put = {"key": b64(key), "value": b64(party.value), "lease": str(party.lease)}
        root.ask("KV/Put", put)
    (leader,) = root.ask("KV/Range", {"key": b64(f"{party.election}/1")}).kvs
    return replace(party, elected=leader.create_revision)


def grant_leases(root, party):
    """Make a party's leases again, those that are gone."""
    for lease in (party.lease, party.spare_lease):
        with contextlib.suppress(grpc.RpcError):  # it is there
            root.ask("Lease/LeaseGrant", {"TTL": "3600", "ID": str(lease)})
