"""password: makes passwords, and checks what is asked of them.

Not here: the resource type around them (package.py).
"""

import secrets
import string

from core.errors import TenantplaneError
from rig.plugins.bridged.schema import State
from rig.plugins.bridged.values import UNKNOWN

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_BCRYPT_BYTES = 72  # bcrypt reads no more, and the official plugin hashes so many
_BCRYPT_COST = 10
_SETS = {
    "upper": string.ascii_uppercase,
    "lower": string.ascii_lowercase,
    "numeric": string.digits,
    "special": _SPECIAL,
}


def least(name: str) -> str:
    """Return the input that says how many characters of a set there must be."""
    return f"min{name.capitalize()}"


def validate(config: State) -> list[tuple[str, str]]:
    """Tell which inputs contradict each other."""
    length = config.get("length")
    counts = [config.get(least(name), 0) for name in _SETS]
    found = []
    if UNKNOWN not in (length, *counts) and length is not None and length < sum(counts):
        wrong = f"length: is less than the least numbers together, got {length}; "
        found.append(("length", f"{wrong}give at least {sum(counts)}"))
    number, numeric = config.get("number"), config.get("numeric")
    if number is not None and numeric is not None and number != numeric:
        found.append(("number", "number: contradicts numeric; leave number away"))
    digits = numeric if numeric is not None else number
    if [config.get("upper"), config.get("lower"), config.get("special"), digits] == [False] * 4:
        found.append(("numeric", "numeric: no character is left; allow one of the sets"))
    return found


def generate(planned: State) -> str:
    """Return a new password of the planned shape."""
    sets = dict(_SETS)
    sets["special"] = planned.get("overrideSpecial") or _SPECIAL
    allowed = "".join(characters for name, characters in sets.items() if planned[name])
    chosen = [
        secrets.choice(characters)
        for name, characters in sets.items()
        for _ in range(planned[least(name)])
    ]
    chosen += [secrets.choice(allowed) for _ in range(planned["length"] - len(chosen))]
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)


def bcrypt_hash(password: str) -> str:
    """Return the bcrypt hash that a RandomPassword carries."""
    try:
        import bcrypt  # noqa: PLC0415  few programs make passwords
    except ModuleNotFoundError as error:
        raise TenantplaneError(
            "random:index/randomPassword:RandomPassword: its bcryptHash needs the Python package "
            "bcrypt, which is missing; run make up, or pip install bcrypt"
        ) from error
    salt = bcrypt.gensalt(_BCRYPT_COST, prefix=b"2a")
    return bcrypt.hashpw(password.encode()[:_BCRYPT_BYTES], salt).decode()


def adjust(_prior: State | None, config: State, planned: State) -> list[str]:
    """Keep number, the old name, and numeric the same."""
    digits = config.get("numeric", config.get("number", True))
    planned["number"] = planned["numeric"] = digits
    return []
