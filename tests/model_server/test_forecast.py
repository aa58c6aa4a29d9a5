from __future__ import annotations

import math

import pytest
from model_server.forecast import WEIGHT, forecast_price
from model_server.horizon import DAY


def test_a_part_of_the_past_days_change_is_taken_back() -> None:
    assert forecast_price(110.0, 100.0, DAY) == pytest.approx(110.0 * 1.1**WEIGHT)
    assert forecast_price(110.0, 100.0, DAY) < 110.0 < forecast_price(110.0, 121.0, DAY)


def test_without_yesterdays_price_it_is_the_last_price() -> None:
    assert forecast_price(110.0, None, DAY) == 110.0


def test_the_correction_grows_with_the_horizon_up_to_a_day() -> None:
    correction = math.log(forecast_price(110.0, 100.0, DAY) / 110.0)
    assert math.log(forecast_price(110.0, 100.0, 300) / 110.0) == pytest.approx(correction / 288)
    assert forecast_price(110.0, 100.0, 7 * DAY) == forecast_price(110.0, 100.0, DAY)


@pytest.mark.parametrize("day_ago", [1e-9, 1.0, 1e9])
def test_no_price_of_yesterday_moves_it_by_more_than_1_2_percent(day_ago: float) -> None:
    assert forecast_price(100.0, day_ago, DAY) == pytest.approx(100.0, rel=0.0121)


def test_weight_zero_is_the_naive_forecast() -> None:
    assert forecast_price(110.0, 100.0, DAY, weight=0.0) == 110.0
