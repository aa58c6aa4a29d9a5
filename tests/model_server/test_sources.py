"""Answers as the exchanges' documentation shows them, and what must not be made of bad ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from model_server.prices import Candle, Quote, SourceError, UnknownTokenError
from model_server.sources import SOURCES, Bitstamp, Coinbase, Kraken

KRAKEN = """{"error": [], "result": {"XXBTZUSD": [
  [1688671200, "30306.1", "30306.2", "30305.7", "30305.7", "30306.1", "3.39243896", 23],
  [1688671260, "30304.5", "30304.5", "30300.0", "30300.0", "30300.0", "4.42996871", 18]],
  "last": 1688672160}}"""
BITSTAMP = """{"data": {"pair": "BTC/USD", "ohlc": [
  {"high": "9064.77", "timestamp": "1593961440", "volume": "18.49436608", "low": "9040.87",
   "close": "9064.77", "open": "9040.87"},
  {"high": "9071.59", "timestamp": "1593961500", "volume": "3.48631711", "low": "9058.76",
   "close": "9061.07", "open": "9064.66"}]}}"""
COINBASE = """[[1515264780, 994.5, 994.6, 994.5, 994.6, 14.69759],
  [1515264720, 994.49, 994.5, 994.5, 994.49, 22.02888969]]"""
TICKER = """{"ask": "6267.71", "bid": "6265.15", "volume": "53602.03940154", "trade_id": 86326522,
  "price": "6268.48", "size": "0.00698254", "time": "2020-03-20T00:22:57.833Z"}"""


def test_coinbase() -> None:
    source = Coinbase()
    assert source.read_candles(json.loads(COINBASE)) == [
        Candle(1515264780, 994.6),
        Candle(1515264720, 994.49),
    ]
    assert source.read_quote(json.loads(TICKER)) == Quote(6268.48, 1584663777.833)
    assert source.quote_url("BTC", 0) == "https://api.exchange.coinbase.com/products/BTC-USD/ticker"
    assert source.candles_url("BTC", 3600, 0, 7200) == (
        "https://api.exchange.coinbase.com/products/BTC-USD/candles"
        "?granularity=3600&start=1970-01-01T00:00:00Z&end=1970-01-01T02:00:00Z"
    )


def test_kraken() -> None:
    source = Kraken()
    answer = json.loads(KRAKEN)
    assert source.read_candles(answer) == [Candle(1688671200, 30305.7), Candle(1688671260, 30300.0)]
    assert source.read_quote(answer) == Quote(30300.0, 1688671260)
    assert source.quote_url("BTC", 2000) == (
        "https://api.kraken.com/0/public/OHLC?pair=XBTUSD&interval=1&since=1099"
    )


@pytest.mark.parametrize(
    ("token", "pair"), [("BTC", "XBTUSD"), ("DOGE", "XDGUSD"), ("SOL", "SOLUSD")]
)
def test_kraken_has_names_of_its_own(token: str, pair: str) -> None:
    assert f"pair={pair}&" in Kraken().candles_url(token, 60, 0, 60)


def test_kraken_tells_errors_with_status_200() -> None:
    with pytest.raises(UnknownTokenError):
        Kraken().read_candles({"error": ["EQuery:Unknown asset pair"]})
    with pytest.raises(SourceError, match="EGeneral:Too many requests"):
        Kraken().read_candles({"error": ["EGeneral:Too many requests"]})


def test_bitstamp() -> None:
    source = Bitstamp()
    answer = json.loads(BITSTAMP)
    assert source.read_candles(answer) == [Candle(1593961440, 9064.77), Candle(1593961500, 9061.07)]
    assert source.read_quote(answer) == Quote(9061.07, 1593961500)
    assert source.candles_url("BTC", 60, 0, 900) == (
        "https://www.bitstamp.net/api/v2/ohlc/btcusd/?step=60&limit=1000&start=0&end=900"
    )


@pytest.mark.parametrize(
    "close", ["NaN", "Infinity", "-1", "0", "", "1,234.5", "1e999", 10**400, None, True, [1]]
)
@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("coinbase", lambda close: [[1515264780, 1, 1, 1, close, 1]]),
        ("kraken", lambda close: {"error": [], "result": {"X": [[1, 1, 1, 1, close, 1, 1, 1]]}}),
        ("bitstamp", lambda close: {"data": {"ohlc": [{"timestamp": "1", "close": close}]}}),
    ],
)
def test_a_price_must_be_a_finite_number_above_zero(source: str, answer: Any, close: Any) -> None:
    with pytest.raises(SourceError):
        SOURCES[source]().read_candles(answer(close))


@pytest.mark.parametrize("source", [Kraken(), Bitstamp()])
def test_no_candles_are_no_price(source: Kraken | Bitstamp) -> None:
    empty = {"error": [], "result": {"XXBTZUSD": [], "last": 0}, "data": {"ohlc": []}}
    with pytest.raises(SourceError, match="no trades"):
        source.read_quote(empty)
