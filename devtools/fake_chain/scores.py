"""How well participants did: their scores of each epoch, and the moving averages of those.

https://github.com/allora-network/allora-chain/blob/main/x/emissions/keeper/ema_scores.go
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from .competitors import Kind
from .decimals import ONE, ZERO, standard_deviation

HANDICAP = Decimal(2)
"""By how many standard deviations newcomers begin below the lowest: lambda_initial_score."""

QUANTILE = Decimal("0.25")
"""active_inferer_quantile and its like: towards it moves the average of who is left out."""

Group: TypeAlias = tuple[int, Kind]
"""The participants of a topic who do the same."""


@dataclass(frozen=True)
class Average:
    """The exponential moving average of somebody's scores.

    Attributes:
        score: The average.
        height: The newest nonce that was submitted for, successfully or not; 0: none yet.
    """

    score: Decimal = ZERO
    height: int = 0


class Scores:
    """The averages of all participants."""

    def __init__(self) -> None:
        self._averages: dict[Group, dict[str, Average]] = defaultdict(dict)
        self._quantiles: dict[Group, Decimal] = {}
        self._initial: dict[Group, Decimal] = {}

    def average(self, group: Group, address: str) -> Average:
        """Return somebody's average."""
        return self._averages[group].get(address, Average())

    def set(self, group: Group, address: str, average: Average) -> None:
        """Replace somebody's average."""
        self._averages[group][address] = average

    def add(self, group: Group, nonce: int, scores: dict[str, Decimal], alpha: Decimal) -> None:
        """Take the scores of an epoch's active participants into account."""
        for address, score in scores.items():
            self._step(group, address, score, nonce, alpha)
        self._quantiles[group] = quantile(scores.values(), QUANTILE)
        averages = [self.average(group, address).score for address in scores]
        if averages:
            self._initial[group] = initial_average(averages)

    def initial(self, group: Group) -> Decimal:
        """Return the average with which newcomers begin; 0 in a new topic."""
        return self._initial.get(group, ZERO)

    def add_absence(self, group: Group, address: str, nonce: int, alpha: Decimal) -> None:
        """Move the average of who submitted in vain towards the last quantile of the active."""
        self._step(group, address, self._quantiles.get(group, ZERO), nonce, alpha)

    def penalise(self, group: Group, address: str, missed: int, alpha: Decimal) -> None:
        """Move the average of who has missed epochs towards a newcomer's, once for each.

        `applyPenalty` in x/emissions/keeper/actor_penalties.go of the chain.
        """
        average, initial = self.average(group, address), self.initial(group)
        score = initial + (average.score - initial) * (ONE - alpha) ** missed
        self.set(group, address, replace(average, score=score))

    def _step(self, group: Group, address: str, score: Decimal, nonce: int, alpha: Decimal) -> None:
        previous = self.average(group, address)
        is_first = previous.height == 0 and previous.score.is_zero()
        stepped = next_average(alpha, score, previous.score, is_first=is_first)
        self.set(group, address, Average(stepped, nonce))


def initial_average(averages: Sequence[Decimal]) -> Decimal:
    """Return the average with which newcomers begin, from those of who counts.

    https://github.com/allora-network/allora-chain/pull/714
    """
    return min(averages) - HANDICAP * standard_deviation(averages)


def next_average(alpha: Decimal, current: Decimal, previous: Decimal, *, is_first: bool) -> Decimal:
    """Return the moving average after one more value.

    `CalcEma` in https://github.com/allora-network/allora-chain/blob/main/math/utils.go
    """
    if is_first:
        return current
    return alpha * current + (ONE - alpha) * previous


def quantile(values: Iterable[Decimal], fraction: Decimal) -> Decimal:
    """Return what a fraction of the values is not above, interpolated; 0 for no values.

    `GetQuantileOfDecs` in the same file.
    """
    found = sorted(values, reverse=True)
    if not found:
        return ZERO
    position = (ONE - fraction) * (len(found) - 1)
    below = int(position)
    above = min(below + 1, len(found) - 1)
    return found[below] + (found[above] - found[below]) * (position - below)
