from __future__ import annotations

# First, because it ends where the other imports would fail.
import tests.image_packages  # noqa: F401

# isort: split

import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from devtools.fake_chain import FakeChain, Options
from tests.fake_chain.client import Client


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[FakeChain]:
    """A chain that makes twenty blocks a second, and whose windows last."""
    options = Options(topics=(69, 77), block_seconds=0.05, window_blocks=10_000)
    async with FakeChain(options) as chain:
        yield chain


@pytest_asyncio.fixture
async def paused() -> AsyncIterator[FakeChain]:
    """A chain that makes blocks only when a test does."""
    async with FakeChain(Options(block_seconds=3600, window_blocks=3)) as chain:
        yield chain


@pytest_asyncio.fixture
async def client(paused: FakeChain) -> AsyncIterator[Client]:
    """A wallet's own connection to `paused`."""
    async with Client(paused) as client:
        yield client


@pytest.fixture(autouse=True)
def signal_handlers() -> Iterator[None]:
    """Puts back the handlers that an `AlloraWorker` replaces."""
    handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    yield
    for name, handler in handlers.items():
        signal.signal(name, handler)
