from __future__ import annotations

import math

import pytest
from model_server.prices import Candle
from model_server.volatility import forecast_volatility, realized

MINUTE = 60
FIVE_HOURS = 300


def candles(log_returns: list[float]) -> list[Candle]:
    """Candles a minute apart, from a price of 100 on."""
    log, found = math.log(100.0), [Candle(0, 100.0)]
    for number, log_return in enumerate(log_returns, 1):
        log += log_return
        found.append(Candle(number * MINUTE, math.exp(log)))
    return found


def test_it_is_the_root_of_the_sum_of_squares() -> None:
    newest = [0.003, -0.004, 0.0, 0.012, 0.0]
    found = realized(candles([0.5, *newest]), window=300, horizon=300)
    assert found == pytest.approx(0.013)


def test_it_grows_with_the_root_of_the_horizon() -> None:
    even = candles([0.001, -0.001] * 150)
    short, long = (forecast_volatility(even, horizon) for horizon in (900.0, 3600.0))
    assert short == pytest.approx(0.001 * math.sqrt(15))
    assert long == pytest.approx(0.001 * math.sqrt(60))


def test_it_is_the_mean_of_three_windows() -> None:
    found = forecast_volatility(candles([0.001] * 240 + [0.002] * 45 + [0.003] * 15), 900.0)
    horizon, hour = 0.003 * math.sqrt(15), math.sqrt((45 * 0.002**2 + 15 * 0.003**2) / 4)
    five = math.sqrt((240 * 0.001**2 + 45 * 0.002**2 + 15 * 0.003**2) / 20)
    assert found == pytest.approx((horizon + hour + five) / 3)


def test_minutes_without_trades_may_lack() -> None:
    whole = candles([0.001] * FIVE_HOURS)
    sparse = [candle for candle in whole if candle.time % (2 * MINUTE) == 0]
    assert forecast_volatility(sparse, 900.0) == pytest.approx(0.002 * math.sqrt(7.5), rel=0.05)


@pytest.mark.parametrize("minutes", [0, 1, 60, 239])
def test_too_few_prices_are_none(minutes: int) -> None:
    assert forecast_volatility(candles([0.001] * minutes), 900.0) is None
    assert forecast_volatility([], 900.0) is None


def test_a_price_that_stands_still_has_none() -> None:
    assert forecast_volatility(candles([0.0] * FIVE_HOURS), 900.0) == pytest.approx(0)
