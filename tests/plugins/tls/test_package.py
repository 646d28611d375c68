"""The resource types as the engine sees them; the official plugin is compared in test_official."""

import pytest

from tests.plugins.tls.conftest import CERT_REQUEST, LOCALLY_SIGNED, PRIVATE_KEY, SELF_SIGNED
from tests.support.plugin import UNKNOWN, RefusedError, plain, secret_names

SECRETS = {
    PRIVATE_KEY: {"privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"},
    CERT_REQUEST: {"privateKeyPem"},
    SELF_SIGNED: {"privateKeyPem"},
    LOCALLY_SIGNED: {"caPrivateKeyPem"},
}
COMPUTED = {
    PRIVATE_KEY: {"id", "publicKeyPem", "publicKeyOpenssh", "publicKeyFingerprintMd5"}
    | {"publicKeyFingerprintSha256", *SECRETS[PRIVATE_KEY]},
    CERT_REQUEST: {"id", "keyAlgorithm", "certRequestPem"},
    SELF_SIGNED: {"id", "keyAlgorithm", "certPem", "validityStartTime", "validityEndTime"}
    | {"maxPathLength"},
    LOCALLY_SIGNED: {"id", "caKeyAlgorithm", "certPem", "validityStartTime", "validityEndTime"}
    | {"maxPathLength"},
}


@pytest.fixture(scope="module")
def inputs(make):
    """Sufficient inputs of each type."""
    authority = make.authority()
    key = {"privateKeyPem": authority["privateKeyPem"]}
    period = {"allowedUses": ["client_auth"], "validityPeriodHours": 24}
    return {
        PRIVATE_KEY: {"algorithm": "ECDSA", "ecdsaCurve": "P256"},
        CERT_REQUEST: key | {"subject": {"commonName": "x"}, "dnsNames": ["a"]},
        SELF_SIGNED: key | period | {"subject": {"commonName": "x"}},
        LOCALLY_SIGNED: period
        | {
            "caCertPem": authority["certPem"],
            "caPrivateKeyPem": authority["privateKeyPem"],
            "certRequestPem": make.request()["certRequestPem"],
        },
    }


@pytest.fixture(params=SECRETS, ids=lambda token: token.rpartition(":")[2])
def token(request):
    return request.param


def test_keys_are_secret_in_inputs_and_outputs(plugin, inputs, token):
    checked, _ = plugin.check(token, inputs[token])
    _, outputs = plugin.create(token, checked)
    assert secret_names(outputs) == SECRETS[token]
    assert secret_names(checked) == SECRETS[token] & set(inputs[token])


def test_a_state_that_was_just_made_changes_nothing(plugin, inputs, token):
    identifier, outputs = plugin.create(token, inputs[token])
    assert plugin.diff(token, outputs, inputs[token]) == ([], [])
    assert plugin.read(token, identifier, outputs, inputs[token])[1] == outputs


def test_a_refresh_finds_the_same_inputs(plugin, inputs, token):
    identifier, outputs = plugin.create(token, inputs[token])
    assert plain(plugin.read(token, identifier, outputs, inputs[token])[2]) == inputs[token]


def test_a_preview_knows_inputs_and_defaults_alone(plugin, inputs, token):
    _, planned = plugin.create(token, inputs[token], preview=True)
    assert {name for name, value in planned.items() if value == UNKNOWN} == COMPUTED[token]
    assert not any(name.startswith("__") for name in planned)


def test_a_preview_works_with_nothing_known(plugin, inputs, token):
    """The first preview of a stack: every PEM comes from a resource that isn't there yet."""
    unknown = dict.fromkeys(inputs[token], UNKNOWN)
    assert plugin.check(token, unknown)[1] == {}
    _, planned = plugin.create(token, unknown, preview=True)
    assert planned["id"] == UNKNOWN


def test_an_input_that_becomes_unknown_may_replace(plugin, inputs, token):
    """What a preview shows when an authority is about to be replaced."""
    _, outputs = plugin.create(token, inputs[token])
    for name in inputs[token]:
        changed, replaces = plugin.diff(token, outputs, inputs[token] | {name: UNKNOWN})
        assert name in changed
        assert name in replaces


@pytest.mark.parametrize(
    ("token", "change"),
    [
        (PRIVATE_KEY, {"algorithm": "RSA"}),
        (PRIVATE_KEY, {"ecdsaCurve": "P384"}),
        (PRIVATE_KEY, {"rsaBits": 4096}),
        (CERT_REQUEST, {"dnsNames": ["a", "b"]}),
        (CERT_REQUEST, {"dnsNames": None}),
        (CERT_REQUEST, {"ipAddresses": ["10.0.0.1"]}),
        (CERT_REQUEST, {"uris": ["spiffe://a"]}),
        (CERT_REQUEST, {"subject": {"commonName": "y"}}),
        (CERT_REQUEST, {"subject": {"commonName": "x", "organization": "o"}}),
        (SELF_SIGNED, {"isCaCertificate": True}),
        (SELF_SIGNED, {"setAuthorityKeyId": True}),
        (SELF_SIGNED, {"maxPathLength": 1}),
        (LOCALLY_SIGNED, {"allowedUses": ["server_auth"]}),
        (LOCALLY_SIGNED, {"validityPeriodHours": 48}),
        (LOCALLY_SIGNED, {"setSubjectKeyId": True}),
        (LOCALLY_SIGNED, {"certRequestPem": "another"}),
        (LOCALLY_SIGNED, {"caCertPem": "another"}),
        (LOCALLY_SIGNED, {"caPrivateKeyPem": "another"}),
    ],
)
def test_every_change_of_what_is_signed_replaces(plugin, inputs, token, change):
    _, outputs = plugin.create(token, inputs[token])
    wanted = {k: v for k, v in (inputs[token] | change).items() if v is not None}
    changed, replaces = plugin.diff(token, outputs, wanted)
    assert replaces == list(change)
    assert set(change) <= set(changed)


def test_a_longer_notice_is_no_reason_for_a_new_certificate(plugin, inputs):
    _, outputs = plugin.create(LOCALLY_SIGNED, inputs[LOCALLY_SIGNED])
    wanted = inputs[LOCALLY_SIGNED] | {"earlyRenewalHours": 2}
    assert plugin.diff(LOCALLY_SIGNED, outputs, wanted) == (["earlyRenewalHours"], [])
    updated = plugin.update(LOCALLY_SIGNED, outputs, wanted)
    assert plain(updated) == plain(outputs) | {"earlyRenewalHours": 2}
    assert plugin.diff(LOCALLY_SIGNED, updated, wanted) == ([], [])


def test_defaults_are_those_of_the_official_plugin(plugin, inputs):
    """P224 is the official default; the product spells its curve out."""
    key = plain(plugin.create(PRIVATE_KEY, {"algorithm": "ED25519"})[1])
    assert (key["ecdsaCurve"], key["rsaBits"]) == ("P224", 2048)
    leaf = plain(plugin.create(LOCALLY_SIGNED, inputs[LOCALLY_SIGNED])[1])
    assert leaf["earlyRenewalHours"] == 0
    assert not leaf["readyForRenewal"] | leaf["isCaCertificate"] | leaf["setSubjectKeyId"]
    assert "maxPathLength" not in leaf


@pytest.mark.parametrize(
    ("token", "change", "says"),
    [
        (PRIVATE_KEY, {"algorithm": "DSA"}, "must be one of RSA, ECDSA, ED25519, got 'DSA'"),
        (PRIVATE_KEY, {"ecdsaCurve": "P192"}, "must be one of P224, P256, P384, P521, got 'P192'"),
        (LOCALLY_SIGNED, {"allowedUses": ["any"]}, "must be of any_extended, "),
        (LOCALLY_SIGNED, {"validityPeriodHours": -1}, "must be at least 0, got -1"),
        (LOCALLY_SIGNED, {"earlyRenewalHours": -1}, "must be at least 0, got -1"),
        (SELF_SIGNED, {"maxPathLength": -2}, "must be at least -1, got -2"),
        (SELF_SIGNED, {"privateKeyPemWo": "x"}, "is not offered by this plugin; use privateKeyPem"),
        (LOCALLY_SIGNED, {"caPrivateKeyPemWoVersion": 1}, "use caPrivateKeyPem, whose value the"),
    ],
)
def test_wrong_inputs_are_refused_before_anything_is_made(plugin, inputs, token, change, says):
    _, failures = plugin.check(token, inputs[token] | change)
    ((name, reason),) = failures.items()
    assert name in change
    assert says in reason


def test_too_small_rsa_keys_are_refused(plugin):
    with pytest.raises(RefusedError, match="rsaBits: is too few to be safe, got 512"):
        plugin.create(PRIVATE_KEY, {"algorithm": "RSA", "rsaBits": 512})


def test_nothing_can_be_imported(plugin, token):
    """As with the official plugin: a key is nowhere but in the state."""
    with pytest.raises(RefusedError, match="can't be imported"):
        plugin.read(token, "some-id")
