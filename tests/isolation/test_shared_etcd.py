"""A tenant's certificate against its neighbours and the platform: docs/isolation/etcd-outcomes.md.

Not here: other certificates, and what isn't gRPC (test_shared_etcd_connections.py).
"""

from dataclasses import replace

import pytest

from tests.isolation import administration
from tests.isolation.attempts import BEYOND, ON_BARE_LEASES, ON_KEYS
from tests.isolation.parties import b64, grant_leases
from tests.isolation.verdicts import REFUSED, keys, outcome
from tests.support import etcd_rpc, outcomes

pytestmark = pytest.mark.processes

DOCUMENT = "etcd-outcomes.md"
PARTIES = ["call", "on", "its own", "a neighbour's", "the platform's", "root"]


def attempt(server, client, attempted, me, on):
    """What comes of one call; the caller's own keys are mended after it."""
    (call, _), make = attempted
    me = server.tenants[me]
    on = on or me
    grant_leases(server.root, on)
    put = {"key": b64(on.key), "value": b64(on.value)}
    try:
        return outcome(client, call, make(me, on), poke=lambda: client.ask("KV/Put", put))
    finally:
        server.mend(me.name)


def tried(shared, thieves, attempted, parties_of):
    """What comes of a call by each tenant on some parties, which changes nothing of others."""
    seen = set()
    for name, client in thieves.items():
        me = shared.tenants[name]
        before = keys(shared.root, but=me)
        seen |= {attempt(shared, client, attempted, name, on) for on in parties_of(me)}
        assert keys(shared.root, but=me) == before, f"{attempted[0]} by {name}"
    return seen


@pytest.fixture
def table(shared, elsewhere, thieves):
    """Try every call of a catalogue, check its table, return each row's cells."""

    def row(attempted, victim):
        def others(me):
            return [one for one in shared.tenants.values() if one.name != me.name]

        before = shared.holds()
        cells = [
            tried(shared, thieves, attempted, lambda _: [None]),
            tried(shared, thieves, attempted, others),
            tried(shared, thieves, attempted, lambda _: shared.platform),
            {attempt(elsewhere, elsewhere.root, attempted, "a", victim)},
        ]
        assert shared.holds() == before, attempted[0]
        elsewhere.mend("aa")
        return cells

    def run(heading, catalogue, victim="aa"):
        found, lines = {}, []
        for attempted in catalogue.items():
            found[attempted[0]] = row(attempted, replace(elsewhere.tenants["aa"], name=victim))
            words = [" or ".join(sorted(cell)) for cell in found[attempted[0]]]
            lines.append([*attempted[0], *words])
        outcomes.check(DOCUMENT, heading, PARTIES, lines)
        return found

    return run


def is_refused(cell):
    return cell <= REFUSED


def works(cell):
    return all(word == "done" or word.startswith("shows ") for word in cell)


def test_within_its_range_everything_works_and_outside_nothing(table):
    for what, (own, *others, root) in table("Keys, within a range", ON_KEYS).items():
        assert works(own), what
        assert works(root), what
        assert all(map(is_refused, others)), what


def test_what_leaves_its_range_is_refused_as_a_whole(table):
    for what, (own, *others, root) in table("Keys, beyond any range", BEYOND).items():
        assert works(root), what
        assert all(map(is_refused, [own, *others])), what


def test_of_others_leases_without_keys_it_sees_no_key(table):
    """The lifetime alone of any lease whose id it knows; the rest is said in the document."""
    for what, cells in table("Leases without keys", ON_BARE_LEASES).items():
        assert all(map(works, cells)), what


def test_it_sees_its_own_user_and_role_alone(table):
    heading = "Users and roles, its own"
    for what, (own, *others, root) in table(heading, administration.ON_USERS).items():
        assert works(own), what
        assert works(root), what
        assert all(map(is_refused, others)), what


def test_it_changes_no_user_and_no_role(table, elsewhere):
    """Not even its own; root does so to a user made for it, whose password it guesses."""
    for call, request in administration.visitor(elsewhere.tenants["aa"]):
        elsewhere.root.ask(call, request)
    heading = "Users and roles, what even of its own is root's"
    found = table(heading, administration.ON_USERS_BEYOND, victim=administration.VISITOR)
    for what, (*tenants, root) in found.items():
        assert works(root), what
        for cell in tenants:
            assert is_refused(cell) or cell == {administration.NO_PASSWORD}, what


def test_it_can_guess_who_its_neighbours_are(thieves):
    """Known: etcd's answer to a password tells a user that is there from one that isn't."""
    lines = []
    for name in ("aa", "nobody"):
        request = {"name": name, "password": "guess"}
        lines.append([name, outcome(thieves["a"], "Auth/Authenticate", request)])
    outcomes.check(DOCUMENT, "Names of users", ["a password for", "outcome"], lines)


@pytest.fixture
def calls(shared, elsewhere, thieves):
    """Make every call of a list about the etcd as a whole; check its table, return its cells."""

    def run(heading, listed):
        found, lines = [], []
        before = shared.holds()
        for call, request in listed:
            what = ", ".join(f"{name} {value}" for name, value in request.items())
            tenants = {
                outcome(client, call, _on_newest_member(shared, request))
                for client in thieves.values()
            }
            root = {outcome(elsewhere.root, call, _on_newest_member(elsewhere, request))}
            assert shared.holds() == before, call
            found.append((call, tenants, root))
            lines.append([call, what, *(" or ".join(sorted(cell)) for cell in (tenants, root))])
        outcomes.check(DOCUMENT, heading, ["call", "with", "a tenant", "root"], lines)
        return found

    return run


def _on_newest_member(server, request):
    members = server.root.ask("Cluster/MemberList").members
    newest = max(members, key=lambda member: member.isLearner).ID
    return {
        name: str(newest) if value == administration.NEWEST else value
        for name, value in request.items()
    }


def test_calls_that_show_no_key_are_answered(calls):
    for call, tenants, root in calls("The etcd as a whole, answered", administration.ANSWERED):
        assert tenants == root, call
        assert works(tenants), call


def test_all_other_calls_are_roots_alone(calls):
    """Last, as root's calls take the other etcd to pieces."""
    for call, tenants, root in calls("The etcd as a whole, refused", administration.ROOTS_ALONE):
        assert is_refused(tenants), call
        assert not is_refused(root), call


def test_every_call_that_etcd_has_is_tried():
    """A newer etcd's calls stand in the descriptors of its own module."""
    catalogues = (ON_KEYS, BEYOND, administration.ON_USERS, administration.ON_USERS_BEYOND)
    tried_ones = {call for catalogue in catalogues for call, _ in catalogue}
    tried_ones |= {call for call, _ in administration.ANSWERED + administration.ROOTS_ALONE}
    assert etcd_rpc.methods() == tried_ones
