"""Stand-ins for the exchanges: one server with the paths of all three, answering in their forms."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import time

from aiohttp import web

NAMES = ("coinbase", "kraken", "bitstamp")
_HALF_A_DAY = 43_200
_KRAKEN_PAIRS = {"XBTUSD": "XXBTZUSD", "ETHUSD": "XETHZUSD"}


@dataclass
class Exchange:
    """How one exchange behaves.

    Attributes:
        price: The price now, and in the past twelve hours.
        day_ago: The price before that.
        swing: By how much every other minute's price of the past twelve hours is above it, as a log
            return.
        age: How old its newest price is, in seconds.
        status: The HTTP status of every answer.
        body: Answered instead of prices, when set.
        headers: Headers of such an answer.
        gate: Answers are held back until this is set.
    """

    price: float = 64000.0
    day_ago: float = 64000.0
    swing: float = 0.0
    age: float = 0.0
    status: int = 200
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()


class Exchanges:
    """All three exchanges.

    Args:
        clock: Tells the time in seconds since 1970.

    Attributes:
        coinbase, kraken, bitstamp: Their behaviour, to be changed at will.
        url: Where they are, once they are served.
        requests: How often each was asked, by its name.
        urls: The paths and queries that were asked for, the oldest first.
    """

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self.coinbase = Exchange()
        self.kraken = Exchange()
        self.bitstamp = Exchange()
        self.url = ""
        self.requests: Counter[str] = Counter()
        self.urls: list[str] = []

    def all(self) -> list[Exchange]:
        return [self.coinbase, self.kraken, self.bitstamp]

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/products/{product}/ticker", self._coinbase_ticker),
                web.get("/products/{product}/candles", self._coinbase_candles),
                web.get("/0/public/OHLC", self._kraken_candles),
                web.get("/api/v2/ohlc/{pair}/", self._bitstamp_candles),
            ]
        )
        return application

    async def _coinbase_ticker(self, request: web.Request) -> web.Response:
        if request.match_info["product"] not in {"BTC-USD", "ETH-USD"}:
            return await self._answer("coinbase", request, {"message": "NotFound"}, 404)
        moment = datetime.fromtimestamp(self._clock() - self.coinbase.age, UTC)
        document = {
            "ask": str(self.coinbase.price + 0.01),
            "bid": str(self.coinbase.price),
            "volume": "6534.19840153",
            "trade_id": 86326522,
            "price": str(self.coinbase.price),
            "size": "0.00698254",
            "time": moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        return await self._answer("coinbase", request, document)

    async def _coinbase_candles(self, request: web.Request) -> web.Response:
        step = int(request.query["granularity"])
        start, end = (
            int(datetime.fromisoformat(request.query[name]).timestamp())
            for name in ("start", "end")
        )
        if (end - start) // step >= 300:
            return await self._answer(
                "coinbase", request, {"message": "granularity too small"}, 400
            )
        closes = self._closes(self.coinbase, start, end, step)
        rows = [[at, close - 1, close + 1, close, close, 12.5] for at, close in reversed(closes)]
        return await self._answer("coinbase", request, rows)

    async def _kraken_candles(self, request: web.Request) -> web.Response:
        pair = _KRAKEN_PAIRS.get(request.query["pair"])
        if pair is None:
            unknown = {"error": ["EQuery:Unknown asset pair"]}
            return await self._answer("kraken", request, unknown)
        step = 60 * int(request.query["interval"])
        start = int(request.query["since"]) + 1
        closes = self._closes(self.kraken, start, int(self._clock()), step)[-720:]
        rows = [
            [at, f"{close}", f"{close}", f"{close}", f"{close}", f"{close}", "3.39243896", 23]
            for at, close in closes
        ]
        document = {"error": [], "result": {pair: rows, "last": rows[-1][0] if rows else 0}}
        return await self._answer("kraken", request, document)

    async def _bitstamp_candles(self, request: web.Request) -> web.Response:
        pair = request.match_info["pair"]
        if pair not in {"btcusd", "ethusd"}:
            return await self._answer("bitstamp", request, {"error": "Not found"}, 404)
        step, start, end = (int(request.query[name]) for name in ("step", "start", "end"))
        closes = self._closes(self.bitstamp, start, end, step)[: int(request.query["limit"])]
        candles = [
            {
                "close": f"{close}",
                "high": f"{close}",
                "low": f"{close}",
                "open": f"{close}",
                "timestamp": f"{at}",
                "volume": "0.42548035",
            }
            for at, close in closes
        ]
        document = {"data": {"ohlc": candles, "pair": f"{pair[:3].upper()}/USD"}}
        return await self._answer("bitstamp", request, document)

    def _closes(
        self, exchange: Exchange, start: int, end: int, step: int
    ) -> list[tuple[int, float]]:
        now = self._clock()
        newest = min(end, int(now - exchange.age))
        first = -(-start // step) * step
        return [
            (at, exchange.day_ago if at < now - _HALF_A_DAY else _swung(exchange, at, step))
            for at in range(first, newest + 1, step)
        ]

    async def _answer(
        self, name: str, request: web.Request, document: object, status: int = 200
    ) -> web.Response:
        exchange: Exchange = getattr(self, name)
        self.requests[name] += 1
        self.urls.append(request.path_qs)
        await exchange.gate.wait()
        status = exchange.status if exchange.status != 200 else status
        if exchange.body is not None:
            return web.Response(body=exchange.body, status=status, headers=exchange.headers)
        return web.json_response(document, status=status)


def _swung(exchange: Exchange, at: int, step: int) -> float:
    return exchange.price * math.exp(exchange.swing * (at // step % 2))
