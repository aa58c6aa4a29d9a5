"""The forecast: the last price, moved a little against the change of the past 24 hours."""

from __future__ import annotations

import math

from model_server.horizon import DAY

LOOKBACK = DAY
"""The past that the forecast looks at, in seconds."""

WEIGHT = -0.04
"""The part of the past day's log return that is expected to come again in the next day.

Negative: a small part is taken back. Chosen on hourly BTC/USD prices up to the end of 2022, where
the best weight was -0.053, and taken a quarter nearer to zero; judged on prices after that
(docs/model.md).
"""

_LARGEST_RETURN = 0.3
"""Returns count as at most this, so that a wrong price of yesterday moves no forecast by much."""


def forecast_price(
    price: float, day_ago: float | None, horizon: float, weight: float = WEIGHT
) -> float:
    """Forecast a price.

    `price * exp(weight * r * min(horizon, 24 h) / 24 h)`, where `r` is the log return of the past
    24 hours, limited to ±0.3: with the default weight, never more than 1.2 % from the last price.
    Beyond 24 hours the correction does not grow, because no such effect was found there.

    Args:
        price: The last price.
        day_ago: The price 24 hours before it; none leaves the last price as the forecast.
        horizon: How far ahead to look, in seconds.
        weight: The weight of the past return; 0 is the naive forecast.

    Returns:
        The forecast, in the unit of the price.
    """
    return price * math.exp(weight * drift(price, day_ago, horizon))


def drift(price: float, day_ago: float | None, horizon: float) -> float:
    """The past day's log return, scaled to the horizon: what the weight is multiplied with."""
    if day_ago is None:
        return 0.0
    past_return = math.log(price / day_ago)
    limited = max(-_LARGEST_RETURN, min(_LARGEST_RETURN, past_return))
    return limited * min(horizon, DAY) / DAY
