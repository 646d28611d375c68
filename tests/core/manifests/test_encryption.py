"""What is encrypted before it is stored; that it is, tests/e2e shows."""

import itertools

import pytest
import yaml

from core.manifests import encryption

KEYS = {2: "bmV3", 1: "b2xk"}


def writers(scope):
    """The provider that writes, by what."""
    document = yaml.safe_load(encryption.configuration(scope, KEYS))
    return {
        rule["resources"][0]: next(iter(rule["providers"][0])) for rule in document["resources"]
    }


def test_a_scope_says_what_is_encrypted():
    assert writers("secrets") == {"secrets": "secretbox", "*.*": "identity"}
    assert writers("all") == {"secrets": "secretbox", "*.*": "secretbox"}
    assert writers("none") == {"secrets": "identity", "*.*": "identity"}


@pytest.mark.parametrize("scope", encryption.SCOPES)
def test_each_scope_reads_what_every_other_wrote(scope):
    document = yaml.safe_load(encryption.configuration(scope, KEYS))
    for rule in document["resources"]:
        providers = dict(itertools.chain.from_iterable(p.items() for p in rule["providers"]))
        assert set(providers) == {"identity", "secretbox"}
        assert providers["secretbox"]["keys"] == [
            {"name": "key2", "secret": "bmV3"},
            {"name": "key1", "secret": "b2xk"},
        ]


def test_everything_is_written_anew_while_keys_are_replaced():
    assert not encryption.rewrites_everything("secrets", (1,))
    assert encryption.rewrites_everything("all", (1,))
    assert encryption.rewrites_everything("none", (2, 1))
