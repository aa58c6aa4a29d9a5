"""Holds the model's value against what the network's other inferers said last.

A value in the wrong unit, such as a price in a topic of log returns, is off by orders of magnitude;
a daring forecast is not. The rules tell the two apart, and nothing finer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Final

from .topic_facts import Facts, Kind

FEWEST_OTHERS: Final = 3
"""Inferers without whom nothing can be said."""

MOST_TIMES: Final = 10
"""The median that a value above 0, such as a price, may be; or the part of it."""

MOST_SPREADS: Final = 20
"""Median distances from the median that a log return may be away."""

_PLAUSIBLE_RETURN: Final = 0.5
"""A log return in a day that needs no comparison: Bitcoin's was -0.46 on 12 March 2020, its worst
day in a decade. For other horizons it is scaled by the square root of time."""

_DAY: Final = 86_400
_MOST_TIMES_OF_ANYTHING: Final = 1000
"""The largest of the others' values that a value of an unknown kind may be."""


def implausible(value: Decimal, others: Sequence[Decimal], facts: Facts | None) -> str | None:
    """Return why a value is off by orders of magnitude, or None.

    Args:
        value: What the model answers.
        others: What the network's other inferers submitted last in the topic.
        facts: What the topic asks for; None if that is unknown.
    """
    numbers = [number for number in map(float, others) if math.isfinite(number)]
    if len(numbers) < FEWEST_OTHERS:
        return None
    match facts.kind if facts else None:
        case Kind.CLASSIFICATION:
            return None
        case Kind.LOG_RETURN:
            return _implausible_return(float(value), numbers, facts)
        case Kind.PRICE | Kind.VOLATILITY:
            return _implausible_size(float(value), numbers)
    if min(numbers) > 0:
        return _implausible_size(float(value), numbers)
    return _implausible_at_all(float(value), numbers)


def _implausible_size(value: float, others: Sequence[float]) -> str | None:
    middle = median(others)
    if middle <= 0:
        return None  # the network's values are nonsense themselves
    if value <= 0:
        return f"{value:g} is not above 0, and the network's median is {middle:g}"
    if value > MOST_TIMES * middle:
        return f"{value:g} is {value / middle:.3g} times the network's median, {middle:g}"
    if value < middle / MOST_TIMES:
        return f"{value:g} is the {middle / value:.3g}th part of the network's median, {middle:g}"
    return None


def _implausible_return(value: float, others: Sequence[float], facts: Facts | None) -> str | None:
    seconds = facts.horizon_seconds if facts else _DAY
    if abs(value) <= _PLAUSIBLE_RETURN * math.sqrt(seconds / _DAY):
        return None
    middle = median(others)
    spread = median(abs(other - middle) for other in others)
    if abs(value - middle) <= MOST_SPREADS * spread:
        return None
    return (
        f"{value:g} is no plausible log return in this horizon, and far from the network's median, "
        f"{middle:g}"
    )


def _implausible_at_all(value: float, others: Sequence[float]) -> str | None:
    largest = max(map(abs, others))
    if abs(value) <= _MOST_TIMES_OF_ANYTHING * largest or not largest:
        return None
    return f"{value:g} is over {_MOST_TIMES_OF_ANYTHING} times the network's largest, {largest:g}"
