"""Several endpoints: when one is no good, the next call goes through another one."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from allora_sdk.rpc_client.protos.cosmos.tx.v1beta1 import BroadcastTxRequest
from allora_worker.sending import Sending, Sent, sending
from allora_worker.transactions import CheckedTransactions, UnconfirmedError
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import AuthInfo, SignerInfo, TxRaw

from devtools.fake_chain import FakeChain, Options
from devtools.fake_chain.gate import Gate
from devtools.fake_chain.ledger import FIRST_HEIGHT
from tests.worker.endpoints import another_door, http_alone, url_of
from tests.worker.running import Worker
from tests.worker.test_submissions import values
from tests.worker.timings import HASTY_WITH_CHAIN, QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]


@pytest_asyncio.fixture
async def second(chain: FakeChain) -> AsyncIterator[Gate]:
    """The chain's second endpoint."""
    async with another_door(chain) as gate:
        yield gate


async def meets_the_next_window(chain: FakeChain) -> None:
    nonce = chain.open_window(69)
    await until(lambda: (69, nonce, "100.5") in values(chain))


def uses(worker: Worker, url: str) -> bool:
    return worker.service.status.endpoint == url


def broadcasts(chain: FakeChain) -> int:
    counted: Any = chain.state()["calls"]
    return int(counted.get("BroadcastTx", 0))


@pytest.mark.parametrize("status", [200, 404, 429, 503])
async def test_a_server_without_grpc_is_left(
    chain: FakeChain, start: Start, second: Gate, status: int
) -> None:
    async with http_alone(status) as first:
        worker = await start(chain, ALLORA_GRPC_URL=f"{first},{url_of(second)}")
        await meets_the_next_window(chain)
        assert (await worker.health())["endpoint"] == url_of(second)
        await until(lambda: worker.topic().is_fine)
        assert worker.log.events("refused") == []
        assert worker.log.events("endpoint_changed")
        await worker.stop()


async def test_a_single_server_without_grpc_does_not_refuse_the_sdk(
    chain: FakeChain, start: Start
) -> None:
    async with http_alone(404) as first:
        worker = await start(chain, ready=False, ALLORA_GRPC_URL=first)
        await until(lambda: worker.topic().chain_problem)
        assert "HTTP status 404" in worker.topic().reason
        assert worker.topic().state == "chain_unavailable"
        assert not worker.topic().is_sdk_refused
        await worker.stop()


@pytest.mark.parametrize("failure", ["frozen", "refuse"])
async def test_an_endpoint_that_fails_is_left_and_preferred_again_later(
    chain: FakeChain, start: Start, second: Gate, failure: str
) -> None:
    timings = dataclasses.replace(HASTY_WITH_CHAIN, endpoint_rest=0.5)
    urls = f"{chain.grpc_url},{url_of(second)}"
    worker = await start(chain, timings=timings, ALLORA_GRPC_URL=urls)
    assert uses(worker, chain.grpc_url)
    await chain.behave(**{failure: True})
    await until(lambda: uses(worker, url_of(second)))
    await meets_the_next_window(chain)
    assert worker.log.events("chain_unavailable") == []
    await chain.behave(**{failure: False})
    await until(lambda: uses(worker, chain.grpc_url))
    await meets_the_next_window(chain)


async def test_an_endpoint_of_another_chain_is_left(
    chain: FakeChain, start: Start, second: Gate
) -> None:
    options = Options(chain_id="elsewhere")
    async with FakeChain(options, say=lambda _: None) as other:
        worker = await start(chain, ALLORA_GRPC_URL=f"{other.grpc_url},{url_of(second)}")
        await meets_the_next_window(chain)
        assert uses(worker, url_of(second))
        assert worker.log.events("refused") == []
        await worker.stop()


async def test_an_endpoint_of_another_chain_is_no_second_choice(
    chain: FakeChain, start: Start
) -> None:
    options = Options(chain_id="elsewhere")
    async with FakeChain(options, say=lambda _: None) as other:
        worker = await start(chain, ALLORA_GRPC_URL=f"{chain.grpc_url},{other.grpc_url}")
        await chain.behave(refuse=True)
        await until(lambda: len(worker.log.events("chain_unavailable")) > 0)
        await chain.behave(refuse=False)
        await meets_the_next_window(chain)
        assert worker.log.events("endpoint_changed") == []
        assert worker.log.events("refused") == []
        await worker.stop()


async def test_endpoints_that_all_belong_to_another_chain_are_refused(
    chain: FakeChain, start: Start, second: Gate
) -> None:
    await chain.behave(chain_id="elsewhere")
    timings = dataclasses.replace(QUICK, refused_exit=3600)
    urls = f"{chain.grpc_url},{url_of(second)}"
    worker = await start(chain, timings=timings, ready=False, ALLORA_GRPC_URL=urls)
    await until(lambda: worker.topic().state == "refused")
    assert "correct ALLORA_NETWORK or ALLORA_GRPC_URL" in worker.topic().reason


@pytest.mark.parametrize("place", [0, 1])
async def test_an_endpoint_that_is_far_behind_is_left(
    chain: FakeChain, start: Start, place: int
) -> None:
    async with FakeChain(Options(block_seconds=3600), say=lambda _: None) as slow:
        slow.ledger._times = [chain.ledger.time_of(FIRST_HEIGHT) - timedelta(hours=1)]
        urls = [chain.grpc_url]
        urls.insert(place, slow.grpc_url)
        worker = await start(chain, ready=False, ALLORA_GRPC_URL=",".join(urls))
        await until(lambda: worker.topic().is_registered and uses(worker, chain.grpc_url))
        await until(lambda: chain.state()["registered"] != {"69": [], "77": []})
        await meets_the_next_window(chain)
        assert worker.log.events("chain_reset") == []
        await worker.stop()


async def test_an_endpoint_that_stands_still_is_left(
    chain: FakeChain, start: Start, second: Gate
) -> None:
    async with FakeChain(chain.options, say=lambda _: None) as first:
        for _ in range(500):
            first.ledger.make_block()
        urls = f"{first.grpc_url},{url_of(second)}"
        worker = await start(chain, ready=False, ALLORA_GRPC_URL=urls)
        await until(lambda: worker.topic().is_registered)
        assert uses(worker, first.grpc_url)
        first.options = dataclasses.replace(first.options, block_seconds=3600)
        for _ in range(600):
            chain.ledger.make_block()
        await until(lambda: uses(worker, url_of(second)))
        assert worker.log.events("chain_reset") == []
        await worker.stop()


async def test_a_transaction_in_flight_is_found_through_the_other_endpoint(
    chain: FakeChain, start: Start, second: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = f"{chain.grpc_url},{url_of(second)}"
    worker = await start(chain, timings=HASTY_WITH_CHAIN, ALLORA_GRPC_URL=urls)
    broadcast, sent = chain.ledger.broadcast, broadcasts(chain)
    freezing = []

    # At once: the first endpoint tells nothing of it.
    def broadcast_and_freeze(tx_bytes: bytes) -> Any:
        freezing.append(asyncio.create_task(chain.behave(frozen=True)))
        return broadcast(tx_bytes)

    monkeypatch.setattr(chain.ledger, "broadcast", broadcast_and_freeze)
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().submissions)
    assert values(chain) == [(69, nonce, "100.5")]
    assert len(freezing) == broadcasts(chain) - sent == 1
    assert uses(worker, url_of(second))
    assert chain.state()["rejected"] == []
    assert not worker.topic().failures


# --- no second transaction


class Node:
    """A stub of a node that takes every transaction, or does not answer."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.is_silent = False
        self.code = 0

    async def simulate(self, _: object) -> None: ...

    async def broadcast_tx(self, request: BroadcastTxRequest) -> Any:
        self.taken.append(request.tx_bytes)
        if self.is_silent:
            raise TimeoutError
        answer = {"code": self.code, "codespace": "sdk", "raw_log": "", "txhash": ""}
        return SimpleNamespace(tx_response=SimpleNamespace(**answer))

    async def get_tx(self, _: object) -> Any:
        return SimpleNamespace(tx_response=SimpleNamespace(code=11))


def transaction(sequence: int, content: bytes = b"") -> BroadcastTxRequest:
    auth = AuthInfo(signer_infos=[SignerInfo(sequence=sequence)]).SerializeToString()
    raw = TxRaw(body_bytes=content, auth_info_bytes=auth)
    return BroadcastTxRequest(tx_bytes=raw.SerializeToString())


async def test_no_other_sequence_is_sent_while_a_transaction_may_be_in_a_block() -> None:
    node = Node()
    transactions, limits = CheckedTransactions(node), Sending(sent=Sent())
    with sending(limits):
        node.is_silent = True
        with pytest.raises(TimeoutError):
            await transactions.broadcast_tx(transaction(7))
        node.is_silent = False
        await transactions.broadcast_tx(transaction(7, b"dearer"))  # the chain takes one of both
        with pytest.raises(UnconfirmedError):
            await transactions.broadcast_tx(transaction(8))
        assert len(node.taken) == 2
        for tx_hash in limits.sent.hashes:
            await transactions.get_tx(SimpleNamespace(hash=tx_hash))
        await transactions.broadcast_tx(transaction(8))


async def test_a_transaction_that_a_node_refuses_is_in_no_block() -> None:
    node = Node()
    node.code = 32
    limits = Sending(sent=Sent())
    with sending(limits):
        with contextlib.suppress(Exception):
            await CheckedTransactions(node).broadcast_tx(transaction(7))
        assert limits.sent.hashes == []
        node.code = 0
        await CheckedTransactions(node).broadcast_tx(transaction(7))
        node.code = 32  # by another endpoint
        with contextlib.suppress(Exception):
            await CheckedTransactions(node).broadcast_tx(transaction(7))
        assert len(limits.sent.hashes) == 1
