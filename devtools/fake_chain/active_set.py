"""Who of a topic's participants counts in an epoch: the best of those who submit.

A submission that does not get in is no error: its transaction succeeds, and it is dropped.
https://github.com/allora-network/allora-chain/blob/main/x/emissions/keeper/keeper.go,
`AppendInference`, `AppendForecast` and `AppendReputerLoss`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from .rejection import EMA_ALREADY_UPDATED, PLAIN_ERROR, UNDEFINED, Rejection
from .scores import Average, Group, Scores

Content = TypeVar("Content")

_SUBMITTED = {"inferer": "inference", "forecaster": "forecast", "reputer": "reputer loss"}


@dataclass(frozen=True)
class Rules:
    """What decides who counts.

    Attributes:
        limit: How many count.
        alpha: Weight of the newest score in an average.
    """

    limit: int
    alpha: Decimal


class ActiveSet(Generic[Content]):
    """Those who count, with what they submitted.

    Args:
        group: Topic and kind of participants.
        scores: Decide who gets in.
    """

    def __init__(self, group: Group, scores: Scores) -> None:
        self.members: dict[str, Content] = {}
        self.topic = group[0]
        self._group = group
        self._scores = scores
        self.lowest: tuple[str, Average] | None = None

    def admit(
        self, address: str, nonce: int, content: Content, rules: Rules, missed: int = 0
    ) -> bool:
        """Take a submission, which may push the lowest-scored participant out.

        Args:
            address: Who submits.
            nonce: What for.
            content: What is submitted.
            rules: What decides.
            missed: How many epochs they have missed since their last submission.

        Returns:
            Whether it counts.

        Raises:
            Rejection: They have already submitted.
        """
        self.check(address, nonce)
        if not self.members:
            self.lowest = None
        is_new = self._scores.average(self._group, address).height == 0
        if missed and not is_new:
            self._scores.penalise(self._group, address, missed, rules.alpha)
        average = self._enter(address, nonce)
        if len(self.members) < rules.limit:
            if self.lowest is None or self.lowest[1].score > average.score:
                self.lowest = (address, average)
        elif self.lowest is not None and average.score > self.lowest[1].score:
            self._evict(self.lowest[0], nonce, rules.alpha)
        else:
            if not is_new:
                self._scores.add_absence(self._group, address, nonce, rules.alpha)
            return False
        self.members[address] = content
        if self.lowest is None:
            self._find_lowest()
        return True

    def check(self, address: str, nonce: int) -> None:
        """Raise `Rejection` when somebody has already submitted."""
        if address in self.members:
            what = f"{_SUBMITTED[self._group[1]]} already submitted"
            raise Rejection(PLAIN_ERROR, what, UNDEFINED)
        if self._scores.average(self._group, address).height >= nonce:
            text = "cannot update EMA more than once per window"
            raise Rejection(EMA_ALREADY_UPDATED, text)

    def clear(self) -> None:
        """Begin the next epoch; the lowest score is told until somebody submits."""
        self.members.clear()

    def _enter(self, address: str, nonce: int) -> Average:
        """Note for what somebody submits, and return the average that decides."""
        known = self._scores.average(self._group, address)
        score = known.score if known.height else self._scores.initial(self._group)
        average = Average(score, nonce)
        self._scores.set(self._group, address, average)
        return average

    def _evict(self, address: str, nonce: int, alpha: Decimal) -> None:
        del self.members[address]
        self._scores.add_absence(self._group, address, nonce, alpha)
        self.lowest = None

    def _find_lowest(self) -> None:
        averages = {each: self._scores.average(self._group, each) for each in self.members}
        address = min(averages, key=lambda each: (averages[each].score, each))
        self.lowest = (address, averages[address])
