"""Reads the model server's answers, which may be anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeAlias

from .foreign_text import without_secrets
from .labels import InvalidLabelsError, Labels
from .losses import LossMethod, Truth

# As Python and JSON write numbers, without the forms that only some languages read: `1_000`,
# `0x10`, `1,5`, `NaN`, `Infinity`.
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
# What the chain takes, besides 0 (BoundedExp40Dec in the folder math of
# https://github.com/allora-network/allora-chain).
_LEAST: Final = Decimal("1e-40")
_MOST: Final = Decimal("1e40")
_MAX_DIGITS: Final = 100  # far beyond any price or loss
# https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#bech32
_ADDRESS: Final = re.compile(r"allo1[02-9ac-hj-np-z]{38,58}")
_SHOWN: Final = 60


Inference: TypeAlias = Decimal | dict[str, Decimal]
"""A number, or the numbers by label."""


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


def read_inference(text: str, labels: Labels | None) -> Inference:
    """Return the number, or the numbers by label, that a topic takes.

    Raises:
        NotAValueError: It is something else.
    """
    return read_number(text) if labels is None else read_labels(text, labels)


def read_labels(text: str, labels: Labels) -> dict[str, Decimal]:
    """Return the numbers in a JSON object by label, or raise `NotAValueError`."""
    answer = _read_json(text.strip())
    if not isinstance(answer, dict) or not answer:
        raise NotAValueError(
            f'{_shown(text)}, and the topic takes a JSON object of numbers by label: {{"up": 0.6}}'
        )
    numbers = [(label, _as_number(number, str(number))) for label, number in answer.items()]
    try:
        return labels.check(numbers)
    except InvalidLabelsError as error:
        raise NotAValueError(without_secrets(str(error))) from None


def read_truth(text: str, loss: LossMethod) -> Truth:
    """Return what came true, with its standard deviation if the loss needs it.

    Raises:
        NotAValueError: It is no number, or the standard deviation is missing.
    """
    value = read_number(text)
    if not loss.needs_std:
        return Truth(value)
    answer = _read_json(text.strip())
    std = answer.get("std") if isinstance(answer, dict) else None
    if std is None or _as_number(std, text) <= 0:
        raise NotAValueError(
            f"{_shown(text)}, and the loss {loss.name} is measured in standard deviations of the "
            'truth: a JSON object, as {"value": 0.012, "std": 0.02}'
        )
    return Truth(value, _as_number(std, text))


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
        return json.loads(
            text,
            parse_float=as_text,
            parse_int=as_text,
            parse_constant=refuse,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError):
        raise NotAValueError(f"neither a number nor JSON: {_shown(text)}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise NotAValueError("a JSON object with one name twice")
    return members


def _as_number(value: object, answer: str) -> Decimal:
    # JSON's numbers are text here; true, null, lists and objects are not.
    if not isinstance(value, str) or not _NUMBER.fullmatch(value.strip()):
        raise NotAValueError(f"not a number: {_shown(answer)}")
    number = Decimal(value.strip())
    is_too_long = len(number.as_tuple().digits) > _MAX_DIGITS
    if is_too_long or (number and not _LEAST <= number.copy_abs() <= _MOST):
        raise NotAValueError(f"beyond what the chain can hold: {_shown(answer)}")
    return number if number else number.copy_abs()


def _shown(text: str) -> str:
    """Return the beginning of an answer, for a message."""
    text = " ".join(without_secrets(text).split())
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…") if text else "nothing"
