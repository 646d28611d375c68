import datetime as dt

import pytest

from rig.plugins.tls import renewal
from tests.plugins.tls.conftest import LOCALLY_SIGNED, SELF_SIGNED
from tests.support.plugin import plain

EARLY = {"validityPeriodHours": 24, "earlyRenewalHours": 6}


@pytest.fixture
def clock(monkeypatch):
    """Let hours go by."""
    start = renewal.now()

    def set_hours(hours):
        monkeypatch.setattr(renewal, "now", lambda: start + dt.timedelta(hours=hours))

    return set_hours


@pytest.fixture(params=[SELF_SIGNED, LOCALLY_SIGNED], ids=["self-signed", "locally-signed"])
def kind(request, make):
    """(token, inputs) of a certificate that lasts 24 hours and is renewed 6 hours early."""
    authority = make.authority()
    if request.param == SELF_SIGNED:
        inputs = {"privateKeyPem": authority["privateKeyPem"], "allowedUses": []}
    else:
        inputs = {
            "caCertPem": authority["certPem"],
            "caPrivateKeyPem": authority["privateKeyPem"],
            "certRequestPem": make.request()["certRequestPem"],
            "allowedUses": [],
        }
    return request.param, inputs | EARLY


def test_a_certificate_is_replaced_once_its_time_has_come(plugin, kind, clock):
    """By a plain `pulumi up`, with no input changed and no refresh before."""
    token, inputs = kind
    _, outputs = plugin.create(token, inputs)
    clock(17.9)
    assert plugin.diff(token, outputs, inputs) == ([], [])
    clock(18.1)
    assert plugin.diff(token, outputs, inputs) == (["readyForRenewal"], ["readyForRenewal"])


def test_the_new_one_is_not_replaced_again(plugin, kind, clock):
    token, inputs = kind
    clock(18.1)
    _, renewed = plugin.create(token, inputs)
    assert plugin.diff(token, renewed, inputs) == ([], [])


def test_a_refresh_says_that_it_is_due(plugin, kind, clock):
    token, inputs = kind
    identifier, outputs = plugin.create(token, inputs)
    clock(19)
    _, refreshed, _ = plugin.read(token, identifier, outputs, inputs)
    assert plain(refreshed) == plain(outputs) | {"readyForRenewal": True}
    assert plugin.diff(token, refreshed, inputs)[1] == ["readyForRenewal"]


@pytest.mark.parametrize("change", [{"validityPeriodHours": 0}, {"earlyRenewalHours": 24}])
def test_a_certificate_that_is_never_fresh_says_so(plugin, kind, change):
    """Each `up` makes a new one, as the official plugin does."""
    token, inputs = kind
    _, outputs = plugin.create(token, inputs | change)
    assert plain(outputs)["readyForRenewal"] is True
    assert plugin.diff(token, outputs, inputs | change)[1] == ["readyForRenewal"]


def test_nanoseconds_of_the_official_plugin_are_read(plugin, kind):
    """Its times have nine digits after the point."""
    token, inputs = kind
    _, outputs = plugin.create(token, inputs)
    outputs = plain(outputs) | {"validityEndTime": "2019-11-24T12:14:22.728713381Z"}
    assert plugin.diff(token, outputs, inputs)[1] == ["readyForRenewal"]
