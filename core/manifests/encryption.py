"""Encryption at rest: what an API server encrypts before it goes to the store, and with what.

Not here: the keys (components/_tenant_keys.py), how they are replaced (core/generations.py), the
rewriting of what is stored already (the host agent).
"""

from collections.abc import Mapping
from typing import Any

import yaml

SECRETS = "secrets"
ALL = "all"
NONE = "none"
SCOPES = (SECRETS, ALL, NONE)

FILE = "encryption.yaml"
KEY_BYTES = 32
"""Of a key for secretbox (XSalsa20 and Poly1305): the one provider with local keys whose nonces are
long enough to be random, and that is authenticated. aesgcm wants a new key every 200,000 writes,
aescbc is open to padding oracles (Kubernetes' documentation on encrypting data at rest)."""

_EVERYTHING = "*.*"


def configuration(scope: str, keys: Mapping[int, str]) -> str:
    """Return the EncryptionConfiguration.

    Whatever the scope is, everything that a scope of before has encrypted can be read: a scope says
    which provider writes, and all of them read.

    Args:
        scope: One of SCOPES.
        keys: Base64 of KEY_BYTES bytes by generation; the first encrypts.
    """
    encrypted = {
        "secretbox": {
            "keys": [{"name": f"key{number}", "secret": key} for number, key in keys.items()]
        }
    }
    plain: dict[str, Any] = {"identity": {}}
    rules = [
        {
            "resources": ["secrets"],
            "providers": [plain, encrypted] if scope == NONE else [encrypted, plain],
        },
        {
            "resources": [_EVERYTHING],
            "providers": [encrypted, plain] if scope == ALL else [plain, encrypted],
        },
    ]
    document = {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": rules,
    }
    text: str = yaml.safe_dump(document, sort_keys=True)
    return text


def rewrites_everything(scope: str, generations: tuple[int, ...]) -> bool:
    """Whether all objects have to be written anew once an API server has this configuration.

    Else it is the Secrets alone. While keys are replaced it is everything, since an earlier scope
    may have encrypted anything.
    """
    return scope == ALL or len(generations) > 1
