"""Prices: what a source tells, and the checks that every number has to pass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

Json = Any
"""A JSON document of a source: anything may be in it."""


class SourceError(Exception):
    """A source's answer cannot be used; the text says why."""


class UnknownTokenError(SourceError):
    """The source has no price of this token in US dollars."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A price and its time.

    Attributes:
        price: US dollars for one unit of the token.
        time: When that was the price, in seconds since 1970.
    """

    price: float
    time: float


@dataclass(frozen=True, slots=True)
class Candle:
    """The last price of an interval of time.

    Attributes:
        time: The beginning of the interval, in seconds since 1970.
        close: The price at its end, or the latest one of an interval that is not over.
    """

    time: int
    close: float


def candle_of(time: Json, close: Json) -> Candle:
    """Read a candle from its two values, each a number or a string; raises `SourceError`."""
    return Candle(int(number_of(time)), price_of(close))


def price_of(value: Json) -> float:
    """Read a price, which exchanges write as a number or as a string.

    Raises:
        SourceError: It is no number, not finite, or not above zero.
    """
    price = number_of(value)
    if price <= 0:
        raise SourceError(f"a price of {price}")
    return price


def number_of(value: Json) -> float:
    """Read a finite number from a number or a string.

    Raises:
        SourceError: It is neither, or not finite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise SourceError("a value that is no number")
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise SourceError(f"{str(value)[:20]!r} instead of a number") from None
    if not math.isfinite(number):
        raise SourceError(f"a number that is {number}")
    return number
