"""The consensus of several sources: the median of those that agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median

MAX_DEVIATION = 0.05
"""Maximum relative distance from the median of all.

Exchanges differ by far less than a percent, and by a few percent in a crash.
"""


class DisagreementError(Exception):
    """The sources' prices are too far apart."""


@dataclass(frozen=True, slots=True)
class Consensus:
    """The median of the sources that agree, and the sources that do not."""

    price: float
    outliers: tuple[str, ...]


def agree(prices: Mapping[str, float]) -> Consensus:
    """Return the consensus on prices by source, or raise `DisagreementError` without a majority.

    One source alone is trusted; of two that differ, neither is.
    """
    middle = median(prices.values())
    outliers = tuple(
        name for name, price in prices.items() if abs(price / middle - 1) > MAX_DEVIATION
    )
    if 2 * len(outliers) >= len(prices):
        listed = ", ".join(f"{name} {price:g}" for name, price in prices.items())
        raise DisagreementError(f"the sources disagree: {listed}")
    return Consensus(median(prices[name] for name in prices.keys() - outliers), outliers)
