"""Every certificate that a stack declares: how long it lives, and when it ends."""

from tests.support.mocks import settled

HOURS_OF_A_DAY = 24


def test_leaves_live_ninety_days_and_are_renewed_at_sixty(up, dev, mocks):
    up(dev)
    leaves = mocks.of_type(":LocallySignedCert")
    assert len(leaves) > 10
    lives = {(one.inputs["validityPeriodHours"], one.inputs["earlyRenewalHours"]) for one in leaves}
    assert lives == {(90 * HOURS_OF_A_DAY, 30 * HOURS_OF_A_DAY)}


def test_the_outputs_say_when_each_one_ends(up, dev, mocks, monkeypatch):
    """None is left out, or nobody would hear of its end. Here each ends at its own name."""
    made_up = mocks._made_up  # what a provider alone knows

    def with_own_end(args):
        ends = {"validityEndTime": args.name} if args.typ.startswith("tls:") else {}
        return made_up(args) | ends

    monkeypatch.setattr(mocks, "_made_up", with_own_end)
    dev["tenants"] = [{"name": "acme"}, {"name": "own", "datastore": "dedicated", "keys": [2, 1]}]
    outputs = settled(up(dev)["certificates"])
    said = sorted(end for of_one in outputs.values() for end in of_one.values())
    kinds = (":LocallySignedCert", ":SelfSignedCert")
    assert said == sorted(one.name for kind in kinds for one in mocks.of_type(kind))
