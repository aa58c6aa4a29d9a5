from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from allora_worker import public_listener
from allora_worker.public_listener import PublicListener
from allora_worker.rate_limit import PeerLimit

from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio


class Echo(asyncio.Protocol):
    """Sends back what comes; a transport that has said something is known by it."""

    known: dict[bytes, asyncio.Transport]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.known[data] = self._transport
        self._transport.write(data)


class House:
    """A listener with an echo behind it."""

    def __init__(self) -> None:
        self.listener = PublicListener()
        self.port = 0
        self._stack = contextlib.AsyncExitStack()
        Echo.known = {}

    async def open(self) -> None:
        self.port = await self._stack.enter_async_context(self.listener.open("127.0.0.1", 0, Echo))

    async def close(self) -> None:
        await self._stack.aclose()

    async def visit(self, peer: str, name: bytes = b"x") -> Visit:
        visit = Visit(
            *await asyncio.open_connection("127.0.0.1", self.port, local_addr=(peer, 0)), name
        )
        self._stack.callback(visit.writer.close)
        visit.writer.write(name)
        return visit


class Visit:
    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, name: bytes
    ) -> None:
        self._reader = reader
        self.writer = writer
        self._name = name

    async def is_let_in(self) -> bool:
        return await self._read() == self._name

    async def is_over(self) -> bool:
        return await self._read() == b""

    async def _read(self) -> bytes:
        try:
            return await asyncio.wait_for(self._reader.read(100), 15)
        except ConnectionError:
            return b""


@pytest_asyncio.fixture
async def house(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(public_listener, "_MAX_CONNECTIONS", 4)
    monkeypatch.setattr(public_listener, "_MAX_CONNECTIONS_OF_A_PEER", 2)
    house = House()
    await house.open()
    yield house
    await house.close()


async def test_who_has_waited_longest_makes_room_for_a_newcomer(house: House) -> None:
    waiting = [await house.visit(f"127.0.0.{n}") for n in (2, 3, 4, 5)]
    for each in waiting:
        assert await each.is_let_in()
    assert await (await house.visit("127.0.0.6")).is_let_in()
    assert await waiting[0].is_over()
    waiting[1].writer.write(b"still here")
    assert not await waiting[1].is_over()


async def test_a_peer_has_its_share_and_makes_room_for_itself(house: House) -> None:
    other = await house.visit("127.0.0.2")
    assert await other.is_let_in()
    own = [await house.visit("127.0.0.3") for _ in range(3)]
    for each in own:
        assert await each.is_let_in()
    assert await own[0].is_over()
    other.writer.write(b"still here")
    assert not await other.is_over()


async def test_whose_question_the_model_is_asked_makes_no_room(house: House) -> None:
    asking = [await house.visit("127.0.0.3", name) for name in (b"a", b"b")]
    for each in asking:
        assert await each.is_let_in()
    with house.listener.keeping(Echo.known[b"a"]), house.listener.keeping(Echo.known[b"b"]):
        assert await (await house.visit("127.0.0.3")).is_over()
    assert await (await house.visit("127.0.0.3")).is_let_in()
    assert await asking[0].is_over()


async def test_a_visit_that_is_over_leaves_nothing_behind(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[asyncio.TimerHandle] = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def remember(delay: float, *rest: object) -> asyncio.TimerHandle:
        timer: asyncio.TimerHandle = call_later(delay, *rest)  # type: ignore[arg-type]
        if delay == public_listener._SECONDS:
            timers.append(timer)
        return timer

    monkeypatch.setattr(loop, "call_later", remember)
    visit = await house.visit("127.0.0.2")
    assert await visit.is_let_in()
    assert not timers[0].cancelled()
    visit.writer.close()
    await until(timers[0].cancelled)


async def test_a_flood_is_let_in_drop_by_drop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.listener, "_limit", PeerLimit(3, 2, monotonic=lambda: 0.0))
    visits = [await house.visit(peer) for peer in ("127.0.0.2",) * 3 + ("127.0.0.3",) * 2]
    assert [await visit.is_let_in() for visit in visits] == [True, True, False, True, False]


async def test_a_limit_begins_anew_each_second() -> None:
    now = 0.0
    limit = PeerLimit(3, 2, monotonic=lambda: now)
    assert [limit.take(peer) for peer in "aaabc"] == [True, True, False, True, False]
    now = 0.9
    assert not limit.take("c")
    now = 1.0
    assert limit.take("c")
    assert limit.take("a")
