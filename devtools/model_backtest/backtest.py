"""Back-test the model: `python -m devtools.model_backtest.backtest --data prices.csv`.

Prints the errors of the model and of a naive forecast, and says plainly when the model is no
better. The naive forecast is the last price, a log return of 0, or the last volatility.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from model_server.forecast import WEIGHT
from model_server.horizon import parse_horizon
from model_server.prices import Candle
from model_server.task import Kind

from devtools.model_backtest.candle_file import read_candles
from devtools.model_backtest.evaluation import (
    Case,
    Evaluation,
    Forecast,
    cases_of,
    compare,
    evaluate,
)
from devtools.model_backtest.volatility import volatility_forecasts

_NAIVE = {
    Kind.PRICE: "last price",
    Kind.LOG_RETURN: "return of 0",
    Kind.VOLATILITY: "last volatility",
}
_SUBJECTS = {
    Kind.PRICE: "price in",
    Kind.LOG_RETURN: "log return over",
    Kind.VOLATILITY: "volatility over",
}
_SIGNIFICANT = 2.0
"""Standard errors from which a difference is more than chance would often make."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when the data do not fit."""
    options = _parse(arguments)
    try:
        horizon = parse_horizon(options.horizon)
        with Path(options.data).open(newline="", encoding="utf-8") as file:
            candles = read_candles(file)
        moments, result = _evaluated(candles, horizon, options)
    except (OSError, ValueError) as error:
        print(f"{options.data}: {error}", file=sys.stderr)
        return 1
    print(report(moments, result, options))
    return 0


def _evaluated(
    candles: Sequence[Candle], horizon: float, options: argparse.Namespace
) -> tuple[list[int], Evaluation]:
    """Return the moments of the forecasts, and what came of them."""
    since, until = _begins(options.since, 0), _begins(options.until, sys.maxsize)

    def is_within(each: Case | Forecast) -> bool:
        return since <= each.time and each.time + horizon < until

    if options.kind is Kind.VOLATILITY:
        forecasts = [*filter(is_within, volatility_forecasts(candles, horizon))]
        if not forecasts:
            raise ValueError("too short for 5 h and a horizon")
        return [each.time for each in forecasts], compare(forecasts, horizon)
    cases = [*filter(is_within, cases_of(candles, horizon))]
    if not cases:
        raise ValueError("too short for 24 h and a horizon")
    return [case.time for case in cases], evaluate(cases, horizon, options.weight, options.kind)


def report(moments: Sequence[int], result: Evaluation, options: argparse.Namespace) -> str:
    """The result as text."""
    model, naive, kind = result.model, result.naive, options.kind
    form = ",.4f" if kind is Kind.PRICE else ".4e"
    direction = "-" if result.direction is None else f"{100 * result.direction:.1f} %"
    first, last = _moment(moments[0]), _moment(moments[-1])
    weights = (
        ""
        if result.best_weight is None
        else f"Weight {options.weight:g}; the best one for these prices would have been "
        f"{result.best_weight:.3f}.\n"
    )
    return f"""\
{len(moments)} forecasts of the {_SUBJECTS[kind]} {options.horizon}, from {first} to {last}

{"":10}{"model":>18}{_NAIVE[kind]:>18}{"ratio":>10}
{_row("MSE", model.mse, naive.mse, form)}
{_row("MAE", model.mae, naive.mae, form)}
{"bias":10}{model.bias:18{form}}{naive.bias:18{form}}
{"direction":10}{direction:>18}{"-":>18}

{weights}{verdict(result, _NAIVE[kind])}"""


def verdict(result: Evaluation, naive: str = _NAIVE[Kind.PRICE]) -> str:
    """Say whether the model is better than the naive forecast."""
    gain = 1 - result.model.mse / result.naive.mse if result.naive.mse else 0.0
    if gain <= 0:
        return f"The model is no better than the {naive}."
    lower = f"The model's MSE is {100 * gain:.2f} % lower"
    if result.standard_errors is None:
        return f"{lower}, on too little data to say that this is more than chance."
    size = f"{result.standard_errors:.1f} standard errors"
    if result.standard_errors < _SIGNIFICANT:
        return f"{lower}, which can be chance ({size}): do not count it as better."
    return f"{lower}, by {size}: more than chance would often make."


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devtools.model_backtest.backtest")
    parser.add_argument("--data", required=True, help="a CSV file with the columns time and close")
    parser.add_argument(
        "--kind", type=Kind, choices=list(Kind), default=Kind.PRICE, help="default: %(default)s"
    )
    parser.add_argument("--horizon", default="24h", help="5min, 8h, 1d; default: %(default)s")
    parser.add_argument("--since", help="use forecasts made from this day on, as 2023-01-01")
    parser.add_argument("--until", help="use outcomes before this day")
    parser.add_argument(
        "--weight", type=float, default=WEIGHT, help="default: the model's, %(default)s"
    )
    return parser.parse_args(arguments)


def _begins(day: str | None, default: int) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() if day else default


def _moment(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M}"


def _row(name: str, model: float, naive: float, form: str) -> str:
    ratio = f"{model / naive:10.4f}" if naive else f"{'-':>10}"
    return f"{name:10}{model:18{form}}{naive:18{form}}{ratio}"


if __name__ == "__main__":
    sys.exit(main())
