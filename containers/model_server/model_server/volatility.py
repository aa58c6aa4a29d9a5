"""The forecast of a volatility: how much a price moves within a horizon, as a log return.

Volatility is the realized one: the square root of the sum of the squared log returns of each minute
(Andersen, Bollerslev, Diebold and Labys, 2003: https://doi.org/10.1111/1468-0262.00418). It is not
annualized.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

from model_server.horizon import HOUR
from model_server.prices import Candle

LOOKBACK = 5 * HOUR
"""Seconds of the past that the forecast uses."""

_LEAST_PART = 0.8
"""Of a window, that candles have to cover."""


def forecast_volatility(candles: Sequence[Candle], horizon: float) -> float | None:
    """Return the forecast for a horizon, or None if there are too few candles.

    It is the mean of the volatilities of three windows of the past, which end with the newest
    candle, each scaled to the horizon by the square root of time: the horizon itself, the last
    hour and the last five hours. Volatility clusters, and fades at several speeds, as in the HAR
    model (Corsi, 2009: https://doi.org/10.1093/jjfinec/nbp001); equal weights need no fitting.

    Args:
        candles: In the order of time, a minute apart; minutes without trades may lack.
        horizon: Seconds to look ahead.
    """
    parts = [realized(candles, window, horizon) for window in (horizon, HOUR, LOOKBACK)]
    known = [part for part in parts if part is not None]
    return fmean(known) if len(known) == len(parts) else None


def realized(candles: Sequence[Candle], window: float, horizon: float) -> float | None:
    """Return the newest window's realized volatility, scaled to the horizon; both in seconds.

    None if the candles cover less than 80 % of the window.
    """
    if not candles:
        return None
    since = candles[-1].time - window
    recent = [candle for candle in candles if candle.time >= since]
    covered = recent[-1].time - recent[0].time
    if covered < _LEAST_PART * window:
        return None
    squares = math.fsum(math.log(new.close / old.close) ** 2 for old, new in pairwise(recent))
    return math.sqrt(squares * horizon / covered)
