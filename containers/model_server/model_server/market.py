"""The prices of tokens: asks all sources, and says what the price is."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from model_server.consensus import DisagreementError, agree
from model_server.feed import Feed
from model_server.prices import UnknownTokenError
from model_server.sources import Source

_WAIT = 4.0
_MAX_TOKENS = 32
_BACKGROUND_INTERVAL = 60.0
_SEARCH_INTERVAL = 5.0

_log = logging.getLogger(__name__)


class NoPriceError(Exception):
    """No usable price at the moment; the text says why."""


class NoSuchTokenError(Exception):
    """No source knows the token."""


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a token.

    Attributes:
        now: In US dollars.
        day_ago: The same about 24 hours ago; none when no source tells, or they disagree.
        sources: The sources that agree on the price of now.
    """

    now: float
    day_ago: float | None
    sources: tuple[str, ...]


class Market:
    """All sources, for all tokens that are asked for.

    Args:
        session: From `fetch.new_session`.
        sources: The sources to ask; at least one.
    """

    def __init__(self, session: aiohttp.ClientSession, sources: Sequence[Source]) -> None:
        self._session = session
        self._sources = sources
        self._tokens: OrderedDict[str, TokenMarket] = OrderedDict()

    def token(self, token: str) -> TokenMarket:
        """What is known of a token, in capitals. The 32 that were asked for last are kept."""
        if token not in self._tokens:
            if len(self._tokens) == _MAX_TOKENS:
                self._tokens.popitem(last=False)
            feeds = [Feed(self._session, source, token) for source in self._sources]
            self._tokens[token] = TokenMarket(token, feeds)
        self._tokens.move_to_end(token)
        return self._tokens[token]


class TokenMarket:
    """All sources, for one token."""

    def __init__(self, token: str, feeds: Sequence[Feed]) -> None:
        self._token = token
        self._feeds = feeds
        self._outliers: tuple[str, ...] = ()
        self._running: set[asyncio.Task[None]] = set()

    async def keep_fresh(self) -> None:
        """Refresh the prices for ever."""
        while True:
            await self.refresh()
            found = any(feed.price_now is not None for feed in self._feeds)
            await asyncio.sleep(_BACKGROUND_INTERVAL if found else _SEARCH_INTERVAL)

    async def refresh(self) -> None:
        """Ask the sources whose last answer is not fresh, all at once.

        Takes four seconds at most: whoever is slower is heard for the next request.
        """
        tasks = {asyncio.create_task(feed.refresh()) for feed in self._feeds}
        self._running |= tasks
        for task in tasks:
            task.add_done_callback(self._running.discard)
        await asyncio.wait(tasks, timeout=_WAIT)

    def price(self) -> Price:
        """The price, from what the sources answered so far.

        Sources whose last answer was bad are believed when there are no others.

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

    def states(self) -> dict[str, str]:
        """For each source: `ok`, `not asked yet`, or why it has no price."""
        return {feed.name: feed.state for feed in self._feeds}

    def _prices(self) -> dict[str, float]:
        answering = [feed for feed in self._feeds if feed.quote.error is None]
        for feeds in (answering, self._feeds):
            prices = {feed.name: price for feed in feeds if (price := feed.price_now) is not None}
            if prices:
                return prices
        if all(isinstance(feed.quote.error, UnknownTokenError) for feed in self._feeds):
            raise NoSuchTokenError(f"no source has a price of {self._token} in US dollars")
        states = "; ".join(f"{name}: {state}" for name, state in self.states().items())
        raise NoPriceError(f"no price of {self._token}: {states}")

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
            _log.warning(
                "%s: %s at %g is left out: too far from the others",
                name,
                self._token,
                prices[name],
            )
