"""The resource types as the engine sees them; the official plugin is compared in test_official."""

import base64

import pytest

from tests.plugins.random.conftest import BYTES, ID, PASSWORD
from tests.support.plugin import UNKNOWN, RefusedError, plain, secret_names

INPUTS = {
    PASSWORD: {"length": 16, "special": False},
    ID: {"byteLength": 6, "prefix": "p-"},
    BYTES: {"length": 32},
}
SECRETS = {PASSWORD: {"result", "bcryptHash"}, ID: set(), BYTES: {"base64", "hex"}}
COMPUTED = {
    PASSWORD: {"id", "result", "bcryptHash"},
    ID: {"id", "b64Std", "b64Url", "hex", "dec"},
    BYTES: {"base64", "hex"},
}


@pytest.fixture(params=INPUTS, ids=lambda token: token.rpartition(":")[2])
def token(request):
    return request.param


def test_random_values_are_secret_but_ids_are_not(plugin, token):
    """A RandomId is a name; the SDK says the same."""
    assert secret_names(plugin.create(token, INPUTS[token])[1]) == SECRETS[token]


def test_a_state_that_was_just_made_changes_nothing(plugin, token):
    identifier, outputs = plugin.create(token, INPUTS[token])
    assert plugin.diff(token, outputs, INPUTS[token]) == ([], [])
    _, refreshed, inputs = plugin.read(token, identifier, outputs, INPUTS[token])
    assert refreshed == outputs
    assert inputs == INPUTS[token]


def test_a_preview_makes_nothing_up(plugin, token):
    _, planned = plugin.create(token, INPUTS[token], preview=True)
    assert {name for name, value in planned.items() if value == UNKNOWN} == COMPUTED[token]
    unknown = dict.fromkeys(INPUTS[token], UNKNOWN)
    assert plugin.check(token, unknown)[1] == {}
    plugin.create(token, unknown, preview=True)


def test_forms_of_an_id_are_of_the_same_bytes(plugin):
    identifier, outputs = plugin.create(ID, INPUTS[ID])
    made = plain(outputs)
    raw = bytes.fromhex(made["hex"].removeprefix("p-"))
    assert len(raw) == 6
    assert made["b64Std"] == "p-" + base64.b64encode(raw).decode()
    assert made["b64Url"] == "p-" + base64.urlsafe_b64encode(raw).decode().rstrip("=")
    assert made["dec"] == f"p-{int.from_bytes(raw, 'big')}"
    assert identifier == made["id"] == made["b64Url"].removeprefix("p-")


def test_forms_of_bytes_are_of_the_same_bytes(plugin):
    identifier, outputs = plugin.create(BYTES, INPUTS[BYTES])
    made = plain(outputs)
    raw = base64.b64decode(made["base64"])
    assert (len(raw), made["hex"]) == (32, raw.hex())
    assert identifier == made["base64"]  # the official plugin's choice


def test_a_password_has_no_id_of_its_own(plugin):
    identifier, outputs = plugin.create(PASSWORD, INPUTS[PASSWORD])
    assert identifier == "none"
    made = plain(outputs)
    assert len(made["result"]) == 16
    assert made["number"] is made["numeric"] is True


@pytest.mark.parametrize(
    ("token", "change", "replaces"),
    [
        (PASSWORD, {"length": 20}, ["length"]),
        (PASSWORD, {"special": True}, ["special"]),
        (PASSWORD, {"numeric": False}, ["number", "numeric"]),
        (PASSWORD, {"minUpper": 1}, ["minUpper"]),
        (PASSWORD, {"overrideSpecial": "_"}, ["overrideSpecial"]),
        (PASSWORD, {"keepers": {"a": "b"}}, ["keepers"]),
        (PASSWORD, {"keepers": {}}, []),
        (ID, {"byteLength": 8}, ["byteLength"]),
        (ID, {"prefix": "q-"}, ["prefix"]),
        (ID, {"keepers": {}}, []),
        (BYTES, {"length": 16}, ["length"]),
        (BYTES, {"keepers": {}}, ["keepers"]),
    ],
)
def test_what_makes_a_new_value(plugin, token, change, replaces):
    """Keepers appear without a new value where the official plugin forgives them."""
    _, outputs = plugin.create(token, INPUTS[token])
    changed, found = plugin.diff(token, outputs, INPUTS[token] | change)
    assert found == replaces
    assert set(change) <= set(changed)


@pytest.mark.parametrize("keepers", [{"gen": "2"}, {"gen": UNKNOWN}, UNKNOWN, {}, None])
def test_a_changed_keeper_makes_a_new_value(plugin, token, keepers):
    """The way to rotate a password."""
    inputs = INPUTS[token] | {"keepers": {"gen": "1"}}
    _, outputs = plugin.create(token, inputs)
    assert plugin.diff(token, outputs, inputs) == ([], [])
    wanted = INPUTS[token] if keepers is None else inputs | {"keepers": keepers}
    assert plugin.diff(token, outputs, wanted)[1] == ["keepers"]


def test_an_update_keeps_the_value(plugin):
    _, outputs = plugin.create(PASSWORD, INPUTS[PASSWORD])
    updated = plugin.update(PASSWORD, outputs, INPUTS[PASSWORD] | {"keepers": {}})
    assert plain(updated) == plain(outputs) | {"keepers": {}}


@pytest.mark.parametrize(
    ("token", "identifier", "found"),
    [
        (ID, "aGVsbG8", {"byteLength": 5, "hex": "68656c6c6f", "b64Std": "aGVsbG8="}),
        (ID, "p-,aGVsbG8", {"byteLength": 5, "prefix": "p-", "hex": "p-68656c6c6f"}),
        (BYTES, "aGVsbG8=", {"length": 5, "hex": "68656c6c6f"}),
        (PASSWORD, "hunter2", {"length": 7, "result": "hunter2", "upper": True, "minUpper": 0}),
    ],
)
def test_an_import_takes_the_value_from_the_id(plugin, token, identifier, found):
    _, outputs, inputs = plugin.read(token, identifier)
    made = plain(outputs)
    assert {name: made[name] for name in found} == found
    assert plugin.diff(token, outputs, inputs) == ([], [])


@pytest.mark.parametrize(("token", "identifier"), [(ID, "a+b/"), (ID, "###"), (BYTES, "%%")])
def test_an_import_of_what_is_no_base64_is_refused(plugin, token, identifier):
    with pytest.raises(RefusedError, match="the id to import is not"):
        plugin.read(token, identifier)


@pytest.mark.parametrize(
    ("token", "inputs", "name"),
    [
        (PASSWORD, {}, "length"),
        (PASSWORD, {"length": 0}, "length"),
        (PASSWORD, {"length": 2, "minUpper": 3}, "length"),
        (ID, {"byteLength": 0}, "byteLength"),
        (ID, {"byteLength": -1}, "byteLength"),
        (BYTES, {"length": 2.5}, "length"),
        (BYTES, {"length": 2, "prefix": "x"}, "prefix"),
    ],
)
def test_wrong_inputs_are_refused(plugin, token, inputs, name):
    """Some of them crash the official plugin, or make an empty id."""
    assert list(plugin.check(token, inputs)[1]) == [name]
