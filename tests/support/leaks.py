"""Finds private keys, tokens and clients' keys in what people and log collectors get to see.

Not here: where to look (tests/e2e/test_secrets.py, tests/e2e/test_destroy.py).
"""

import base64
import re

_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_CLIENT_KEY = re.compile(r"client-key-data\W{1,8}[A-Za-z0-9+/]{16,}")
_TOKEN = re.compile(r"eyJhbGciOi[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{20,}")
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{40,}")
_FIRST_LINE = re.compile(r"-----BEGIN (?:EC |RSA )?PRIVATE KEY-----(?:\\+n|\s)+([\w+/]{40,64})")
_LAYERS = 3
"""A key in a kubeconfig is base64, and the kubeconfig in a Secret once more."""


def leaks(text, layers=_LAYERS):
    """Return what is secret in a text, the start of each: in clear, or in base64 of base64."""
    found = _KEY.findall(text) + _CLIENT_KEY.findall(text) + _TOKEN.findall(text)
    if layers:
        for run in _ENCODED.findall(text):
            for start in range(4):  # whatever stands before it
                found += leaks(_decoded(run[start:]), layers - 1)
    return [match[:40] for match in found]


def first_lines(text):
    """Return the first line of each PEM private key in a text: known secrets, as they are stored.

    The lines after it are in the public key as well; so is most of an OpenSSH key.
    """
    return set(_FIRST_LINE.findall(text))


def _decoded(run):
    usable = run[: len(run) - len(run) % 4]
    return base64.b64decode(usable, altchars=b"-_" if set(usable) & set("-_") else None).decode(
        errors="replace"
    )
