"""Back-test the model: `python -m devtools.model_backtest.backtest --data prices.csv`.

Prints the errors of the model and of the naive forecast, which is the last price, and says plainly
when the model is no better.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from model_server.forecast import WEIGHT
from model_server.horizon import parse_horizon

from devtools.model_backtest.candle_file import read_candles
from devtools.model_backtest.evaluation import Case, Evaluation, cases_of, evaluate

_SIGNIFICANT = 2.0
"""Standard errors from which a difference is more than chance would often make."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when the data do not fit."""
    options = _parse(arguments)
    try:
        horizon = parse_horizon(options.horizon)
        with Path(options.data).open(newline="", encoding="utf-8") as file:
            candles = read_candles(file)
        cases = [
            case
            for case in cases_of(candles, horizon)
            if _begins(options.since, 0) <= case.time
            and case.time + horizon < _begins(options.until, sys.maxsize)
        ]
    except (OSError, ValueError) as error:
        print(f"{options.data}: {error}", file=sys.stderr)
        return 1
    if not cases:
        print(f"{options.data}: too short for 24 h and a horizon", file=sys.stderr)
        return 1
    print(report(cases, options.horizon, options.weight, evaluate(cases, horizon, options.weight)))
    return 0


def report(cases: Sequence[Case], horizon: str, weight: float, result: Evaluation) -> str:
    """The result as text."""
    model, naive = result.model, result.naive
    direction = "-" if result.direction is None else f"{100 * result.direction:.1f} %"
    first, last = _moment(cases[0].time), _moment(cases[-1].time)
    return f"""\
{len(cases)} forecasts of the price in {horizon}, from {first} to {last}

{"":10}{"model":>18}{"last price":>18}{"ratio":>10}
{_row("MSE", model.mse, naive.mse)}
{_row("MAE", model.mae, naive.mae)}
{"bias":10}{model.bias:18,.4f}{naive.bias:18,.4f}
{"direction":10}{direction:>18}{"-":>18}

Weight {weight:g}; the best one for these prices would have been {result.best_weight:.3f}.
{verdict(result)}"""


def verdict(result: Evaluation) -> str:
    """Say whether the model is better than the last price."""
    gain = 1 - result.model.mse / result.naive.mse if result.naive.mse else 0.0
    if gain <= 0:
        return "The model is no better than the last price."
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


def _row(name: str, model: float, naive: float) -> str:
    ratio = f"{model / naive:10.4f}" if naive else f"{'-':>10}"
    return f"{name:10}{model:18,.4f}{naive:18,.4f}{ratio}"


if __name__ == "__main__":
    sys.exit(main())
