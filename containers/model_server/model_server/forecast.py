"""The forecast of a price: the last one, moved a little against the change of the past day."""

from __future__ import annotations

import math

from model_server.horizon import DAY

LOOKBACK = DAY
"""Seconds of the past that the forecast uses."""

WEIGHT = -0.04
"""The part of the past day's log return that the next day is expected to repeat.

Negative: a small part is reverted. Fitted to hourly BTC/USD prices until the end of 2022, where the
best weight was -0.053, and shrunk by a quarter; evaluated on later prices (docs/model.md).
"""

_LARGEST_RETURN = 0.3
"""Limit of the past return, so that a wrong price of yesterday has little effect."""


def forecast_price(
    price: float, day_ago: float | None, horizon: float, weight: float = WEIGHT
) -> float:
    """Return the forecast, in the unit of the price.

    `price * exp(weight * r * min(horizon, 24 h) / 24 h)`, where `r` is the log return of the past
    24 hours, limited to ±0.3: with the default weight, never more than 1.2 % from the last price.
    Beyond 24 hours the correction does not grow, because no such effect was found there.

    Args:
        price: The last price.
        day_ago: The price 24 hours before it; with None the last price is the forecast.
        horizon: Seconds to look ahead.
        weight: The weight of the past return; 0 is the naive forecast.
    """
    return price * math.exp(forecast_log_return(price, day_ago, horizon, weight))


def forecast_log_return(
    price: float, day_ago: float | None, horizon: float, weight: float = WEIGHT
) -> float:
    """Return the logarithm of the forecast price divided by the last one; same arguments."""
    return weight * drift(price, day_ago, horizon)


def drift(price: float, day_ago: float | None, horizon: float) -> float:
    """Return the past day's log return, limited and scaled to the horizon in seconds."""
    if day_ago is None:
        return 0.0
    past_return = math.log(price / day_ago)
    limited = max(-_LARGEST_RETURN, min(_LARGEST_RETURN, past_return))
    return limited * min(horizon, DAY) / DAY
