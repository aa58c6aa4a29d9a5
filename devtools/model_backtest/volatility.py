"""Forecasts of volatility over stored candles, beside the volatility of the last horizon."""

from __future__ import annotations

from collections.abc import Sequence

from model_server.prices import Candle
from model_server.volatility import LOOKBACK, forecast_volatility, realized

from devtools.model_backtest.evaluation import Forecast, step_of


def volatility_forecasts(candles: Sequence[Candle], horizon: float) -> list[Forecast]:
    """Return a forecast from every moment whose past five hours and whose outcome are known.

    Args:
        candles: In the order of time; of a minute for what the model server does.
        horizon: How far ahead to look, in seconds.

    Raises:
        ValueError: The candles' step does not fit the horizon.
    """
    step = step_of(candles)
    if horizon % step or LOOKBACK % step:
        raise ValueError(f"candles of {step} s do not fit a horizon of {horizon:.0f} s and 5 h")
    found = []
    past, future = int(LOOKBACK) // step, int(horizon) // step
    for now in range(past, len(candles) - future):
        before = candles[now - past : now + 1]
        after = candles[now : now + future + 1]
        if after[-1].time - before[0].time != LOOKBACK + horizon:
            continue  # a gap
        model = forecast_volatility(before, horizon)
        naive, outcome = (realized(part, horizon, horizon) for part in (before, after))
        if model is not None and naive is not None and outcome is not None:
            found.append(Forecast(candles[now].time, model, naive, outcome))
    return found
