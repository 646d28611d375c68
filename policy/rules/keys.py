"""keys: private keys and kubeconfigs are secret wherever they stand.

Not here: how it is known what is secret (policy/wire.py).
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import describe
from policy.declared import Declared, texts_in_clear

_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----")
_KUBECONFIG = re.compile(r"\bcurrent-context\b")
_CREDENTIAL = re.compile(r"\b(client-key-data|password|token)\"?\s*:\s*[^\s,}]")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{64,}={0,2}\s*")


def inputs_in_clear(resource: Declared) -> Iterator[str]:
    """A key or kubeconfig that the program hands over unmarked."""
    yield from _in_clear(resource, resource.inputs)


def outputs_in_clear(resource: Declared) -> Iterator[str]:
    """A key or kubeconfig that a provider, a component or the stack gives out unmarked."""
    if not any(inputs_in_clear(resource)):  # said already
        yield from _in_clear(resource, resource.outputs)


def _in_clear(resource: Declared, values: Mapping[str, Any]) -> Iterator[str]:
    for path, text in texts_in_clear(values):
        if what := _credential(text) or _credential(_decoded(text)):
            yield describe(
                f"{resource.thing}, {path}",
                f"{what} stands in the state and in every preview in clear",
                remedy="make it an Output.secret",
            )


def _credential(text: str) -> str:
    if _PRIVATE_KEY.search(text):
        return "a private key"
    if _KUBECONFIG.search(text) and _CREDENTIAL.search(text):
        return "a kubeconfig that lets its bearer in"
    return ""


def _decoded(text: str) -> str:
    """What base64 hides, as in the data of a Secret; nothing if it is none."""
    if not _BASE64.fullmatch(text):
        return ""
    try:
        return base64.b64decode(text).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
