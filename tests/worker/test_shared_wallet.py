"""Two processes with one wallet, as while a task that AWS has lost sight of still runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from devtools.fake_chain import FakeChain
from devtools.fake_chain.rejection import WRONG_SEQUENCE
from tests.worker.running import ADDRESS, Worker
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
WINDOWS = 4


def have_dealt_with(worker: Worker, nonce: int) -> bool:
    """Whether both workers have found the nonce's submission in the chain, or made it."""
    ends = [*worker.log.events("submitted"), *worker.log.events("already_submitted")]
    return [each["nonce"] for each in ends].count(nonce) == 2


async def test_no_window_is_lost_and_no_fee_and_the_operator_hears_of_it(
    chain: FakeChain, start: Start, tmp_path: Path
) -> None:
    second_state = tmp_path / "second"
    second_state.mkdir()
    first = await start(chain)
    second = await start(chain, STATE_DIR=str(second_state))  # whose log has the lines of both
    nonces = []
    for _ in range(WINDOWS):
        nonces.append(chain.open_window(69))
        await until(partial(have_dealt_with, second, nonces[-1]))
        chain.close_windows(69)
    state: Any = chain.state()
    assert [each["nonce"] for each in state["submissions"]] == nonces
    assert second.log.events("window_lost") == []
    refused = {(each["stage"], each["code"]) for each in state["rejected"]}
    assert refused <= {("CheckTx", WRONG_SEQUENCE)}  # which costs nothing
    found = [each["ForeignTransactions"] for each in second.log.metrics("ForeignTransactions")]
    assert len(found) >= WINDOWS
    assert max(found) > 1
    assert "another process" in second.log.events("wallet_shared")[0]["message"]
    told = [(await each.health())["foreign_transactions"] for each in (first, second)]
    assert max(each["last_24_hours"] for each in told) == max(found)


async def test_a_transfer_of_the_operator_s_costs_no_window(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    chain.ledger.accounts[ADDRESS].sequence += 1
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().submissions)
    [event] = worker.log.events("wallet_shared")
    assert (event["nonce"], event["in_a_day"]) == (nonce, 1)
    assert worker.log.events("attempt_failed") == []


async def test_alone_it_reports_nobody(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, ALLORA_WORKER_TOPIC_ID="69,77")
    for number in range(1, 3):
        for topic in (69, 77):
            chain.open_window(topic)
        await until(
            lambda number=number: (
                worker.topic(69).submissions == worker.topic(77).submissions == number
            )
        )
        for topic in (69, 77):
            chain.close_windows(topic)
    assert worker.log.events("wallet_shared") == []
    assert worker.log.metrics("ForeignTransactions") == []
