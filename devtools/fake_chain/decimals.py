"""Decimal numbers, as the chain computes with them and writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal

ZERO, ONE = Decimal(0), Decimal(1)
_FINEST = Decimal(1).scaleb(-18)
"""The last decimal place that is told; a number in uallo is a whole one anyway."""
_PRECISE = Context(prec=80)
_LARGEST = 60
"""A number of more digits than this needs no decimal places."""


def text(value: Decimal) -> str:
    """Return a number without an exponent and without zeros at its end."""
    if value.adjusted() > _LARGEST:
        return f"{value:f}"
    rounded = value.quantize(_FINEST, context=_PRECISE)
    return f"{rounded:f}".rstrip("0").rstrip(".") if rounded else "0"


def mean(values: Mapping[str, Decimal], weights: Mapping[str, Decimal]) -> Decimal:
    """Return the mean of some values by their weights; the plain one where all weights are 0."""
    total = sum((weights[name] for name in values), ZERO)
    if not total:
        return sum(values.values(), ZERO) / len(values)
    return sum((values[name] * weights[name] for name in values), ZERO) / total


def standard_deviation(values: Iterable[Decimal]) -> Decimal:
    """Return the standard deviation of a sample; 0 for a single value or none.

    `StdDev` in https://github.com/allora-network/allora-chain/blob/main/math/utils.go
    """
    found = list(values)
    if len(found) <= 1:
        return ZERO
    middle = sum(found, ZERO) / len(found)
    return (sum(((each - middle) ** 2 for each in found), ZERO) / (len(found) - 1)).sqrt()


def potential(p: Decimal, c: Decimal, x: Decimal) -> Decimal:
    """Return ln(1 + exp(p (x - c))), `Phi` in the same file."""
    return (ONE + (p * (x - c)).exp()).ln()


def gradient(p: Decimal, c: Decimal, x: Decimal) -> Decimal:
    """Return p / (exp(p (c - x)) + 1), `Gradient` in the same file."""
    return p / ((p * (c - x)).exp() + ONE)
