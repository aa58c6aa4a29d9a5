"""A transaction that comes too late costs nothing."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from allora_sdk.rpc_client.tx_manager import TxManager, TxTimeoutError
from allora_worker.judge import Judge
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import TxBody, TxRaw

from devtools.fake_chain import FakeChain
from tests.worker.running import ADDRESS, Worker, end_windows
from tests.worker.test_submissions import values
from tests.worker.timings import QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]


def last_block_of(raw: TxRaw) -> int:
    return int(TxBody.FromString(raw.body_bytes).timeout_height)


async def test_each_transaction_is_valid_up_to_a_block(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast, last_blocks = chain.ledger.broadcast, []

    def record(tx_bytes: bytes) -> Any:
        last_blocks.append(last_block_of(TxRaw.FromString(tx_bytes)))
        return broadcast(tx_bytes)

    monkeypatch.setattr(chain.ledger, "broadcast", record)
    await start(chain)
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    of_registration, of_submission = last_blocks
    assert of_registration > nonce
    assert of_submission == nonce + chain.options.window_blocks - 1


async def test_a_registration_needs_no_height_from_the_judge(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own question about the height may fail, or come later."""

    async def wait_for_ever(_: Judge) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Judge, "run", wait_for_ever)
    # Until a block is measured: a network's height is far beyond the blocks of some minutes.
    timings = dataclasses.replace(QUICK, default_block=5.5)
    worker = await start(chain, timings=timings, ready=False)
    await until(lambda: worker.topic().is_registered or worker.topic().refusal)
    assert worker.topic().is_registered
    assert chain.state()["rejected"] == []


async def test_a_transaction_after_its_window_is_free(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await start(chain)
    broadcast, balance = chain.ledger.broadcast, chain.ledger.accounts[ADDRESS].balance

    # On its way to the node, after the worker's own check.
    def broadcast_late(tx_bytes: bytes) -> Any:
        end_windows(chain)
        return broadcast(tx_bytes)

    monkeypatch.setattr(chain.ledger, "broadcast", broadcast_late)
    chain.open_window(69)
    await until(lambda: worker.topic().failures)
    assert set(worker.topic().failures) == {"window_closed"}
    assert chain.ledger.accounts[ADDRESS].balance == balance
    [rejected] = chain.state()["rejected"]  # type: ignore[misc]
    assert (rejected["stage"], rejected["code"]) == ("CheckTx", 30)


async def test_a_transaction_that_waits_past_its_window_is_free(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await start(chain)
    balance = chain.ledger.accounts[ADDRESS].balance
    mempool = chain.ledger._mempool
    take_all = mempool.take_all

    async def wait_in_vain(*_: Any, **__: Any) -> Any:
        await until(lambda: not mempool._waiting)
        raise TxTimeoutError

    def take_late(height: int) -> Any:
        is_early = any(height <= last_block_of(each.raw) for each in mempool._waiting)
        return [] if is_early else take_all(height)  # the blocks before are full

    monkeypatch.setattr(TxManager, "wait_for_tx", wait_in_vain)
    monkeypatch.setattr(mempool, "take_all", take_late)
    chain.open_window(69)
    await until(lambda: mempool._waiting)
    end_windows(chain)
    await until(lambda: not mempool._waiting)
    await until(lambda: worker.topic().failures)
    assert set(worker.topic().failures) == {"window_closed"}
    assert chain.ledger.accounts[ADDRESS].balance == balance
