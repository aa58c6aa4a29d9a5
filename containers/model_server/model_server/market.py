"""The prices of tokens, from all sources."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

import aiohttp

from model_server.consensus import DisagreementError, agree
from model_server.feed import Feed
from model_server.prices import UnknownTokenError
from model_server.sources import Source
from model_server.volatility import forecast_volatility

_WAIT = 4.0
_MAX_TOKENS = 32
_BACKGROUND_INTERVAL = 60.0
_SEARCH_INTERVAL = 5.0

_log = logging.getLogger(__name__)


class NoPriceError(Exception):
    """There is no usable price; the text says why."""


class NoSuchTokenError(Exception):
    """No source knows the token."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a token in US dollars."""

    now: float
    day_ago: float | None
    """The price about 24 hours ago; None when it is unknown, or the sources disagree."""
    sources: tuple[str, ...]
    """The sources that agree on `now`."""


@dataclass(frozen=True, slots=True)
class Volatility:
    """A forecast volatility, and the sources behind it."""

    forecast: float
    sources: tuple[str, ...]


class Market:
    """The tokens that were asked for, with all sources."""

    def __init__(self, session: aiohttp.ClientSession, sources: Sequence[Source]) -> None:
        self._session = session
        self._sources = sources
        self._tokens: OrderedDict[str, TokenMarket] = OrderedDict()

    def token(self, token: str) -> TokenMarket:
        """Return the market of a token in capitals; the last 32 are kept."""
        if token not in self._tokens:
            if len(self._tokens) == _MAX_TOKENS:
                self._tokens.popitem(last=False)
            feeds = [Feed(self._session, source, token) for source in self._sources]
            self._tokens[token] = TokenMarket(token, feeds)
        self._tokens.move_to_end(token)
        return self._tokens[token]


class TokenMarket:
    """One token, with all sources."""

    def __init__(self, token: str, feeds: Sequence[Feed]) -> None:
        self._token = token
        self._feeds = feeds
        self._outliers: tuple[str, ...] = ()
        self._running: set[asyncio.Task[None]] = set()

    async def keep_fresh(self) -> None:
        """Refresh the prices until cancelled."""
        while True:
            await self.refresh()
            found = any(feed.price_now is not None for feed in self._feeds)
            await asyncio.sleep(_BACKGROUND_INTERVAL if found else _SEARCH_INTERVAL)

    async def refresh(self) -> None:
        """Ask all sources whose last answer is not fresh, concurrently.

        Returns after four seconds at the latest; slower answers count for the next request.
        """
        await self._wait_for(feed.refresh() for feed in self._feeds)

    async def refresh_minutes(self) -> None:
        """Ask all sources for the past five hours, as `refresh` does."""
        await self._wait_for(feed.refresh_minutes() for feed in self._feeds)

    async def _wait_for(self, questions: Iterable[Coroutine[None, None, None]]) -> None:
        tasks = {asyncio.create_task(question) for question in questions}
        self._running |= tasks
        for task in tasks:
            task.add_done_callback(self._running.discard)
        await asyncio.wait(tasks, timeout=_WAIT)

    def price(self) -> Price:
        """Return the price from the answers so far.

        Sources that failed last count only when there are no others.

        Raises:
            NoSuchTokenError: No source has the token.
            NoPriceError: There is no usable price.
        """
        prices = self._prices()
        try:
            consensus = agree(prices)
        except DisagreementError as error:
            raise NoPriceError(f"no price of {self._token}: {error}") from None
        self._report_outliers(prices, consensus.outliers)
        agreed = tuple(name for name in prices if name not in consensus.outliers)
        return Price(consensus.price, self._day_ago(), agreed)

    def volatility(self, horizon: float) -> Volatility:
        """Return the median of the sources' forecasts for a horizon in seconds.

        Raises:
            NoSuchTokenError: No source has the token.
            NoPriceError: No source has enough prices of the past five hours.
        """
        forecasts = {
            feed.name: forecast
            for feed in self._feeds
            if (forecast := forecast_volatility(feed.minutes, horizon)) is not None
        }
        if forecasts:
            return Volatility(median(forecasts.values()), tuple(forecasts))
        errors = {feed.name: feed.by_minute.error for feed in self._feeds}
        if all(isinstance(error, UnknownTokenError) for error in errors.values()):
            raise self._unknown()
        reasons = "; ".join(f"{name}: {error or 'too few'}" for name, error in errors.items())
        raise NoPriceError(f"no prices of {self._token} minute by minute: {reasons}")

    def states(self) -> dict[str, str]:
        """Return for each source `ok`, `not asked yet`, or why it has no price."""
        return {feed.name: feed.state for feed in self._feeds}

    def _prices(self) -> dict[str, float]:
        answering = [feed for feed in self._feeds if feed.quote.error is None]
        for feeds in (answering, self._feeds):
            prices = {feed.name: price for feed in feeds if (price := feed.price_now) is not None}
            if prices:
                return prices
        if all(isinstance(feed.quote.error, UnknownTokenError) for feed in self._feeds):
            raise self._unknown()
        states = "; ".join(f"{name}: {state}" for name, state in self.states().items())
        raise NoPriceError(f"no price of {self._token}: {states}")

    def _unknown(self) -> NoSuchTokenError:
        return NoSuchTokenError(f"no source has a price of {self._token} in US dollars")

    def _day_ago(self) -> float | None:
        prices = {
            feed.name: price for feed in self._feeds if (price := feed.price_day_ago) is not None
        }
        try:
            return agree(prices).price if prices else None
        except DisagreementError:
            return None

    def _report_outliers(self, prices: dict[str, float], outliers: tuple[str, ...]) -> None:
        if outliers == self._outliers:
            return
        self._outliers = outliers
        for name in outliers:
            message = "%s: %s at %g is left out: too far from the others"
            _log.warning(message, name, self._token, prices[name])
