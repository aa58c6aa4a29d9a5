from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from allora_worker import reports
from allora_worker.timings import Timings
from allora_worker.window_events import Opening, WindowEvents

from tests.worker.log import Log
from tests.worker.timings import QUICK
from tests.worker.waiting import until

TestServer.__test__ = False  # it is no test class
pytestmark = pytest.mark.asyncio

KIND = "emissions.v10.EventWorkerSubmissionWindowOpened"


class Listener:
    """A websocket server, the client under test, and what that has heard."""

    def __init__(self) -> None:
        self.subscriptions: list[str] = []
        self.openings: list[Opening] = []
        self.blocks: list[int] = []
        self.log = Log()
        self.events: WindowEvents
        self._open: list[web.WebSocketResponse] = []

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        self._open.append(websocket)
        async for message in websocket:
            if message.type is WSMsgType.TEXT:
                self.subscriptions.append(json.loads(message.data)["params"]["query"])
        return websocket

    async def send(self, frame: object) -> None:
        await until(lambda: self._open)
        text = frame if isinstance(frame, str) else json.dumps(frame)
        await self._open[-1].send_str(text)

    async def send_value(self, value: dict[str, Any]) -> None:
        await self.send({"jsonrpc": "2.0", "id": "x", "result": {"data": {"value": value}}})


@contextlib.asynccontextmanager
async def listening(
    listener: Listener, *, timings: Timings = QUICK, first: str | None = None
) -> AsyncIterator[None]:
    """Serves the listener as the client's only websocket, or as the one after the first."""
    reports.set_up(listener.log)
    app = web.Application()
    app.router.add_get("/websocket", listener.serve)
    async with TestServer(app) as server:
        url = str(server.make_url("/websocket")).replace("http", "ws")
        events = WindowEvents(
            [first, url] if first else [url],
            event_type=KIND,
            topic_ids=[69, 77],
            on_opening=listener.openings.append,
            on_block=listener.blocks.append,
            timings=timings,
        )
        listener.events = events
        running = asyncio.create_task(events.run())
        yield
        running.cancel()
        await asyncio.wait([running])


@pytest_asyncio.fixture
async def listener() -> AsyncIterator[Listener]:
    listener = Listener()
    async with listening(listener):
        yield listener


def opening(topic: str, kind: str = KIND) -> dict[str, Any]:
    attributes = {"topic_id": topic, "nonce_block_height": '"1054"', "window_end_block": '"1066"'}
    pairs = [{"key": key, "value": value, "index": True} for key, value in attributes.items()]
    return {"type": kind, "attributes": pairs}


async def test_it_subscribes_once_however_many_topics(listener: Listener) -> None:
    await listener.send_value({"height": "1054", "events": [opening('"77"')]})
    await until(lambda: listener.openings)
    assert listener.subscriptions == ["tm.event='NewBlockEvents'"]


async def test_it_tells_of_blocks_and_windows(listener: Listener) -> None:
    await listener.send_value({"height": "1053", "events": None})
    events = [opening('"69"'), opening('"69"', "emissions.v10.EventSomethingElse")]
    await listener.send_value({"height": "1054", "events": events})
    await until(lambda: listener.openings)
    assert listener.openings == [Opening(69, 1054)]
    assert listener.blocks == [1053, 1054]


@pytest.mark.parametrize(
    "frame",
    [
        "not JSON",
        "[]",
        '{"jsonrpc": "2.0", "id": "x", "result": {}}',
        '{"jsonrpc": "2.0", "id": "x", "error": {"code": -32603, "message": "too many"}}',
        '{"result": {"data": {"value": {"height": "x"}}}}',
        '{"result": {"data": {"value": {"height": "1"}}}}',
        '{"result": {"data": {"value": {"height": "1", "events": [{"type": 1}]}}}}',
        '{"result": {"data": null}}',
    ],
)
async def test_a_strange_frame_does_not_deafen_it(listener: Listener, frame: str) -> None:
    await listener.send(frame)
    await listener.send_value({"height": "1054", "events": [opening('"77"')]})
    await until(lambda: listener.openings == [Opening(77, 1054)])


async def test_a_subscription_that_is_refused_is_reported(listener: Listener) -> None:
    await listener.send({"jsonrpc": "2.0", "id": "x", "error": {"message": "too many"}})
    await until(lambda: listener.log.events("websocket_refused"))


async def test_a_websocket_that_refuses_a_subscription_is_not_deaf(listener: Listener) -> None:
    await listener.send({"jsonrpc": "2.0", "id": "x", "error": {"message": "too many"}})
    await until(lambda: listener.log.events("websocket_refused"))
    listener.events.reopen()
    assert listener.log.events("websocket_deaf") == []


async def test_an_event_that_is_not_understood_costs_no_other(listener: Listener) -> None:
    listener.events.also_read("some.Event", lambda attributes: int(attributes["number"]))
    bad = {"type": "some.Event", "attributes": [{"key": "number", "value": "none"}]}
    await listener.send_value({"height": "1060", "events": [bad, opening('"69"')]})
    await until(lambda: listener.openings == [Opening(69, 1054)])
    assert listener.log.events("websocket_frame")


async def test_the_next_websocket_is_heard_until_the_first_one_works_again() -> None:
    first, second = Listener(), Listener()
    is_away = True

    async def serve(request: web.Request) -> web.StreamResponse:
        return web.Response(status=429) if is_away else await first.serve(request)

    app = web.Application()
    app.router.add_get("/websocket", serve)
    timings = dataclasses.replace(QUICK, websocket_return=0.2)
    async with TestServer(app) as server:
        url = str(server.make_url("/websocket")).replace("http", "ws")
        async with listening(second, timings=timings, first=url):
            await until(lambda: second.subscriptions)
            [failed] = second.log.events("websocket_failed")
            assert "status 429" in failed["message"]
            is_away = False
            while not first.subscriptions:  # it looks at the time with each block
                with contextlib.suppress(ConnectionError):  # it has left
                    await second.send_value({"height": "1054", "events": []})
                await asyncio.sleep(0.05)
            assert len(second.log.events("websocket_failed")) == 1
