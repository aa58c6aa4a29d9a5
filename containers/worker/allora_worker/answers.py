"""Reads the model server's answers, which may be anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn

from .foreign_text import without_secrets

# As Python and JSON write numbers, without the forms that only some languages read: `1_000`,
# `0x10`, `1,5`, `NaN`, `Infinity`.
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
# Far beyond any price or loss; the chain's decimals have limits, too
# (https://github.com/allora-network/allora-chain/blob/main/math/dec.go).
_MAX_DIGITS: Final = 100
_MAX_EXPONENT: Final = 100
# https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#bech32
_ADDRESS: Final = re.compile(r"allo1[02-9ac-hj-np-z]{38,58}")
_SHOWN: Final = 60


class NotAValueError(Exception):
    """The worker cannot submit the answer; the text says why."""


def read_number(text: str) -> Decimal:
    """Return a number in plain text, JSON or `{"value": …}`, or raise `NotAValueError`."""
    text = text.strip()
    if not text.startswith(("{", '"')):
        return _as_number(text, text)
    answer = _read_json(text)
    if isinstance(answer, dict) and "value" in answer:
        answer = answer["value"]
    return _as_number(answer, text)


def read_forecasts(text: str) -> dict[str, Decimal]:
    """Return the losses in a JSON object by inferers' addresses, or raise `NotAValueError`."""
    answer = _read_json(text.strip())
    if not isinstance(answer, dict) or not answer:
        raise NotAValueError(
            "not a JSON object of predicted losses by the inferers' addresses: " + _shown(text)
        )
    for address in answer:
        if not _ADDRESS.fullmatch(address):
            raise NotAValueError(f"{_shown(address)} is not the address of an inferer")
    return {address: _as_number(loss, str(loss)) for address, loss in answer.items()}


def _read_json(text: str) -> Any:  # noqa: ANN401 - any JSON
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
    is_too_long = len(number.as_tuple().digits) > _MAX_DIGITS
    if is_too_long or abs(number.adjusted()) > _MAX_EXPONENT:
        raise NotAValueError(f"beyond what the chain can hold: {_shown(answer)}")
    return number if number else number.copy_abs()


def _shown(text: str) -> str:
    """Return the beginning of an answer, for a message."""
    text = " ".join(without_secrets(text).split())
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…") if text else "nothing"
