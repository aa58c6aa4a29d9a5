"""The commands: store candles, and try the model on them."""

from __future__ import annotations

import io
import random
from itertools import accumulate
from math import exp
from pathlib import Path

import pytest
from model_server.prices import Candle, SourceError
from model_server.sources import SOURCES

from devtools.model_backtest import backtest, download
from devtools.model_backtest.candle_file import read_candles, write_candles
from devtools.model_backtest.download import download as get_candles
from tests.model_server.conftest import Clock
from tests.model_server.exchanges import NAMES, Exchanges

DAY = 86_400


def daily(path: Path, closes: list[float]) -> str:
    with path.open("w") as file:
        write_candles(file, [Candle(DAY * day, close) for day, close in enumerate(closes)])
    return str(path)


def test_it_prints_both_and_says_which_is_better(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = daily(tmp_path / "prices.csv", [100.0, 102.0] * 200)
    assert backtest.main(["--data", data, "--horizon", "1d"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "398 forecasts of the price in 1d, from 1970-01-02 00:00 to 1971-02-03 00:00"
    assert lines[3].split() == ["MSE", "3.6864", "4.0000", "0.9216"]
    assert lines[6].split() == ["direction", "100.0", "%", "-"]
    assert lines[8].startswith("Weight -0.04; the best one for these prices would have been -1.0")
    assert lines[9].startswith("The model's MSE is 7.84 % lower, by ")


def test_log_returns_are_better_where_prices_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = daily(tmp_path / "prices.csv", [100.0, 102.0] * 200)
    assert backtest.main(["--data", data, "--horizon", "1d", "--kind", "log-return"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("398 forecasts of the log return over 1d, from 1970-01-02 00:00 to")
    assert lines[2].split() == ["model", "return", "of", "0", "ratio"]
    assert lines[3].split() == ["MSE", "3.6140e-04", "3.9214e-04", "0.9216"]
    assert lines[6].split() == ["direction", "100.0", "%", "-"]
    assert lines[8] == "Weight -0.04; the best one for these prices would have been -1.000."
    assert lines[9].startswith("The model's MSE is 7.84 % lower, ")


def test_volatility_is_compared_with_the_last_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.csv"
    dice = random.Random(0)
    logs = accumulate(dice.gauss(0, 0.001) for _ in range(600))
    with path.open("w") as file:
        write_candles(file, [Candle(60 * at, 100 * exp(log)) for at, log in enumerate(logs)])
    options = ["--data", str(path), "--horizon", "15min", "--kind", "volatility"]
    assert backtest.main(options) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("285 forecasts of the volatility over 15min, from 1970-01-01 05:00")
    assert lines[2].split() == ["model", "last", "volatility", "ratio"]
    model, naive = map(float, lines[3].split()[1:3])
    # Where volatility does not change, the longer past knows it better than the last horizon.
    assert model < 0.8 * naive
    assert model**0.5 < 0.3 * 0.001 * 15**0.5
    assert "Weight" not in "".join(lines)


def test_a_gap_in_the_minutes_makes_no_forecast(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.csv"
    with path.open("w") as file:
        minutes = (*range(316), *range(320, 500))
        write_candles(file, [Candle(60 * at, 100.0 + at % 2) for at in minutes])
    options = ["--data", str(path), "--horizon", "15min", "--kind", "volatility"]
    assert backtest.main(options) == 0
    assert capsys.readouterr().out.startswith("1 forecasts of the volatility")
    assert backtest.main([*options, "--until", "1970-01-01"]) == 1
    assert "too short for 5 h and a horizon" in capsys.readouterr().err


def test_a_part_of_the_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = daily(tmp_path / "prices.csv", [100.0 + day for day in range(40)])
    options = ["--data", data, "--since", "1970-01-11", "--until", "1970-01-21", "--weight", "0"]
    assert backtest.main(options) == 0
    out = capsys.readouterr().out
    assert out.startswith("9 forecasts of the price in 24h, from 1970-01-11 00:00 to 1970-01-19")
    assert out.endswith("The model is no better than the last price.\n")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "must name the columns time and close"),
        ("date,close\n", "must name the columns time and close"),
        ("time,close\n0,1\n86400,NaN\n", "line 3: a number that is nan"),
        ("time,close\n0,1\n86400\n", "line 3: a value that is no number"),
        ("time,close\nyesterday,1\n", "line 2: Invalid isoformat string: 'yesterday'"),
        ("time,close\n0,1\n", "two candles at least"),
        ("time,close\n0,1\n86400,1\n", "too short"),
        ("time,close\n0,1\n7000,1\n", "do not fit"),
    ],
)
def test_data_that_do_not_fit_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, reason: str
) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(content)
    assert backtest.main(["--data", str(path)]) == 1
    assert reason in capsys.readouterr().err


def test_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert backtest.main(["--data", str(tmp_path / "none.csv")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_times_may_be_dates_in_any_order_with_other_columns() -> None:
    text = "open,time,close\n1,2025-01-02T00:00:00Z,2\n1,2025-01-01,1\n1,2025-01-03 01:00+01:00,3\n"
    assert read_candles(io.StringIO(text)) == [
        Candle(1_735_689_600, 1.0),
        Candle(1_735_776_000, 2.0),
        Candle(1_735_862_400, 3.0),
    ]


def test_what_is_written_can_be_read() -> None:
    candles = [Candle(0, 0.1 + 0.2), Candle(60, 1e-7)]
    file = io.StringIO()
    write_candles(file, candles)
    file.seek(0)
    assert read_candles(file) == candles


@pytest.mark.asyncio
@pytest.mark.parametrize("name", NAMES)
async def test_candles_are_downloaded_page_by_page(
    exchanges: Exchanges, clock: Clock, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(download, "_PAUSE", 0)
    monkeypatch.setattr(download, "time", clock)
    source = SOURCES[name](exchanges.url)
    candles = await get_candles(source, "BTC", 3600, days=29)
    last = int(clock.now) // 3600 * 3600 - 3600
    assert [candle.time for candle in candles] == [
        last - 3600 * ago for ago in reversed(range(696))
    ]
    assert exchanges.requests[name] == {"coinbase": 3, "kraken": 1, "bitstamp": 1}[name]


@pytest.mark.asyncio
async def test_kraken_does_not_go_far_back(exchanges: Exchanges) -> None:
    source = SOURCES["kraken"](exchanges.url)
    with pytest.raises(SourceError, match="no more than the newest 720 candles"):
        await get_candles(source, "BTC", 3600, days=31)


def test_a_download_that_fails_says_why(
    capsys: pytest.CaptureFixture[str], closed_port: int
) -> None:
    options = ["--source", "bitstamp", "--url", f"http://127.0.0.1:{closed_port}"]
    assert download.main(options) == 1
    captured = capsys.readouterr()
    assert captured.err == f"bitstamp: nothing listens on 127.0.0.1:{closed_port}\n"
    assert not captured.out
