"""The network's verdict on a worker's submissions in a topic, and how it follows from the facts.

The rules are in x/emissions of https://github.com/allora-network/allora-chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from .event_names import Earning

NOT_EARNING: Final = frozenset({Earning.NOT_ADMITTED, Earning.NOT_IN_ACTIVE_SET, Earning.NO_REWARD})
"""The states in which the worker submits, and the network pays nothing for it."""

_NOTHING_JUDGED: Final = "the network has judged no submission of late"


@dataclass(frozen=True)
class Standing:
    """The worker's standing in a topic at the moment."""

    is_topic_active: bool
    is_whitelisted: bool
    score: Decimal | None = None
    """The exponential moving average; None before the first score."""
    scored_nonce: int = 0
    """The newest nonce that the network remembers with the score; 0 before the first one.

    It is that of the worker's newest submission, whether in the active set or not.
    """


@dataclass(frozen=True)
class Admission:
    """What became of a submission when its nonce was closed."""

    nonce: int
    is_admitted: bool
    threshold: Decimal | None = None
    """The lowest score in the active set."""
    value: Decimal | None = None
    network_value: Decimal | None = None


@dataclass(frozen=True)
class Losses:
    """Losses for a nonce, as the reputers state them: logarithms to base 10."""

    own: Decimal | None = None
    network: Decimal | None = None
    """Of the network's combined inference."""
    naive: Decimal | None = None
    """Of the network's inference without forecasts."""


@dataclass(frozen=True)
class Settlement:
    """What became of an admitted submission when its nonce was scored."""

    nonce: int
    rank: int | None = None
    """By the score for this nonce alone; 1 is the best."""
    ranked: int | None = None
    """How many were scored."""
    reward_fraction: Decimal | None = None
    """The worker's share in the rewards of its role, smoothed by the network."""
    reward_allo: Decimal | None = None
    losses: Losses = Losses()


@dataclass(frozen=True)
class Verdict:
    """What the network makes of the submissions in a topic.

    Args:
        state: In one word.
        reason: In a sentence; None while the worker earns.
        nonce: What the state is about.
        standing: None until the network was asked.
        admission: Of the worker's newest nonce that is closed.
        settlement: Of the worker's newest nonce that is scored.
        rewards_allo_a_day: At the rate of the rewards that this process saw.
        judged_at: When the network's answers led to this state, for this nonce.
    """

    state: Earning = Earning.UNKNOWN
    reason: str | None = _NOTHING_JUDGED
    nonce: int | None = None
    standing: Standing | None = None
    admission: Admission | None = None
    settlement: Settlement | None = None
    rewards_allo_a_day: Decimal | None = None
    judged_at: datetime | None = None

    def report(self) -> dict[str, object]:
        """Return the member `earning` of a topic in `/health`; decimals are text.

        `is_admitted`, `threshold`, `value` and `network_value` are about `closed_nonce`; rank,
        reward and losses about `settled_nonce`.
        """
        return {
            "state": self.state,
            "reason": self.reason,
            "nonce": self.nonce,
            "score": _text(self.standing.score if self.standing else None),
            **_admission_report(self.admission),
            **_settlement_report(self.settlement),
            "rewards_allo_a_day": _text(self.rewards_allo_a_day),
            "judged_at": self.judged_at and self.judged_at.isoformat(timespec="seconds"),
        }


@dataclass(frozen=True)
class Decision:
    """A state, why, and which nonce it is about."""

    state: Earning
    reason: str | None = None
    nonce: int | None = None


def decide(
    standing: Standing, admission: Admission | None, settlement: Settlement | None
) -> Decision:
    """Return what the facts, all of them of late, mean for the worker."""
    if not standing.is_topic_active:
        return Decision(Earning.TOPIC_INACTIVE, "the topic is not active, so it has no windows")
    if not standing.is_whitelisted:
        return Decision(
            Earning.NOT_WHITELISTED, "the wallet is not on the topic's whitelist, and cannot submit"
        )
    if admission and not admission.is_admitted:
        return _not_admitted(standing, admission)
    if settlement:
        return _settled(settlement)
    if admission:
        reason = f"the submission for nonce {admission.nonce} is admitted, and not scored yet"
        return Decision(Earning.UNKNOWN, reason, admission.nonce)
    return Decision(Earning.UNKNOWN, _NOTHING_JUDGED)


def _not_admitted(standing: Standing, admission: Admission) -> Decision:
    """Tell a score that is too low from any other cause.

    Before the active set is full, all are in it. Then it takes a worker whose score is above the
    lowest in it, and otherwise only remembers the nonce with the worker's score (AppendInference
    in x/emissions/keeper/keeper.go).
    """
    nonce, score, threshold = admission.nonce, standing.score, admission.threshold
    is_low = score is not None and threshold is not None and score <= threshold
    submitted = f"the submission for nonce {nonce} was accepted"
    if not is_low and standing.scored_nonce < nonce:
        reason = f"{submitted}, but the network did not admit it"
        return Decision(Earning.NOT_ADMITTED, reason, nonce)
    scores = f" ({shown(score)}; its lowest score is {shown(threshold)})" if is_low else ""
    reason = f"{submitted}, but is not in the active set{scores}"
    return Decision(Earning.NOT_IN_ACTIVE_SET, reason, nonce)


def _settled(settlement: Settlement) -> Decision:
    nonce = settlement.nonce
    reward = settlement.reward_fraction
    if settlement.reward_allo is not None:
        reward = settlement.reward_allo
    if reward is None:
        reason = f"the submission for nonce {nonce} is scored; the reward is not known yet"
        return Decision(Earning.UNKNOWN, reason, nonce)
    if reward > 0:
        return Decision(Earning.EARNING, None, nonce)
    reason = f"the submission for nonce {nonce} is scored, and its reward is 0"
    return Decision(Earning.NO_REWARD, reason, nonce)


def shown(number: Decimal | None) -> str:
    """Return a figure with three digits, for people."""
    return "unknown" if number is None else f"{number:.3g}"


def _admission_report(admission: Admission | None) -> dict[str, object]:
    found = admission or Admission(nonce=0, is_admitted=False)
    return {
        "closed_nonce": admission and admission.nonce,
        "is_admitted": admission and admission.is_admitted,
        "threshold": _text(found.threshold),
        "value": _text(found.value),
        "network_value": _text(found.network_value),
    }


def _settlement_report(settlement: Settlement | None) -> dict[str, object]:
    found = settlement or Settlement(nonce=0)
    return {
        "settled_nonce": settlement and settlement.nonce,
        "rank": found.rank,
        "ranked": found.ranked,
        "reward_fraction": _text(found.reward_fraction),
        "reward_allo": _text(found.reward_allo),
        "loss": _text(found.losses.own),
        "network_loss": _text(found.losses.network),
        "naive_loss": _text(found.losses.naive),
    }


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
