"""One source's prices of one token: now, 24 hours ago, and minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from time import time

import aiohttp

from model_server.fetch import fetch
from model_server.horizon import DAY, HOUR, MINUTE
from model_server.poll import Poll
from model_server.prices import Candle, Quote, SourceError
from model_server.sources import Source

QUOTE_INTERVAL = 10.0
"""Seconds for which a price is fresh, and the source is not asked again."""

MAX_AGE = 300.0
"""Seconds after which a price is too old."""

_DAY_AGO_INTERVAL = 600.0
_MAX_AHEAD = 120.0
_STEP = int(HOUR)

_MINUTES_INTERVAL = 30.0
_MINUTES = 299
"""Of the past five hours; with the current one they fill the smallest page of a source."""
_MAX_AGE_OF_MINUTES = 900.0
"""Seconds; Coinbase's candles lag by minutes."""


class Feed:
    """A source's prices of a token, which is in capitals."""

    def __init__(self, session: aiohttp.ClientSession, source: Source, token: str) -> None:
        self.name = source.name
        self._session = session
        self._source = source
        self._token = token
        about = f"{source.name}: {token}"
        self.quote = Poll(about, self._ask_quote, QUOTE_INTERVAL)
        self.day_ago = Poll(f"{about} a day ago", self._ask_day_ago, _DAY_AGO_INTERVAL)
        self.by_minute = Poll(f"{about} by the minute", self._ask_minutes, _MINUTES_INTERVAL)

    async def refresh(self) -> None:
        """Ask for the prices that are due, one after the other over the same connection."""
        await self.quote.refresh()
        if self.quote.error is None:
            await self.day_ago.refresh()

    async def refresh_minutes(self) -> None:
        """Ask for the prices of the past five hours, if they are due."""
        await self.by_minute.refresh()

    @property
    def price_now(self) -> float | None:
        """The newest price, unless it is too old."""
        quote = self.quote.value
        return quote.price if quote is not None and time() - quote.time <= MAX_AGE else None

    @property
    def price_day_ago(self) -> float | None:
        """The price of 24 hours ago, give or take an hour."""
        quote = self.day_ago.value
        if quote is None or abs(quote.time - (time() - DAY)) > HOUR:
            return None
        return quote.price

    @property
    def minutes(self) -> Sequence[Candle]:
        """The candles of the past five hours, in the order of time; none if they are too old."""
        candles = self.by_minute.value
        if not candles or time() - candles[-1].time > _MAX_AGE_OF_MINUTES:
            return ()
        return candles

    @property
    def state(self) -> str:
        """`ok`, `not asked yet`, or why there is no price."""
        if self.quote.error is not None:
            return str(self.quote.error)
        return "not asked yet" if self.quote.value is None else "ok"

    async def _ask_quote(self) -> Quote:
        now = time()
        url = self._source.quote_url(self._token, int(now))
        quote = await fetch(self._session, url, self._source.read_quote)
        if quote.time > now + _MAX_AHEAD:
            raise SourceError(f"a price from {quote.time - now:.0f} s in the future")
        if quote.time < now - MAX_AGE:
            raise SourceError(f"stale: the newest price is {now - quote.time:.0f} s old")
        return quote

    async def _ask_minutes(self) -> list[Candle]:
        step, now = int(MINUTE), int(time())
        end = now // step * step
        url = self._source.candles_url(self._token, step, end - _MINUTES * step, end)
        candles = await fetch(self._session, url, self._source.read_candles)
        by_time = {candle.time: candle for candle in candles if candle.time <= now}
        if not by_time or now - max(by_time) > _MAX_AGE_OF_MINUTES:
            raise SourceError("no trades in the last 15 minutes")
        return [by_time[moment] for moment in sorted(by_time)]

    async def _ask_day_ago(self) -> Quote:
        wanted = int(time() - DAY)
        url = self._source.candles_url(self._token, _STEP, wanted - 2 * _STEP, wanted + _STEP)
        candles = await fetch(self._session, url, self._source.read_candles)
        return close_at(candles, wanted)


def close_at(candles: Sequence[Candle], wanted: int) -> Quote:
    """Return the close nearest to a time, or raise `SourceError` if none is within an hour."""
    closes = [Quote(candle.close, candle.time + _STEP) for candle in candles]
    nearest = min(closes, key=lambda close: abs(close.time - wanted), default=None)
    if nearest is None or abs(nearest.time - wanted) > _STEP:
        raise SourceError("no candle near that time")
    return nearest
