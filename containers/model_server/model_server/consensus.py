"""One price out of several sources': the median of those that agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

MAX_DEVIATION = 0.05
"""How far a source may be from the median of all, as a part of it.

Exchanges differ by far less than a percent, and by a few percent in a crash.
"""


class DisagreementError(Exception):
    """The sources' prices are too far apart to say which one is right."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the sources agree on.

    Attributes:
        price: The median of the sources that agree.
        outliers: The sources that were left out for being too far from the median.
    """

    price: float
    outliers: tuple[str, ...]


def agree(prices: Mapping[str, float]) -> Consensus:
    """Find the price that most sources agree on.

    A source alone is believed; of two that differ neither is.

    Args:
        prices: At least one price, by source.

    Raises:
        DisagreementError: No majority is near the median.
    """
    middle = median(prices.values())
    outliers = tuple(
        name for name, price in prices.items() if abs(price / middle - 1) > MAX_DEVIATION
    )
    if 2 * len(outliers) >= len(prices):
        listed = ", ".join(f"{name} {price:g}" for name, price in prices.items())
        raise DisagreementError(f"the sources disagree: {listed}")
    return Consensus(median(prices[name] for name in prices.keys() - outliers), outliers)
