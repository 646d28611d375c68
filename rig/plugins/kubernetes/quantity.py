"""quantity: the one spelling that Kubernetes gives to each amount (`0.5` -> `500m`).

The rules are those of k8s.io/apimachinery/pkg/api/resource: the suffix family is kept, no fraction
remains, the exponent is as large as it can be.
Not here: where amounts stand in objects (normalize.py).
"""

import re
from decimal import ROUND_CEILING, Decimal, InvalidOperation

_FORM = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?")
_BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
_DECIMAL = {-9: "n", -6: "u", -3: "m", 0: "", 3: "k", 6: "M", 9: "G", 12: "T", 15: "P", 18: "E"}
_EXPONENTS = {suffix: exponent for exponent, suffix in _DECIMAL.items()}
_NANO = Decimal("1e-9")
_KIBI = 1024


def canonical(amount: str | float) -> str:
    """Return the spelling that the API server answers with.

    Raises:
        ValueError: it is no amount.
    """
    match = _FORM.fullmatch(str(amount).strip())
    if match is None:
        raise ValueError(f"{amount!r} is no quantity")
    digits, suffix = match.group(1), match.group(2) or ""
    try:
        number = Decimal(digits)
    except InvalidOperation:
        raise ValueError(f"{amount!r} is no quantity") from None
    if suffix in _BINARY[1:]:
        return _binary(number * _KIBI ** _BINARY.index(suffix))
    if suffix[:1] in {"e", "E"} and suffix not in _EXPONENTS:
        return _scientific(number.scaleb(int(suffix[1:])))
    return _decimal(number.scaleb(_EXPONENTS[suffix]))


def _binary(number: Decimal) -> str:
    if number != number.to_integral_value() or abs(number) < _KIBI:
        return _decimal(number)
    whole, power = int(number), 0
    while whole and whole % _KIBI == 0 and power < len(_BINARY) - 1:
        whole, power = whole // _KIBI, power + 1
    return f"{whole}{_BINARY[power]}"


def _decimal(number: Decimal) -> str:
    mantissa, exponent = _thousands(number)
    return f"{mantissa}{_DECIMAL[exponent]}"


def _scientific(number: Decimal) -> str:
    mantissa, exponent = _thousands(number)
    return f"{mantissa}e{exponent}" if exponent else str(mantissa)


def _thousands(number: Decimal) -> tuple[int, int]:
    """Return a whole number and the largest multiple of three as its exponent."""
    nanos = int((number / _NANO).to_integral_value(ROUND_CEILING if number > 0 else "ROUND_FLOOR"))
    exponent = min(_DECIMAL)
    while nanos and nanos % 1000 == 0 and exponent < max(_DECIMAL):
        nanos, exponent = nanos // 1000, exponent + 3
    return nanos, exponent if nanos else 0
