"""Back-tests on series whose best forecast is known."""

from __future__ import annotations

import math
import random
from itertools import accumulate

import pytest
from model_server.forecast import WEIGHT
from model_server.horizon import DAY
from model_server.prices import Candle

from devtools.model_backtest.backtest import verdict
from devtools.model_backtest.evaluation import Case, cases_of, evaluate

DAYS = 400


def series(log_returns: list[float], step: int = 86_400) -> list[Candle]:
    logs = accumulate(log_returns, initial=math.log(1000.0))
    return [Candle(number * step, math.exp(log)) for number, log in enumerate(logs)]


def test_a_pure_trend_is_forecast_without_error_by_weight_one() -> None:
    cases = cases_of(series([0.002] * DAYS), DAY)
    trend = evaluate(cases, DAY, weight=1.0)
    assert trend.model.mse == pytest.approx(0, abs=1e-12)
    assert trend.naive.mse > 1
    assert trend.direction == 1.0
    assert trend.best_weight == pytest.approx(1.0, rel=0.01)
    assert "100.00 % lower, by" in verdict(trend)
    assert verdict(evaluate(cases, DAY, WEIGHT)) == "The model is no better than the last price."


def test_a_series_that_turns_every_day_is_what_the_weight_is_for() -> None:
    turning = series([0.02, -0.02] * (DAYS // 2))
    result = evaluate(cases_of(turning, DAY), DAY, WEIGHT)
    assert result.model.mse / result.naive.mse == pytest.approx((1 - 0.04) ** 2, rel=0.01)
    assert result.direction == 1.0
    assert result.best_weight == pytest.approx(-1.0, rel=0.03)
    assert "more than chance would often make" in verdict(result)


@pytest.mark.parametrize("seed", range(5))
def test_on_a_random_walk_it_is_about_equal_and_does_not_claim_otherwise(seed: int) -> None:
    dice = random.Random(seed)
    walk = series([dice.gauss(0, 0.02) for _ in range(4 * DAYS)])
    result = evaluate(cases_of(walk, DAY), DAY, WEIGHT)
    assert result.model.mse / result.naive.mse == pytest.approx(1.0, abs=0.01)
    assert result.direction == pytest.approx(0.5, abs=0.05)
    assert abs(result.best_weight) < 0.1
    assert "more than chance" not in verdict(result)


def test_the_scores_of_single_errors() -> None:
    cases = [Case(0, 100.0, 100.0, 103.0), Case(86_400, 100.0, 100.0, 99.0)]
    result = evaluate(cases, DAY, WEIGHT)
    assert result.naive == result.model
    assert (result.naive.mse, result.naive.mae, result.naive.bias) == (5.0, 2.0, -1.0)
    assert result.direction is None
    assert result.standard_errors is None


def test_a_short_series_allows_no_claim() -> None:
    result = evaluate(cases_of(series([0.02, -0.02] * 40), DAY), DAY, WEIGHT)
    assert result.model.mse < result.naive.mse
    assert "too little data" in verdict(result)


def test_moments_whose_past_or_future_is_missing_are_left_out() -> None:
    hourly = [Candle(3600 * hour, 100.0 + hour) for hour in range(60) if hour != 30]
    moments = {case.time // 3600 for case in cases_of(hourly, 8 * 3600)}
    assert moments == set(range(24, 52)) - {30, 30 - 8, 30 + 24}
    case = cases_of(hourly, 8 * 3600)[0]
    assert case == Case(24 * 3600, 124.0, 100.0, 132.0)


@pytest.mark.parametrize(("step", "horizon"), [(3600, 300), (7 * 86_400, 7 * DAY), (3600, 5400)])
def test_a_step_that_does_not_fit_is_refused(step: int, horizon: float) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        cases_of(series([0.01] * 10, step), horizon)


def test_one_candle_is_no_series() -> None:
    with pytest.raises(ValueError, match="two candles"):
        cases_of([Candle(0, 1.0)], DAY)
