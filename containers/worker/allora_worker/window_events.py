"""Listens to the chain's websocket, to learn of windows and blocks as soon as they come.

Polling finds every window too, only later: whatever happens here costs seconds, not windows. For
the same reason nothing that is said here counts until polling has confirmed it. The SDK's
subscriber is not used, because building it takes two seconds of processor time, and because it does
not notice a websocket that has gone deaf.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from . import reports
from .errors import one_line, shorten
from .event_names import Event
from .flood import Flood
from .timings import Timings
from .urls import host_of

_MAX_FRAME: Final = 4 * 1024 * 1024  # events of a whole block
_MOST_PARTS: Final = 500_000  # lists and objects of a frame; each takes memory
_PING_SECONDS: Final = 20.0
_HEADERS_QUERY: Final = "tm.event='NewBlockHeader'"
# For each subscription in ten seconds. There is one block in five seconds on the network.
_MOST_FRAMES: Final = 500
_MOST_BYTES: Final = 10 * 1024 * 1024
_TAKEN: Final = {
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


@dataclass(frozen=True)
class Opening:
    """The chain is said to have opened a window.

    Args:
        topic_id: In which topic.
        nonce: For which nonce.
    """

    topic_id: int
    nonce: int


class _FloodError(Exception):
    """More comes from the websocket than a chain has to say."""


class WindowEvents:
    """The websocket and what comes from it.

    Args:
        url: Of the websocket.
        event_type: Of the event that opens a window for the worker's role.
        topic_ids: The topics to hear of.
        on_opening: Told of every window that is said to have opened in one of the topics.
        on_block: Told of every block: its height.
        timings: How long to wait for what.
    """

    def __init__(
        self,
        url: str,
        *,
        event_type: str,
        topic_ids: Iterable[int],
        on_opening: Callable[[Opening], None],
        on_block: Callable[[int], None],
        timings: Timings,
    ) -> None:
        self._url = url
        self._event_type = event_type
        self._on_opening = on_opening
        self._on_block = on_block
        self._timings = timings
        self._topic_ids = frozenset(topic_ids)
        self._queries = [_HEADERS_QUERY] + [
            f"tm.event='NewBlockEvents' AND {event_type}.topic_id = '\"{topic_id}\"'"
            for topic_id in sorted(self._topic_ids)
        ]
        self._websocket: aiohttp.ClientWebSocketResponse | None = None
        self._closing: asyncio.Task[bool] | None = None
        self._reopened_at = -math.inf
        self._silent_at: float | None = None
        self._working = True

    async def run(self) -> None:
        """Listens, and opens the websocket again whenever it fails."""
        loop = asyncio.get_running_loop()
        pause = self._timings.events_pause_min
        async with aiohttp.ClientSession() as session:
            while True:
                started = loop.time()
                try:
                    await self._listen(session)
                except TimeoutError:
                    self._report_failure("nothing comes from it")
                except _FloodError:
                    self._report_failure("more comes from it than a chain has to say")
                except aiohttp.WSServerHandshakeError as error:
                    self._report_failure(f"it answers with status {error.status}")
                except (aiohttp.ClientError, OSError) as error:
                    self._report_failure(one_line(error))
                if loop.time() - started > self._timings.events_pause_max:
                    pause = self._timings.events_pause_min
                await asyncio.sleep(pause)
                pause = min(pause * 2, self._timings.events_pause_max)

    def reopen(self) -> None:
        """Opens the websocket anew, because it did not tell of a window although it was open.

        Not every time: a node may be unable to tell of every topic.
        """
        now = time.monotonic()
        if self._websocket is None or now - self._reopened_at < self._timings.events_reopen:
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
            autoping=False,  # so that pings count as what comes
        )
        async with asyncio.timeout(self._timings.chain_call):
            websocket = await connecting
        self._silent_at = None
        self._websocket = websocket
        try:
            await self._subscribe(websocket)
            await self._take_all(websocket)
        finally:
            self._websocket = None
            await websocket.close()
        if self._closing is None:
            self._report_failure("the chain closed it")
        self._closing = None  # it was closed by `reopen`

    async def _take_all(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        """Takes what comes until the websocket is closed.

        Raises:
            TimeoutError: There was no block for too long.
            _FloodError: There is too much of it.
        """
        flood = Flood(_MOST_FRAMES * len(self._queries), _MOST_BYTES * len(self._queries))
        while True:
            # Until the next block: whatever else comes is no sign of life.
            async with asyncio.timeout_at(self._silent_at):
                message = await websocket.receive()
                if message.type is aiohttp.WSMsgType.PING:
                    await websocket.pong(message.data)
            if message.type not in _TAKEN:
                return
            if flood.is_reached(len(message.data or "")):
                raise _FloodError
            if message.type is aiohttp.WSMsgType.BINARY:
                _report_frame("it is binary")
            elif message.type is aiohttp.WSMsgType.TEXT:
                self._report_success()
                self._take(message.data)

    async def _subscribe(self, websocket: aiohttp.ClientWebSocketResponse) -> None:
        for number, query in enumerate(self._queries):
            await websocket.send_json(
                {
                    "jsonrpc": "2.0",
                    "method": "subscribe",
                    "id": f"typed_block_events_{number}",
                    "params": {"query": query},
                }
            )

    def _take(self, text: str) -> None:
        if text.count("{") + text.count("[") > _MOST_PARTS:
            _report_frame("it has too many parts")
            return
        try:
            frame = json.loads(text)
            if "error" in frame:
                reports.warning(
                    Event.WEBSOCKET_REFUSED,
                    f"the websocket answers {shorten(str(frame['error']))}",
                    per_minute=1,
                )
            elif "data" in frame["result"]:
                self._take_value(frame["result"]["data"]["value"])
        except _NOT_UNDERSTOOD as error:
            _report_frame(one_line(error))

    def _take_value(self, value: dict[str, Any]) -> None:
        if "header" in value:
            # From now on there is a block every few seconds, or the websocket is deaf.
            self._silent_at = asyncio.get_running_loop().time() + self._timings.events_silence
            self._on_block(int(value["header"]["height"]))
        else:
            self._take_events(value)

    def _take_events(self, value: dict[str, Any]) -> None:
        self._on_block(int(value["height"]))
        for event in value["events"]:
            if event["type"] == self._event_type:
                attributes = {item["key"]: item["value"] for item in event["attributes"]}
                opening = Opening(
                    topic_id=_parse_int(attributes["topic_id"]),
                    nonce=_parse_int(attributes["nonce_block_height"]),
                )
                if opening.topic_id in self._topic_ids:
                    self._on_opening(opening)

    def _report_failure(self, reason: str) -> None:
        if self._working:
            self._working = False
            reports.warning(
                Event.WEBSOCKET_FAILED,
                f"the chain's websocket {host_of(self._url)} fails ({reason}); polling finds the "
                "windows meanwhile",
            )

    def _report_success(self) -> None:
        if not self._working:
            self._working = True
            reports.info(Event.WEBSOCKET_WORKS, "the chain's websocket works again")


def _report_frame(reason: str) -> None:
    reports.warning(Event.WEBSOCKET_FRAME, f"a frame was not understood: {reason}", per_minute=1)


def _parse_int(attribute: str) -> int:
    """The number in an event's attribute, which is JSON: `"69"` with its quotes."""
    return int(json.loads(attribute))
