"""What the participants of an epoch earn.

https://github.com/allora-network/allora-chain/blob/main/x/emissions/module/rewards/rewards_internal.go
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from .competitors import Kind
from .decimals import ONE, ZERO, potential, standard_deviation
from .losses import Component, Losses

# DefaultParams in x/emissions/types/params.go, and the epsilon of a usual topic.
EPSILON = Decimal("0.01")
EPSILON_REPUTER = Decimal("0.01")
PREFERENCE: Mapping[Kind, Decimal] = {
    "inferer": Decimal(1),
    "forecaster": Decimal(3),
    "reputer": Decimal(3),
}
COST = Decimal("0.75")
SAMPLES = 10
"""Epochs whose scores a standard deviation takes into account: max_samples_to_scale_scores."""

FRACTION_ALPHA = Decimal("0.1")
"""Weight of the newest reward fraction in its moving average: task_reward_alpha."""

_REPUTERS_SHARE = Decimal(1) / 3
_FORECASTERS_SHARE = Decimal("0.1")
"""Of the workers' part. The chain divides by the entropy of each task, which comes near to these;
0.1 is also its least for forecasters (`ForecastingUtility` in worker_rewards.go)."""


def inferer_scores(losses: Losses) -> dict[str, Decimal]:
    """Return how much worse the network is without each inferer; 0 for a single one.

    `GenerateInferenceScores` in x/emissions/module/rewards/scores.go.
    """
    if len(losses.inferers) == 1:
        return dict.fromkeys(losses.inferers, ZERO)
    return {each: loss - losses.combined for each, loss in losses.without_inferers.items()}


def forecaster_scores(losses: Losses) -> dict[str, Decimal]:
    """Return how much each forecaster helps, alone and among the others; 0 for a single one.

    `GenerateForecastScores` in the same file.
    """
    if len(losses.forecasters) == 1:
        return dict.fromkeys(losses.forecasters, ZERO)
    unique = ONE / 2 ** (len(losses.forecasters) - 1) if losses.forecasters else ONE
    return {
        each: unique * (losses.naive - loss)
        + (ONE - unique) * (losses.without_forecasters.get(each, losses.combined) - losses.combined)
        for each, loss in losses.with_forecasters.items()
    }


def reputer_scores(bundles: Mapping[str, Losses], network: Losses) -> dict[str, Decimal]:
    """Return how near each reputer is to the consensus.

    `GetConsensusScore`; the coefficients by which the chain listens to reputers less stay 1 here.
    """
    agreed = network.components()
    norm = sum((loss**2 for loss in agreed.values()), ZERO).sqrt() or EPSILON
    return {
        reputer: ONE / (_distance(losses.components(), agreed) / norm + EPSILON_REPUTER)
        for reputer, losses in bundles.items()
    }


def worker_fractions(
    kind: Kind, scores: Mapping[str, Decimal], recent: Iterable[Decimal]
) -> dict[str, Decimal]:
    """Return each worker's part of what its kind earns, by its score: `GetScoreFractions`.

    Args:
        kind: Inferers or forecasters.
        scores: Of this epoch.
        recent: All scores of the last epochs, this one's included.
    """
    deviation = standard_deviation(recent)
    if deviation < EPSILON:
        return _parts(dict.fromkeys(scores, ONE))
    return _parts(
        {
            each: potential(PREFERENCE[kind], COST, score / (deviation + EPSILON))
            for each, score in scores.items()
        }
    )


def reputer_fractions(
    scores: Mapping[str, Decimal], stakes: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Return each reputer's part by score and stake: `CalculateReputerRewardFractions`."""
    p = PREFERENCE["reputer"]
    return _parts({each: (score * stakes[each]) ** p for each, score in scores.items()})


def shares(reward: Decimal, *, has_forecasters: bool) -> dict[Kind, Decimal]:
    """Divide an epoch's reward among the kinds of participants."""
    workers = reward * (ONE - _REPUTERS_SHARE)
    forecasters = workers * _FORECASTERS_SHARE if has_forecasters else ZERO
    return {
        "inferer": workers - forecasters,
        "forecaster": forecasters,
        "reputer": reward * _REPUTERS_SHARE,
    }


def _distance(losses: Mapping[Component, Decimal], agreed: Mapping[Component, Decimal]) -> Decimal:
    return sum(((losses[each] - agreed[each]) ** 2 for each in losses), ZERO).sqrt()


def _parts(values: Mapping[str, Decimal]) -> dict[str, Decimal]:
    total = sum(values.values(), ZERO)
    return {each: value / total if total else ZERO for each, value in values.items()}
