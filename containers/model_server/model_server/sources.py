"""Public exchanges with prices in US dollars, without a key and reachable from AWS's US regions.

Each one defines its URLs and reads its answers; `feed.py` asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import ClassVar

from .prices import (
    Candle,
    Json,
    Quote,
    SourceError,
    UnknownTokenError,
    candle_of,
    price_of,
)

_MINUTE = 60
_RECENT = 15 * _MINUTE


class Source(ABC):
    """An exchange; `base_url` has no slash at its end."""

    name: str
    default_url: str
    page: int
    """Maximum number of candles in one answer."""
    newest_page_only: bool = False
    """Whether it has no candles before its newest page, however early the start."""

    def __init__(self, base_url: str | None = None) -> None:
        self.base_url = base_url or self.default_url

    @abstractmethod
    def candles_url(self, token: str, step: int, start: int, end: int) -> str:
        """Return the URL of the candles of `step` seconds that begin from `start` to `end`."""

    @abstractmethod
    def read_candles(self, answer: Json) -> list[Candle]:
        """Return the candles in an answer to `candles_url`, in any order."""

    def quote_url(self, token: str, now: int) -> str:
        """Return the URL of the newest price: here, of the newest one-minute candles."""
        return self.candles_url(token, _MINUTE, now - _RECENT, now)

    def read_quote(self, answer: Json) -> Quote:
        """Return the newest price in an answer to `quote_url`, with its candle's beginning."""
        candles = self.read_candles(answer)
        if not candles:
            raise SourceError("no trades in the last 15 minutes")
        newest = max(candles, key=lambda candle: candle.time)
        return Quote(newest.close, newest.time)


class Coinbase(Source):
    """Coinbase Exchange; at most 10 requests a second for one IP address.

    Its candles lag by some minutes (https://github.com/ccxt/ccxt/issues/13292), so the newest price
    comes from its ticker.

    - https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-ticker
    - https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-candles
    - https://docs.cdp.coinbase.com/exchange/rest-api/rate-limits
    """

    name = "coinbase"
    default_url = "https://api.exchange.coinbase.com"
    page = 300

    def candles_url(self, token: str, step: int, start: int, end: int) -> str:
        """Return the URL of the candles, which come newest first."""
        return (
            f"{self.base_url}/products/{token}-USD/candles"
            f"?granularity={step}&start={_iso(start)}&end={_iso(end)}"
        )

    def read_candles(self, answer: Json) -> list[Candle]:
        """Read rows of time, low, high, open, close, volume: all of them numbers."""
        return [candle_of(row[0], row[4]) for row in answer]

    def quote_url(self, token: str, now: int) -> str:  # noqa: ARG002  (the ticker is always now)
        """Return the URL of the ticker."""
        return f"{self.base_url}/products/{token}-USD/ticker"

    def read_quote(self, answer: Json) -> Quote:
        """Read the last trade: `price` as a string, `time` in ISO 8601."""
        time = datetime.fromisoformat(answer["time"])
        return Quote(price_of(answer["price"]), time.timestamp())


class Kraken(Source):
    """Kraken; about one public request a second.

    It has only the newest 720 candles.

    - https://docs.kraken.com/api-reference/market-data/get-ohlc-data
    """

    name = "kraken"
    default_url = "https://api.kraken.com"
    page = 720
    newest_page_only = True

    _OWN_NAMES: ClassVar = {"BTC": "XBT", "DOGE": "XDG"}

    def candles_url(self, token: str, step: int, start: int, end: int) -> str:  # noqa: ARG002
        """Return the URL of the candles after a time; it takes no end."""
        pair = f"{self._OWN_NAMES.get(token, token)}USD"
        since = start - 1
        return f"{self.base_url}/0/public/OHLC?pair={pair}&interval={step // _MINUTE}&since={since}"

    def read_candles(self, answer: Json) -> list[Candle]:
        """Read rows of time, open, high, low, close, vwap, volume, count: prices as strings.

        They are under the pair's name, which may differ from the one in the URL. Errors have
        status 200.
        """
        errors = answer["error"]
        if errors:
            text = str(errors[0])[:100]
            raise UnknownTokenError(text) if "Unknown asset pair" in text else SourceError(text)
        (rows,) = (rows for key, rows in answer["result"].items() if key != "last")
        return [candle_of(row[0], row[4]) for row in rows]


class Bitstamp(Source):
    """Bitstamp; at most 10 000 requests in ten minutes.

    - https://www.bitstamp.net/api/#tag/Market-info/operation/GetOHLCData
    """

    name = "bitstamp"
    default_url = "https://www.bitstamp.net"
    page = 1000

    def candles_url(self, token: str, step: int, start: int, end: int) -> str:
        """Return the URL of the candles between two times."""
        return (
            f"{self.base_url}/api/v2/ohlc/{token.lower()}usd/"
            f"?step={step}&limit={self.page}&start={start}&end={end}"
        )

    def read_candles(self, answer: Json) -> list[Candle]:
        """Read objects with `timestamp` and `close`: all of them strings."""
        return [candle_of(row["timestamp"], row["close"]) for row in answer["data"]["ohlc"]]


SOURCES: dict[str, type[Source]] = {source.name: source for source in (Coinbase, Kraken, Bitstamp)}


def _iso(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
