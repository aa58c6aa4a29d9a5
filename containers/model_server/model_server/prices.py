"""Prices, and the checks of every number from a source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Json = Any
"""An unchecked JSON value."""


class SourceError(Exception):
    """A source's answer cannot be used; the text says why."""


class UnknownTokenError(SourceError):
    """The source has no price of this token in US dollars."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A price in US dollars, and its Unix time."""

    price: float
    time: float


@dataclass(frozen=True, slots=True)
class Candle:
    """The last price of an interval."""

    time: int
    """Unix time of the interval's beginning."""
    close: float
    """The price at its end, or the latest one of the current interval."""


def candle_of(time: Json, close: Json) -> Candle:
    """Return a candle of two values, each a number or a string, or raise `SourceError`."""
    return Candle(int(number_of(time)), price_of(close))


def price_of(value: Json) -> float:
    """Return a price from a number or a string, or raise `SourceError` unless it is above 0."""
    price = number_of(value)
    if price <= 0:
        raise SourceError(f"a price of {price}")
    return price


def number_of(value: Json) -> float:
    """Return a finite number from a number or a string, or raise `SourceError`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise SourceError("a value that is no number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise SourceError(f"{str(value)[:20]!r} instead of a number") from None
    if not math.isfinite(number):
        raise SourceError(f"a number that is {number}")
    return number
