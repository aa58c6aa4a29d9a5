"""What a model server may answer, and what of it is a value."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn

# As Python and JSON write numbers, without the forms that only some languages read: `1_000`,
# `0x10`, `1,5`, `NaN`, `Infinity`.
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
# Far beyond any price or loss; the chain's decimals have limits, too
# (https://github.com/allora-network/allora-chain/blob/main/math/dec.go).
_MOST_DIGITS: Final = 100
_LARGEST_EXPONENT: Final = 100
# https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#bech32
_ADDRESS: Final = re.compile(r"allo1[02-9ac-hj-np-z]{38,58}")
_SHOWN: Final = 60


class NotAValueError(Exception):
    """The answer is none that the worker can submit; the text says why."""


def read_number(text: str) -> Decimal:
    """The number in an answer: plain text, a JSON number, or `{"value": …}`, with all its digits.

    Raises:
        NotAValueError: It is anything else, or not finite.
    """
    stripped = text.strip()
    if stripped.startswith(("{", '"')):
        answer = _read_json(stripped)
        return _as_number(answer["value"] if _has_value(answer) else answer, stripped)
    return _as_number(stripped, stripped)


def read_forecasts(text: str) -> dict[str, Decimal]:
    """The forecasts in an answer: a JSON object of losses by the inferers' addresses.

    Raises:
        NotAValueError: It is anything else, or empty.
    """
    answer = _read_json(text.strip())
    if not isinstance(answer, dict) or not answer:
        raise NotAValueError(
            "not a JSON object of predicted losses by the inferers' addresses: " + _shown(text)
        )
    for address in answer:
        if not _ADDRESS.fullmatch(address):
            raise NotAValueError(f"{_shown(address)} is not the address of an inferer")
    return {address: _as_number(loss, str(loss)) for address, loss in answer.items()}


def _has_value(answer: object) -> bool:
    return isinstance(answer, dict) and "value" in answer


def _read_json(text: str) -> Any:  # noqa: ANN401 - whatever JSON can be
    def refuse(constant: str) -> NoReturn:
        raise NotAValueError(f"{constant} is not a finite number")

    # Numbers stay text, so that none of their digits is lost.
    as_text: Callable[[str], str] = str
    try:
        return json.loads(text, parse_float=as_text, parse_int=as_text, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise NotAValueError(f"neither a number nor JSON: {_shown(text)}") from None


def _as_number(value: object, answer: str) -> Decimal:
    # JSON's numbers are text here; true, null, lists and objects are not.
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise NotAValueError(f"not a number: {_shown(answer)}")
    number = Decimal(value.strip())
    too_long = len(number.as_tuple().digits) > _MOST_DIGITS
    if too_long or abs(number.adjusted()) > _LARGEST_EXPONENT:
        raise NotAValueError(f"beyond what the chain can hold: {_shown(answer)}")
    return number if number else number.copy_abs()


def _shown(text: str) -> str:
    """The beginning of an answer, for a message."""
    text = " ".join(text.split())
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…") if text else "nothing"
