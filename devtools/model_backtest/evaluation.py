"""How good forecasts would have been: the model beside the last price, over stored candles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import fmean, stdev

from model_server.forecast import LOOKBACK, drift, forecast_price
from model_server.prices import Candle

_HORIZONS_PER_BLOCK = 10
_FEWEST_BLOCKS = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A moment of the past from which to forecast.

    Attributes:
        time: The moment, in seconds since 1970.
        price: The price then.
        day_ago: The price 24 hours before.
        outcome: The price a horizon later.
    """

    time: int
    price: float
    day_ago: float
    outcome: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The errors of one way to forecast, in dollars (the squared one: in dollars²)."""

    mse: float
    mae: float
    bias: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The model beside the naive forecast, which is the last price.

    Attributes:
        model: The model's scores.
        naive: Those of the last price.
        direction: The share of moves whose direction the model foresaw; none when it had no
            opinion. The last price never has one.
        standard_errors: By how many standard errors the model's squared errors are below the
            naive ones; negative when they are above. None when there is too little data to tell.
        best_weight: The weight that would have given the least squared error.
    """

    model: Scores
    naive: Scores
    direction: float | None
    standard_errors: float | None
    best_weight: float


def cases_of(candles: Sequence[Candle], horizon: float) -> list[Case]:
    """Find every moment whose past day and whose outcome are known.

    Args:
        candles: In the order of time. A candle's close counts as the price at its time; as all are
            shifted alike, that makes no difference.
        horizon: How far ahead to look, in seconds.

    Raises:
        ValueError: The candles' step does not fit the horizon and 24 hours.
    """
    step = _step_of(candles)
    if horizon % step or LOOKBACK % step:
        raise ValueError(f"candles of {step} s do not fit a horizon of {horizon:.0f} s and 24 h")
    closes = {candle.time: candle.close for candle in candles}
    return [
        Case(time, price, closes[time - int(LOOKBACK)], closes[time + int(horizon)])
        for time, price in closes.items()
        if time - int(LOOKBACK) in closes and time + int(horizon) in closes
    ]


def evaluate(cases: Sequence[Case], horizon: float, weight: float) -> Evaluation:
    """Compare the model with the last price.

    Args:
        cases: At least one.
        horizon: What the cases were made for, in seconds.
        weight: The model's weight.
    """
    forecasts = [forecast_price(case.price, case.day_ago, horizon, weight) for case in cases]
    outcomes = [case.outcome for case in cases]
    prices = [case.price for case in cases]
    return Evaluation(
        model=_scores(forecasts, outcomes),
        naive=_scores(prices, outcomes),
        direction=_direction(forecasts, prices, outcomes),
        standard_errors=_standard_errors(cases, forecasts, horizon),
        best_weight=_best_weight(cases, horizon),
    )


def _step_of(candles: Sequence[Candle]) -> int:
    """The most frequent distance between candles."""
    distances = Counter(later.time - earlier.time for earlier, later in pairwise(candles))
    del distances[0]
    if not distances:
        raise ValueError("two candles at least are needed")
    return distances.most_common(1)[0][0]


def _scores(forecasts: Sequence[float], outcomes: Sequence[float]) -> Scores:
    errors = [forecast - outcome for forecast, outcome in zip(forecasts, outcomes, strict=True)]
    return Scores(
        mse=fmean(error * error for error in errors),
        mae=fmean(abs(error) for error in errors),
        bias=fmean(errors),
    )


def _direction(
    forecasts: Sequence[float], prices: Sequence[float], outcomes: Sequence[float]
) -> float | None:
    foreseen = [
        (forecast > price) == (outcome > price)
        for forecast, price, outcome in zip(forecasts, prices, outcomes, strict=True)
        if price not in (forecast, outcome)
    ]
    return fmean(foreseen) if foreseen else None


def _standard_errors(
    cases: Sequence[Case], forecasts: Sequence[float], horizon: float
) -> float | None:
    """The mean advantage over its standard error, from the means of blocks of ten horizons.

    Forecasts of neighbouring moments share most of their outcome, so that single ones cannot be
    counted as independent; blocks that are much longer than the horizon nearly are.
    """
    blocks: dict[int, list[float]] = {}
    for case, forecast in zip(cases, forecasts, strict=True):
        advantage = (case.price - case.outcome) ** 2 - (forecast - case.outcome) ** 2
        block = int(case.time // (_HORIZONS_PER_BLOCK * horizon))
        blocks.setdefault(block, []).append(advantage)
    means = [fmean(advantages) for advantages in blocks.values()]
    if len(means) < _FEWEST_BLOCKS or not (spread := stdev(means)):
        return None
    return fmean(means) / (spread / sqrt(len(means)))


def _best_weight(cases: Sequence[Case], horizon: float) -> float:
    """Least squares of the outcome's change on the past one (the exponential taken as linear)."""
    product = square = 0.0
    for case in cases:
        change = case.price * drift(case.price, case.day_ago, horizon)
        product += change * (case.outcome - case.price)
        square += change * change
    return product / square if square else 0.0
