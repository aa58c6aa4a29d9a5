"""Reputers: which windows they submit in, and what they are scored for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from math import log10
from typing import Any

import pytest
import pytest_asyncio
from allora_worker.czar import czar_loss
from allora_worker.errors import FailureKind

from devtools.fake_chain import FakeChain, Options
from devtools.fake_chain.options import Timing
from tests.worker.model_server import ModelServer
from tests.worker.running import ADDRESS, Worker, end_windows, twin
from tests.worker.test_submissions import submissions
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
Make = Callable[..., Awaitable[FakeChain]]

EPOCH = 40
EPOCHS = 7
BLOCK = 6.0  # seconds


@pytest_asyncio.fixture
async def make() -> AsyncIterator[Make]:
    """Makes chains whose blocks only the test makes, with the epochs of a topic."""
    async with AsyncExitStack() as stack:

        async def make(lag: int, *, epoch: int = EPOCH, window: int = 10, **more: Any) -> FakeChain:
            timing = Timing(epoch=epoch, window=window, lag=lag)
            options = Options(block_seconds=3600, timings={69: timing}, **more)
            return await stack.enter_async_context(FakeChain(options, say=lambda _: None))

        yield make


async def started(chain: FakeChain, start: Start, **changes: str) -> Worker:
    """A reputer that is registered."""
    worker = await start(chain, ready=False, ALLORA_WORKER_ROLE="reputer", **changes)
    while not worker.topic().is_registered:
        chain.make_block(BLOCK)
        await asyncio.sleep(0.05)
    return worker


def open_nonces(chain: FakeChain) -> list[int]:
    return [each.nonce for each in chain.ledger.windows.shown_as_open(69, "reputer")]


def judged(chain: FakeChain) -> dict[int, bool]:
    """The nonces that reputers are done with, and whether the network took the worker's losses."""
    epochs = chain.ledger.competition.epochs(69)
    return {each.nonce: ADDRESS in each.bundles for each in epochs if each.losses is not None}


def broadcasts(chain: FakeChain) -> int:
    calls: Any = chain.state()["calls"]
    return int(calls.get("BroadcastTx", 0))


async def send_for(chain: FakeChain, nonce: int) -> None:
    """Makes blocks until a nonce is the oldest open one, and one for the transaction about it."""
    while open_nonces(chain)[:1] != [nonce]:
        chain.make_block(BLOCK)
    before = broadcasts(chain)
    await until(lambda: broadcasts(chain) > before)
    chain.make_block(BLOCK)


async def play(chain: FakeChain, epochs: int) -> None:
    """Makes blocks until so many nonces are judged, but none while the reputer has to act."""
    while len(judged(chain)) < epochs:
        sent = {each["nonce"] for each in submissions(chain)}
        if any(nonce not in sent for nonce in open_nonces(chain)[:1]):
            before = broadcasts(chain)
            await until(lambda before=before: broadcasts(chain) > before)
        chain.make_block(BLOCK)


@pytest.mark.parametrize("lag", [30, 40, 70])
async def test_a_reputer_is_scored_for_each_nonce_however_windows_overlap(
    make: Make, start: Start, lag: int
) -> None:
    chain = await make(lag)
    worker = await started(chain, start)
    await play(chain, EPOCHS)
    assert list(judged(chain).values()) == [True] * EPOCHS
    assert chain.state()["rejected"] == []
    assert not worker.topic().failures


async def test_a_reputer_goes_by_the_network_where_durations_are_seconds(
    make: Make, start: Start
) -> None:
    """By the topic, the windows would open 300 blocks after the nonces, and not 50."""
    chain = await make(300, epoch=240, window=60, durations="seconds")
    worker = await started(chain, start)
    await play(chain, 3)
    assert list(judged(chain).values()) == [True] * 3
    assert chain.state()["rejected"] == []
    assert not worker.topic().failures


async def test_losses_for_another_nonce_are_no_success(make: Make, start: Start) -> None:
    chain = await make(30)
    own = twin(chain)
    own.join(reputer=True)
    while open_nonces(chain) != [1001, 1041]:
        chain.make_block(BLOCK)
    assert own.code(own.loss(1041)) == 0
    worker = await started(chain, start)
    await until(lambda: worker.topic().failures[FailureKind.REJECTED])
    [lost] = worker.log.events("window_lost")
    assert "nonce 1041, and takes none for an earlier one" in lost["message"]
    assert (lost["nonce"], worker.log.events("already_submitted")) == (1001, [])
    # The network has thrown the losses for 1041 away with 1001, and takes no others.
    await send_for(chain, 1041)
    await until(lambda: worker.log.events("already_submitted"))
    assert worker.topic().submissions == 0
    await send_for(chain, 1081)
    await until(lambda: worker.topic().submissions)
    assert [each["nonce"] for each in submissions(chain)] == [1041, 1081]


async def test_a_new_process_counts_from_a_submission_long_after_its_nonce(
    make: Make, model: ModelServer, start: Start
) -> None:
    lag = 50 * EPOCH
    chain = await make(lag)
    own = twin(chain)
    own.join(reputer=True)
    while not open_nonces(chain):
        chain.make_block(BLOCK)
    [nonce] = open_nonces(chain)
    assert own.code(own.loss(nonce)) == 0
    while open_nonces(chain)[:1] == [nonce]:
        chain.make_block(BLOCK)
    model.answers("soon")
    worker = await start(chain, ready=False, ALLORA_WORKER_ROLE="reputer")
    await until(lambda: worker.topic().verdict.standing)
    # The worker takes a block for a tenth of a second, and has been there for a moment.
    assert EPOCH / 10 <= worker.topic().seconds_since_success < lag / 10


async def test_returns_are_measured_in_standard_deviations(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await chain.behave(topics={69: {"loss_method": "czar"}})
    worker = await start(chain, ALLORA_WORKER_ROLE="reputer")
    model.answers("110")
    chain.open_window(69)
    end_windows(chain)
    chain.open_window(69, role="reputer")
    await until(lambda: "in standard deviations of the" in (worker.topic().window_problem or ""))
    assert submissions(chain) == chain.state()["rejected"] == []
    model.answers('{"value": 110, "std": 20}')
    [submission] = await until(lambda: submissions(chain))
    loss = float(submission["losses"]["combined"])
    assert loss == pytest.approx(log10(czar_loss(110, 100, 20)), rel=1e-12)
    [submitted] = await until(lambda: worker.log.events("submitted"))
    assert submitted["value"] == "110"


async def test_a_reputer_that_cannot_measure_a_loss_does_not_register(
    chain: FakeChain, start: Start
) -> None:
    labels = ["down", "flat", "up"]
    topics = {69: {"loss_method": "focal"}, 77: {"loss_method": "focal", "labels": labels}}
    await chain.behave(topics=topics)
    worker = await start(
        chain, ready=False, ALLORA_WORKER_ROLE="reputer", ALLORA_WORKER_TOPIC_ID="69,77"
    )
    await until(lambda: worker.topic(69).refusal and worker.topic(77).refusal)
    assert "topic 69 measures losses with 'focal', which is not published" in worker.topic().refusal
    assert "'focal' over several labels, which is not published" in worker.topic(77).refusal
    assert broadcasts(chain) == 0
