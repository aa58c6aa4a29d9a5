"""The network's verdict on a worker's submissions in a topic, and how it follows from the facts.

The rules are in x/emissions of https://github.com/allora-network/allora-chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .event_names import Earning


@dataclass(frozen=True)
class Verdict:
    """What the network makes of the submissions; a figure that it does not tell is None."""

    state: Earning = Earning.UNKNOWN
    reason: str | None = "the network has judged no submission yet"
    nonce: int | None = None
    """The nonce that the state is about."""
    closed_nonce: int | None = None
    """The newest of the worker's nonces whose window is over."""
    is_admitted: bool | None = None
    """Whether the submission is among those of `closed_nonce`."""
    value: Decimal | None = None
    """The submission for `closed_nonce`."""
    network_value: Decimal | None = None
    """The network's combined inference for `closed_nonce`."""
    score: Decimal | None = None
    """The worker's exponential moving average, by which the active set is chosen."""
    threshold: Decimal | None = None
    """The lowest score in the active set."""
    settled_nonce: int | None = None
    """The newest of the worker's nonces that was scored."""
    rank: int | None = None
    """By the score for `settled_nonce`; 1 is the best."""
    ranked: int | None = None
    """How many were scored for `settled_nonce`."""
    reward_fraction: Decimal | None = None
    """The worker's share in the rewards of its role, smoothed by the network."""
    reward_allo: Decimal | None = None
    """The exact reward for `settled_nonce`."""
    rewards_allo_a_day: Decimal | None = None
    loss: Decimal | None = None
    """Of the submission for `settled_nonce`."""
    network_loss: Decimal | None = None
    """Of the network's combined inference."""
    naive_loss: Decimal | None = None
    """Of the network's inference without forecasters."""
    judged_at: datetime | None = None
    """When the network's answers last changed the verdict."""

    def report(self) -> dict[str, object]:
        """Return the part `earning` of a topic in `/health`; decimals are text."""
        return {
            "state": self.state,
            "reason": self.reason,
            "nonce": self.nonce,
            "closed_nonce": self.closed_nonce,
            "settled_nonce": self.settled_nonce,
            "is_admitted": self.is_admitted,
            "score": _text(self.score),
            "threshold": _text(self.threshold),
            "rank": self.rank,
            "ranked": self.ranked,
            "reward_fraction": _text(self.reward_fraction),
            "reward_allo": _text(self.reward_allo),
            "rewards_allo_a_day": _text(self.rewards_allo_a_day),
            "loss": _text(self.loss),
            "network_loss": _text(self.network_loss),
            "naive_loss": _text(self.naive_loss),
            "value": _text(self.value),
            "network_value": _text(self.network_value),
            "judged_at": self.judged_at and self.judged_at.isoformat(timespec="seconds"),
        }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
