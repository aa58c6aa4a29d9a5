from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from allora_sdk import AlloraNetworkConfig

from devtools.fake_chain import FakeChain, Options
from tests.worker.running import ADDRESS, Worker
from tests.worker.waiting import until

TestServer.__test__ = False  # it is no test class
pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
KEY = "UP-an-api-key"


class Faucet:
    """A faucet that gives ALLO, or says why not."""

    def __init__(self, chain: FakeChain) -> None:
        self.requests: list[dict[str, Any]] = []
        self.status = 200
        self.url = ""
        self._chain = chain

    async def serve(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self.requests.append({"key": request.headers.get("x-api-key"), **form})
        if self.status == 200:
            await self._chain.behave(balance=str(10**19))
        return web.Response(status=self.status, headers={"Location": "/api/request"})


@pytest_asyncio.fixture
async def testnet() -> AsyncIterator[FakeChain]:
    options = Options(chain_id="allora-testnet-1", block_seconds=0.1, window_blocks=200)
    async with FakeChain(options, say=lambda _: None) as chain:
        await chain.behave(balance="0")
        yield chain


@pytest_asyncio.fixture
async def faucet(testnet: FakeChain) -> AsyncIterator[Faucet]:
    faucet = Faucet(testnet)
    app = web.Application()
    app.router.add_route("*", "/api/request", faucet.serve)
    async with TestServer(app) as server:
        faucet.url = str(server.make_url("")).rstrip("/")
        yield faucet


@pytest.fixture
def network(testnet: FakeChain, faucet: Faucet) -> dict[str, Any]:
    """The testnet, as the fake chain is it."""
    sdk = AlloraNetworkConfig.local(chain_id="allora-testnet-1", url=testnet.grpc_url)
    return {"sdk": sdk, "faucet_url": faucet.url}


async def test_an_empty_wallet_asks_the_faucet_and_works(
    testnet: FakeChain, faucet: Faucet, network: dict[str, Any], start: Start, secrets: Path
) -> None:
    (secrets / "api-key").write_text(KEY + "\n")
    worker = await start(testnet, network=network)
    assert faucet.requests == [{"key": KEY, "chain": "allora-testnet-1", "address": ADDRESS}]
    nonce = testnet.open_window(69)
    await until(lambda: worker.topic().submissions)
    assert worker.topic().last_submission.nonce == nonce
    assert KEY not in worker.log.getvalue()


@pytest.mark.parametrize("status", [429, 301, 500])
async def test_a_faucet_that_gives_nothing_is_asked_once_in_a_while(
    testnet: FakeChain,
    faucet: Faucet,
    network: dict[str, Any],
    start: Start,
    secrets: Path,
    status: int,
) -> None:
    (secrets / "api-key").write_text(KEY)
    faucet.status = status
    worker = await start(testnet, network=network, ready=False)
    await until(lambda: worker.log.events("faucet"))
    looks = testnet.state()["calls"]["Balance"]  # type: ignore[index]
    await until(lambda: testnet.state()["calls"]["Balance"] > looks + 5)  # type: ignore[index]
    assert len(faucet.requests) == 1
    [warning] = worker.log.events("faucet")
    assert warning["level"] == "warning"
    assert ADDRESS in warning["message"]


async def test_without_an_api_key_the_faucet_is_not_asked(
    testnet: FakeChain, faucet: Faucet, network: dict[str, Any], start: Start
) -> None:
    worker = await start(testnet, network=network, ready=False)
    await until(lambda: worker.log.events("balance_low"))
    assert f"fund {ADDRESS}" in worker.log.events("balance_low")[0]["message"]
    assert faucet.requests == []


async def test_on_another_network_the_faucet_is_not_asked(
    chain: FakeChain, faucet: Faucet, start: Start, secrets: Path
) -> None:
    (secrets / "api-key").write_text(KEY)
    await chain.behave(balance="0")
    worker = await start(chain, network={"faucet_url": faucet.url}, ready=False)
    await until(lambda: worker.log.events("balance_low"))
    assert faucet.requests == []


async def test_the_balance_is_a_metric(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    await until(lambda: worker.log.metrics("Balance"))
    assert worker.log.metrics("Balance")[-1]["Balance"] == pytest.approx(1000, abs=1)
