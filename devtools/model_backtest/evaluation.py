"""How good forecasts would have been: the model beside a naive forecast, over stored candles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import log, sqrt
from statistics import fmean, stdev

from model_server.forecast import LOOKBACK, drift, forecast_log_return, forecast_price
from model_server.prices import Candle
from model_server.task import Kind

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
class Forecast:
    """A forecast of the past, and what came true, all in the same unit.

    Attributes:
        time: When it was made, in seconds since 1970.
        model: The model's.
        naive: The naive one: the last price, no change, or the last volatility.
        outcome: What came true.
    """

    time: int
    model: float
    naive: float
    outcome: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The errors of one way to forecast, in dollars or without a unit; `mse` in its square."""

    mse: float
    mae: float
    bias: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The model beside the naive forecast.

    Attributes:
        model: The model's scores.
        naive: Those of the naive forecast.
        direction: The share of outcomes above or below the naive forecast where the model's was on
            the same side; none when it had no opinion.
        standard_errors: By how many standard errors the model's squared errors are below the
            naive ones; negative when they are above. None when there is too little data to tell.
        best_weight: The weight that would have given the least squared error; none where there is
            no weight.
    """

    model: Scores
    naive: Scores
    direction: float | None
    standard_errors: float | None
    best_weight: float | None = None


def cases_of(candles: Sequence[Candle], horizon: float) -> list[Case]:
    """Find every moment whose past day and whose outcome are known.

    Args:
        candles: In the order of time. A candle's close counts as the price at its time; as all are
            shifted alike, that makes no difference.
        horizon: How far ahead to look, in seconds.

    Raises:
        ValueError: The candles' step does not fit the horizon and 24 hours.
    """
    step = step_of(candles)
    if horizon % step or LOOKBACK % step:
        raise ValueError(f"candles of {step} s do not fit a horizon of {horizon:.0f} s and 24 h")
    closes = {candle.time: candle.close for candle in candles}
    return [
        Case(time, price, closes[time - int(LOOKBACK)], closes[time + int(horizon)])
        for time, price in closes.items()
        if time - int(LOOKBACK) in closes and time + int(horizon) in closes
    ]


def evaluate(
    cases: Sequence[Case], horizon: float, weight: float, kind: Kind = Kind.PRICE
) -> Evaluation:
    """Compare the model with the last price, or its log returns with none.

    Args:
        cases: At least one.
        horizon: What the cases were made for, in seconds.
        weight: The model's weight.
        kind: A price or a log return.
    """
    forecasts = _of_prices if kind is Kind.PRICE else _of_log_returns
    best = _best_weight(cases, horizon, kind)
    return replace(compare(forecasts(cases, horizon, weight), horizon), best_weight=best)


def compare(forecasts: Sequence[Forecast], horizon: float) -> Evaluation:
    """Compare the model with the naive forecast.

    Args:
        forecasts: At least one.
        horizon: What they were made for, in seconds.
    """
    outcomes = [each.outcome for each in forecasts]
    return Evaluation(
        model=_scores([each.model for each in forecasts], outcomes),
        naive=_scores([each.naive for each in forecasts], outcomes),
        direction=_direction(forecasts),
        standard_errors=_standard_errors(forecasts, horizon),
    )


def _of_prices(cases: Sequence[Case], horizon: float, weight: float) -> list[Forecast]:
    return [
        Forecast(
            case.time,
            forecast_price(case.price, case.day_ago, horizon, weight),
            case.price,
            case.outcome,
        )
        for case in cases
    ]


def _of_log_returns(cases: Sequence[Case], horizon: float, weight: float) -> list[Forecast]:
    return [
        Forecast(
            case.time,
            forecast_log_return(case.price, case.day_ago, horizon, weight),
            0.0,
            log(case.outcome / case.price),
        )
        for case in cases
    ]


def step_of(candles: Sequence[Candle]) -> int:
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


def _direction(forecasts: Sequence[Forecast]) -> float | None:
    foreseen = [
        (each.model > each.naive) == (each.outcome > each.naive)
        for each in forecasts
        if each.naive not in (each.model, each.outcome)
    ]
    return fmean(foreseen) if foreseen else None


def _standard_errors(forecasts: Sequence[Forecast], horizon: float) -> float | None:
    """The mean advantage over its standard error, from the means of blocks of ten horizons.

    Forecasts of neighbouring moments share most of their outcome, so that single ones cannot be
    counted as independent; blocks that are much longer than the horizon nearly are.
    """
    blocks: dict[int, list[float]] = {}
    for each in forecasts:
        advantage = (each.naive - each.outcome) ** 2 - (each.model - each.outcome) ** 2
        block = int(each.time // (_HORIZONS_PER_BLOCK * horizon))
        blocks.setdefault(block, []).append(advantage)
    means = [fmean(advantages) for advantages in blocks.values()]
    if len(means) < _FEWEST_BLOCKS or not (spread := stdev(means)):
        return None
    return fmean(means) / (spread / sqrt(len(means)))


def _best_weight(cases: Sequence[Case], horizon: float, kind: Kind) -> float:
    """Least squares of the outcome's change on the past one (the exponential taken as linear)."""
    product = square = 0.0
    for case in cases:
        change = drift(case.price, case.day_ago, horizon)
        outcome = log(case.outcome / case.price)
        if kind is Kind.PRICE:
            change, outcome = case.price * change, case.outcome - case.price
        product += change * outcome
        square += change * change
    return product / square if square else 0.0
