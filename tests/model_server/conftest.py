"""Fixtures: exchanges on real sockets, a clock to turn, and the model server's parts on top."""

from __future__ import annotations

# First, because it ends where the other imports would fail.
import tests.image_packages  # noqa: F401

# isort: split

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from model_server.fetch import new_session
from model_server.market import Market
from model_server.server import Server
from model_server.settings import read_settings

from tests.model_server.exchanges import NAMES, Exchanges

TestClient.__test__ = False  # they are no test classes, whatever pytest makes of their names
TestServer.__test__ = False

Client = TestClient[web.Request, web.Application]


@dataclass
class Clock:
    """The time of exchanges and model server alike, in seconds since 1970."""

    now: float = 1_750_000_000.0

    def __call__(self) -> float:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("model_server.feed.time", clock)
    monkeypatch.setattr("model_server.poll.monotonic", clock)
    return clock


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy computer no answer comes too late."""
    monkeypatch.setattr("model_server.fetch.TIMEOUT", 60.0)
    monkeypatch.setattr("model_server.market._WAIT", 60.0)


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that refuses connections; it stays bound, so that nobody else takes it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest_asyncio.fixture
async def exchanges(clock: Clock) -> AsyncIterator[Exchanges]:
    """The exchanges; their common base URL is `exchanges.url`."""
    exchanges = Exchanges(clock)
    async with TestServer(exchanges.application()) as server:
        exchanges.url = str(server.make_url("")).rstrip("/")
        yield exchanges
        for exchange in exchanges.all():
            exchange.gate.set()


@pytest.fixture
def environment(exchanges: Exchanges) -> dict[str, str]:
    """Variables that make the model server ask the stand-ins."""
    return {"PRICE_SOURCES": ",".join(f"{name}={exchanges.url}" for name in NAMES)}


@pytest_asyncio.fixture
async def market(environment: dict[str, str]) -> AsyncIterator[Market]:
    async with new_session() as session:
        yield Market(session, read_settings(environment).sources)


@pytest_asyncio.fixture
async def client(environment: dict[str, str], market: Market) -> AsyncIterator[Client]:
    """The HTTP interface."""
    server = Server(read_settings(environment), market)
    async with TestClient(TestServer(server.application())) as client:
        yield client
