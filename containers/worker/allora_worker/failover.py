"""Goes to another endpoint of the chain when one fails, and back to the operator's first choice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from . import reports
from .chain_answers import Header
from .endpoint import Endpoint
from .event_names import Event
from .timings import Timings
from .waiting import wait_for

_FAILURES_UNTIL_RECONNECT: Final = 3
# By which a node's clock may be ahead of this host's.
_CLOCKS_DIFFER: Final = timedelta(minutes=1)


class Endpoints:
    """The chain's endpoints in the operator's order, of which one is in use.

    Args:
        endpoints: One or more, the preferred one first.
        on_change: Called with the endpoint in use, when another one is.
    """

    def __init__(
        self, endpoints: Sequence[Endpoint], on_change: Callable[[Endpoint], None]
    ) -> None:
        self.all = tuple(endpoints)
        self.current = self.all[0]
        self.changed = asyncio.Event()
        """Set when another endpoint is used."""
        self._on_change = on_change
        self._failed_in_a_row = 0

    @property
    def are_several(self) -> bool:
        """Whether there is more than one."""
        return len(self.all) > 1

    @property
    def are_foreign(self) -> bool:
        """Whether all of them belong to another network."""
        return all(endpoint.is_foreign for endpoint in self.all)

    def failed(self, endpoint: Endpoint, reason: str) -> None:
        """Record a call that failed, and use another endpoint if there is one.

        Args:
            endpoint: Which was called; another one may be in use since.
            reason: What happened; it names the endpoint.
        """
        endpoint.failed_at = time.monotonic()
        if endpoint is not self.current:
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row == len(self.all):
            which = "all endpoints fail" if self.are_several else "the chain's endpoint fails"
            reports.warning(Event.CHAIN_UNAVAILABLE, f"{which}: {reason}")
        if self.are_several:
            endpoint.disconnect()
            # Another network has no account of this wallet, and would seem to refuse it.
            others = [each for each in self.all if each is not endpoint and not each.is_foreign]
            if others:
                self.use(min(others, key=lambda each: each.failed_at), reason)
        elif self._failed_in_a_row % _FAILURES_UNTIL_RECONNECT == 0:
            endpoint.disconnect()

    def works(self) -> None:
        """Record a call that was answered."""
        if self._failed_in_a_row >= len(self.all):
            message = f"the chain's endpoint {self.current.host} works"
            reports.info(Event.CHAIN_AVAILABLE, message, failures=self._failed_in_a_row)
        self._failed_in_a_row = 0

    def use(self, endpoint: Endpoint, reason: str) -> None:
        """Use an endpoint from the next call on."""
        reports.warning(
            Event.ENDPOINT_CHANGED,
            f"{endpoint.host} is asked from now on, and no longer {self.current.host}: {reason}",
            grpc=endpoint.host,
        )
        self.current = endpoint
        self.changed.set()
        self._on_change(endpoint)

    def close(self) -> None:
        """Close all connections."""
        for endpoint in self.all:
            endpoint.close()


class Failover:
    """Compares several endpoints regularly, and uses the first one that is as good as any.

    Args:
        endpoints: The chain's.
        chain_id: Of the network that they belong to.
        timings: Intervals.
    """

    def __init__(self, endpoints: Endpoints, chain_id: str, timings: Timings) -> None:
        self._endpoints = endpoints
        self._chain_id = chain_id
        self._timings = timings

    async def run(self) -> None:
        """Compare until cancelled, or return if there is one endpoint only."""
        while self._endpoints.are_several:
            self._endpoints.changed.clear()
            await wait_for(self._endpoints.changed, self._timings.endpoint_check)
            await self.compare()

    async def compare(self) -> None:
        """Use another endpoint if the one in use fails, is behind, or is a second choice."""
        if not self._endpoints.are_several:
            return
        asked = self._endpoints.all
        headers = dict(zip(asked, await asyncio.gather(*map(self._ask, asked)), strict=True))
        newest = newest_of(header for header in headers.values() if header)
        for endpoint, header in headers.items():
            if header is None or self._is_behind(header, newest):
                continue
            if endpoint is self._endpoints.current:
                return
            if time.monotonic() - endpoint.failed_at >= self._timings.endpoint_rest:
                self._endpoints.use(endpoint, self._reason(headers, newest))
                return

    def _is_behind(self, header: Header, newest: Header | None) -> bool:
        return seconds_behind(header, newest) > self._timings.endpoint_behind

    def _reason(self, headers: Mapping[Endpoint, Header | None], newest: Header | None) -> str:
        """Return why the endpoint in use is left."""
        current = self._endpoints.current
        header = headers[current]
        if header is None:
            return f"{current.address} does not answer with a block of this network"
        if self._is_behind(header, newest):
            return f"{current.address} is {seconds_behind(header, newest):.0f} s behind"
        return "it is named first in ALLORA_GRPC_URL, and works"

    async def _ask(self, endpoint: Endpoint) -> Header | None:
        """Return the newest block's header, or None from an endpoint that cannot be used."""
        try:
            header = await endpoint.newest_block()
        except Exception:  # noqa: BLE001 - whatever it is, this endpoint is not better
            endpoint.disconnect()
            return None
        endpoint.is_foreign = header.chain_id != self._chain_id
        return None if endpoint.is_foreign else header


def newest_of(headers: Iterable[Header]) -> Header | None:
    """Return the newest header, or None. One from the future is a fault of its endpoint."""
    latest = datetime.now(UTC) + _CLOCKS_DIFFER
    possible = [header for header in headers if header.time <= latest]
    return max(possible, key=lambda header: header.time, default=None)


def seconds_behind(header: Header, newest: Header | None) -> float:
    """Return by how much a block is older than the newest one.

    Not in blocks: after a reset of the chain, the newest ones are the lowest.
    """
    return 0.0 if newest is None else (newest.time - header.time).total_seconds()
