"""Listens on the chain's websocket for windows and blocks.

Polling finds every window too, only later: a failure here costs seconds, not windows. And an event
is a hint, until polling confirms it. The SDK's subscriber is not used: building it takes two
seconds of processor time, and it does not notice a dead websocket.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from . import reports
from .errors import one_line, shorten
from .event_names import Event
from .flood import FloodDetector
from .timings import Timings
from .unreachable import explain
from .urls import address_of, host_of
from .waiting import Backoff

_MAX_FRAME: Final = 4 * 1024 * 1024  # events of a whole block
_MAX_PARTS: Final = 500_000  # lists and objects of a frame; each takes memory
_PING_SECONDS: Final = 20.0
# Every block with its events, which are those of all topics. A node allows a client five queries
# (max_subscriptions_per_client in https://docs.cometbft.com/v0.38/core/configuration).
# https://pkg.go.dev/github.com/cometbft/cometbft/types#EventDataNewBlockEvents
_QUERY: Final = "tm.event='NewBlockEvents'"
# In ten seconds. The network makes a block in five.
_MAX_FRAMES: Final = 500
_MAX_BYTES: Final = 10 * 1024 * 1024
_EXPECTED_TYPES: Final = {
    aiohttp.WSMsgType.TEXT,
    aiohttp.WSMsgType.BINARY,
    aiohttp.WSMsgType.PING,
    aiohttp.WSMsgType.PONG,
}
_NOT_UNDERSTOOD: Final = (
    AttributeError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)

_ReadEvent = Callable[[Mapping[str, str]], None]
"""Reads an event's attributes, whose values are JSON."""


@dataclass(frozen=True)
class Opening:
    """The announcement of a window."""

    topic_id: int
    nonce: int


class _FloodError(Exception):
    """The websocket sends more than a chain does."""


class WindowEvents:
    """The subscription to the chain's blocks and the events in them.

    Args:
        urls: The websockets' URLs, the preferred one first.
        event_type: The type of the event that opens a window for the worker's role.
        topic_ids: The worker's topics.
        on_opening: Called for each announced window.
        on_block: Called with each announced height.
        timings: Intervals and limits.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        event_type: str,
        topic_ids: Iterable[int],
        on_opening: Callable[[Opening], None],
        on_block: Callable[[int], None],
        timings: Timings,
    ) -> None:
        self._urls = urls
        self._url = urls[0]
        self._returns_at = math.inf
        self._readers: dict[str, _ReadEvent] = {event_type: self._read_opening}
        self._on_opening = on_opening
        self._on_block = on_block
        self._timings = timings
        self._topic_ids = frozenset(topic_ids)
        self._websocket: aiohttp.ClientWebSocketResponse | None = None
        self._closing: asyncio.Task[bool] | None = None
        self._reopened_at = -math.inf
        self._is_refused = False
        self._silent_at: float | None = None
        self._is_working = True

    def also_read(self, event_type: str, read: _ReadEvent) -> None:
        """Give the events of another type to a reader."""
        self._readers[event_type] = read

    async def run(self) -> None:
        """Listen, and reconnect after every failure."""
        backoff = Backoff(self._timings.events_pause_min, self._timings.events_pause_max)
        async with aiohttp.ClientSession() as session:
            while True:
                began = time.monotonic()
                try:
                    await self._listen(session)
                except TimeoutError as error:
                    is_open = self._silent_at is not None
                    reason = "it sends nothing" if is_open else self._explain(error)
                    self._report_failure(reason)
                except _FloodError:
                    self._report_failure("it sends more than a chain does")
                except aiohttp.WSServerHandshakeError as error:
                    self._report_failure(f"it answers with status {error.status}")
                except (aiohttp.ClientError, OSError) as error:
                    self._report_failure(self._explain(error))
                self._choose_next()
                if time.monotonic() - began > self._timings.events_pause_max:
                    backoff.reset()
                await asyncio.sleep(backoff.next())

    def _choose_next(self) -> None:
        """Choose the next websocket, or the preferred one when it is time to try it again."""
        now = time.monotonic()
        next_one = self._urls.index(self._url) + 1
        is_first = now >= self._returns_at or next_one == len(self._urls)
        self._url = self._urls[0 if is_first else next_one]
        self._returns_at = math.inf if is_first else now + self._timings.websocket_return

    def reopen(self) -> None:
        """Reconnect, to the next websocket if there are several: the open one missed a window.

        Not every time: a node may not announce every topic. And not if it has refused a
        subscription: it would refuse the next one, too.
        """
        now = time.monotonic()
        is_soon = now - self._reopened_at < self._timings.events_reopen
        if self._websocket is None or self._is_refused or is_soon:
            return
        self._reopened_at = now
        reports.warning(
            Event.WEBSOCKET_DEAF, "the chain's websocket missed a window; it is reopened"
        )
        self._closing = asyncio.create_task(self._websocket.close())

    async def _listen(self, session: aiohttp.ClientSession) -> None:
        connecting = session.ws_connect(
            self._url,
            timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
            heartbeat=_PING_SECONDS,
            max_msg_size=_MAX_FRAME,
            autoping=False,  # so that pings count against the flood limit
        )
        self._silent_at = None
        async with asyncio.timeout(self._timings.chain_call):
            websocket = await connecting
        self._is_refused = False
        self._websocket = websocket
        try:
            await self._subscribe(websocket)
            await self._receive_all(websocket)
        finally:
            self._websocket = None
            await websocket.close()
        if self._closing is None and time.monotonic() < self._returns_at:
            self._report_failure("the chain closed it")
        self._closing = None  # it was closed by `reopen`

    async def _subscribe(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        await websocket.send_json(
            {
                "jsonrpc": "2.0",
                "method": "subscribe",
                "id": "block_events",
                "params": {"query": _QUERY},
            }
        )

    async def _receive_all(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """Receive until the websocket closes, or the preferred one is to be tried again.

        Raises:
            TimeoutError: There was no block for too long.
            _FloodError: There was too much else.
        """
        flood = FloodDetector(_MAX_FRAMES, _MAX_BYTES)
        while time.monotonic() < self._returns_at:
            # Until the next block: other messages are no sign of life.
            async with asyncio.timeout_at(self._silent_at):
                message = await websocket.receive()
                if message.type is aiohttp.WSMsgType.PING:
                    await websocket.pong(message.data)
            if message.type not in _EXPECTED_TYPES:
                return
            if flood.is_flooded_by(len(message.data or "")):
                raise _FloodError
            if message.type is aiohttp.WSMsgType.BINARY:
                _report_frame("it is binary")
            elif message.type is aiohttp.WSMsgType.TEXT:
                self._report_success()
                self._read_frame(message.data)

    def _read_frame(self, text: str) -> None:
        if text.count("{") + text.count("[") > _MAX_PARTS:
            _report_frame("it has too many parts")
            return
        try:
            frame = json.loads(text)
            if "error" in frame:
                self._is_refused = True
                message = f"the websocket answers {shorten(str(frame['error']))}"
                reports.warning(Event.WEBSOCKET_REFUSED, message, per_minute=1)
            elif "data" in frame["result"]:
                self._read_value(frame["result"]["data"]["value"])
        except _NOT_UNDERSTOOD as error:
            _report_frame(one_line(error))

    def _read_value(self, value: dict[str, Any]) -> None:
        height = int(value["height"])
        # Without further blocks the websocket is dead.
        self._silent_at = asyncio.get_running_loop().time() + self._timings.events_silence
        self._on_block(height)
        for event in value["events"] or []:
            read = self._readers.get(event["type"])
            if read is not None:
                self._read_event(event, read)

    def _read_event(self, event: dict[str, Any], read: _ReadEvent) -> None:
        try:
            read({item["key"]: item["value"] for item in event["attributes"]})
        except _NOT_UNDERSTOOD as error:
            _report_frame(one_line(error))  # one event costs no other

    def _read_opening(self, attributes: Mapping[str, str]) -> None:
        opening = Opening(
            topic_id=_parse_int(attributes["topic_id"]),
            nonce=_parse_int(attributes["nonce_block_height"]),
        )
        if opening.topic_id in self._topic_ids:
            self._on_opening(opening)

    def _explain(self, error: Exception) -> str:
        return explain(error, address_of(self._url))

    def _report_failure(self, reason: str) -> None:
        if self._is_working:
            self._is_working = False
            reports.warning(
                Event.WEBSOCKET_FAILED,
                f"the chain's websocket {host_of(self._url)} fails ({reason}); polling finds the "
                "windows meanwhile",
            )

    def _report_success(self) -> None:
        if not self._is_working:
            self._is_working = True
            reports.info(Event.WEBSOCKET_WORKS, "the chain's websocket works again")


def _report_frame(reason: str) -> None:
    reports.warning(Event.WEBSOCKET_FRAME, f"a frame was not understood: {reason}", per_minute=1)


def _parse_int(attribute: str) -> int:
    """Return the number in an event's attribute, which is JSON: `"69"` with its quotes."""
    return int(json.loads(attribute))
