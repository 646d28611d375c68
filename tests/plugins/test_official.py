"""States are interchangeable with the official plugins: what one wrote, the other leaves alone.

Opt-in: needs the official binaries, which not every machine can download.

    TENANTPLANE_OFFICIAL_TLS=.../pulumi-resource-tls
    TENANTPLANE_OFFICIAL_RANDOM=.../pulumi-resource-random
"""

import os

import pytest

from rig.plugins.random.package import PACKAGE as RANDOM
from rig.plugins.tls.package import PACKAGE as TLS
from tests.support.plugin import UNKNOWN, Plugin, plain, secret_names

pytestmark = pytest.mark.processes

PATHS = {name: os.environ.get(f"TENANTPLANE_OFFICIAL_{name.upper()}") for name in ("tls", "random")}
PACKAGES = {"tls": TLS, "random": RANDOM}

KEY = "tls:index/privateKey:PrivateKey"
REQUEST = "tls:index/certRequest:CertRequest"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
PASSWORD = "random:index/randomPassword:RandomPassword"
ID = "random:index/randomId:RandomId"
BYTES = "random:index/randomBytes:RandomBytes"

# (type, inputs, changes to look at); PEM inputs are filled in by `filled`.
CASES = [
    (KEY, {"algorithm": "RSA"}, [{"rsaBits": 4096}, {"algorithm": "ECDSA"}]),
    (KEY, {"algorithm": "ECDSA"}, [{"ecdsaCurve": "P256"}, {"ecdsaCurve": "P224"}]),
    (KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P384"}, [{"algorithm": UNKNOWN}]),
    (KEY, {"algorithm": "ED25519"}, [{"rsaBits": 2048}]),
    (REQUEST, {}, [{"dnsNames": ["a"]}, {"subject": {}}, {"subject": UNKNOWN}]),
    (
        REQUEST,
        {
            "subject": {"commonName": "x", "streetAddresses": ["a", "b"], "country": "CH"},
            "dnsNames": ["a.test", "b.test"],
            "ipAddresses": ["10.0.0.1", "::1"],
            "uris": ["spiffe://a"],
        },
        [
            {"dnsNames": ["b.test", "a.test"]},
            {"dnsNames": [UNKNOWN]},
            {"ipAddresses": []},
            {"subject": {"commonName": "y"}},
            {"privateKeyPem": UNKNOWN},
        ],
    ),
    (
        SELF_SIGNED,
        {
            "allowedUses": ["cert_signing", "server_auth"],
            "validityPeriodHours": 24,
            "isCaCertificate": True,
            "subject": {"commonName": "x", "organization": "o"},
        },
        [
            {"validityPeriodHours": 48},
            {"earlyRenewalHours": 2},
            {"earlyRenewalHours": 30},
            {"setSubjectKeyId": True},
            {"setAuthorityKeyId": True},
            {"maxPathLength": 3},
            {"isCaCertificate": False},
            {"allowedUses": []},
        ],
    ),
    (SELF_SIGNED, {"allowedUses": [], "validityPeriodHours": 0}, [{"dnsNames": ["a"]}]),
    (
        SIGNED,
        {"allowedUses": ["client_auth"], "validityPeriodHours": 24, "earlyRenewalHours": 1},
        [{"certRequestPem": UNKNOWN}, {"caCertPem": UNKNOWN}, {"earlyRenewalHours": 0}],
    ),
    (PASSWORD, {"length": 16}, [{"length": 20}, {"keepers": {}}, {"number": False}]),
    (
        PASSWORD,
        {"length": 16, "keepers": {"a": "b"}, "overrideSpecial": "_", "minUpper": 2},
        [{"keepers": {"a": "c"}}, {"keepers": UNKNOWN}, {"overrideSpecial": ""}],
    ),
    (ID, {"byteLength": 4}, [{"prefix": "p"}, {"keepers": {"a": UNKNOWN}}, {"byteLength": 5}]),
    (ID, {"byteLength": 4, "prefix": "p-", "keepers": {"a": "b"}}, [{"keepers": {}}]),
    (BYTES, {"length": 8}, [{"length": 9}, {"keepers": {}}]),
]


@pytest.fixture(scope="module")
def pair():
    """Our plugin and the official one, by name."""
    running = {}

    def start(name):
        if not PATHS[name]:
            pytest.skip(f"TENANTPLANE_OFFICIAL_{name.upper()} names no plugin")
        if name not in running:
            running[name] = (Plugin(PACKAGES[name]), Plugin(command=[PATHS[name]]))
        return running[name]

    yield start
    for plugins in running.values():
        for plugin in plugins:
            plugin.close()


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0].rpartition(':')[2]}-{len(case[1])}")
def case(request, pair):
    """(ours, official, type, inputs, changes)."""
    token, inputs, changes = request.param
    ours, official = pair(token.partition(":")[0])
    return ours, official, token, filled(ours, token, inputs), changes


def filled(plugin, token, inputs):
    """The inputs with keys, requests and authorities made for them."""
    if token in {KEY, PASSWORD, ID, BYTES}:
        return inputs
    key = plain(plugin.create(KEY, {"algorithm": "ECDSA", "ecdsaCurve": "P256"})[1])
    own = {"privateKeyPem": key["privateKeyPem"]}
    if token != SIGNED:
        return own | inputs
    subject = {"subject": {"commonName": "x"}}
    period = {"allowedUses": [], "validityPeriodHours": 24, "isCaCertificate": True}
    authority = plain(plugin.create(SELF_SIGNED, own | subject | period)[1])
    request = plain(plugin.create(REQUEST, own | subject)[1])
    return inputs | {
        "caCertPem": authority["certPem"],
        "caPrivateKeyPem": key["privateKeyPem"],
        "certRequestPem": request["certRequestPem"],
    }


def test_checks_mark_the_same_inputs(case):
    ours, official, token, inputs, _ = case
    assert ours.check(token, inputs) == official.check(token, inputs)


def test_previews_say_the_same(case):
    ours, official, token, inputs, changes = case
    for change in ({}, *changes):
        planned = ours.create(token, inputs | change, preview=True)
        assert planned == official.create(token, inputs | change, preview=True)


def test_states_have_the_same_shape(case):
    """Same names, same secrets, same marks; what is random differs in value alone."""
    ours, official, token, inputs, _ = case
    (_, mine), (_, theirs) = ours.create(token, inputs), official.create(token, inputs)
    assert plain(mine).keys() == plain(theirs).keys()
    assert secret_names(mine) == secret_names(theirs)
    assert mine.get("__meta") == theirs.get("__meta")
    mark = "__pulumi_raw_state_delta"
    assert _without_newer(mine[mark]) == _without_newer(theirs[mark])
    constant = {name for name, value in plain(theirs).items() if not isinstance(value, str)}
    constant &= set(plain(mine)) - {"validityStartTime", "validityEndTime"}
    assert {n: plain(mine)[n] for n in constant} == {n: plain(theirs)[n] for n in constant}


def test_both_see_the_same_differences_in_the_state_of_either(case):
    ours, official, token, inputs, changes = case
    for writer in (ours, official):
        _, state = writer.create(token, inputs)
        for change in ({}, *changes):
            wanted = inputs | change
            assert ours.diff(token, state, wanted) == official.diff(token, state, wanted), change


def test_both_refresh_the_state_of_either_to_the_same(case):
    ours, official, token, inputs, _ = case
    for writer in (ours, official):
        identifier, state = writer.create(token, inputs)
        mine = ours.read(token, identifier, state, inputs)
        theirs = official.read(token, identifier, state, inputs)
        assert plain(mine[1]) == plain(theirs[1])
        assert (mine[0], mine[2]) == (theirs[0], theirs[2])


@pytest.mark.parametrize(
    ("token", "identifier"), [(ID, "aGVsbG8"), (ID, "p-,aGVsbG8"), (BYTES, "aGVsbG8=")]
)
def test_imports_find_the_same(pair, token, identifier):
    ours, official = pair("random")
    assert ours.read(token, identifier) == official.read(token, identifier)


PROGRAM = """
import pulumi_random as random, pulumi_tls as tls
key = tls.PrivateKey("key", algorithm="ECDSA", ecdsa_curve="P256")
authority = tls.SelfSignedCert(
    "authority", private_key_pem=key.private_key_pem, is_ca_certificate=True,
    allowed_uses=["cert_signing"], validity_period_hours=24, subject={"common_name": "authority"},
)
request = tls.CertRequest(
    "request", private_key_pem=key.private_key_pem, dns_names=["a"], subject={"common_name": "x"}
)
tls.LocallySignedCert(
    "leaf", ca_cert_pem=authority.cert_pem, ca_private_key_pem=key.private_key_pem,
    cert_request_pem=request.cert_request_pem, allowed_uses=["server_auth"],
    validity_period_hours=12, early_renewal_hours=1,
)
random.RandomPassword("password", length=24)
random.RandomId("name", byte_length=4)
"""


@pytest.mark.parametrize("first", ["ours", "official"])
def test_a_stack_changes_hands_with_no_change(workspace, first):
    """Preview, refresh and up of the other plugins say: unchanged."""
    if not all(PATHS.values()):
        pytest.skip("both official plugins are needed")
    project = workspace(PROGRAM)
    for writer in (first, {"ours": "official", "official": "ours"}[first]):
        for name, path in PATHS.items():
            project.use_plugin(name, path if writer == "official" else None)
        if writer == first:
            project.up()
            continue
        assert set(project.preview().values()) <= {"same"}
        project.run("refresh", "--yes", "--expect-no-changes")
        project.up("--expect-no-changes")


def _without_newer(delta):
    """The mark without the write-only inputs, which the official plugin has since 5.6."""
    inner = delta["obj"].get("ps", {})
    kept = {name: value for name, value in inner.items() if "PemWo" not in name}
    return {**delta["obj"], "ps": kept}
