"""A node that lies, floods and babbles: the window after the lie is met, and little is paid."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import time
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import hpack
import pytest
from allora_worker.timings import Timings

from devtools.fake_chain import FakeChain, Options
from tests.worker.processes import resident
from tests.worker.running import Worker, end_windows, subscriptions
from tests.worker.test_submissions import submissions, values
from tests.worker.timings import QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
KIND = "emissions.v10.EventWorkerSubmissionWindowOpened"
PATIENT = dataclasses.replace(QUICK, refused_exit=3600)
QUIET = dataclasses.replace(PATIENT, gauges=3600)
"""Without the lines of metrics, whose number is the time that a test takes."""


def frame(value: dict[str, Any]) -> str:
    return json.dumps({"jsonrpc": "2.0", "id": "x", "result": {"data": {"value": value}}})


def block(height: object) -> str:
    return frame({"height": str(height), "events": []})


def opening(nonce: int, topic: int = 69) -> str:
    attributes = {
        "topic_id": f'"{topic}"',
        "nonce_block_height": f'"{nonce}"',
        "window_end_block": f'"{nonce + 2**62}"',
    }
    pairs = [{"key": key, "value": value} for key, value in attributes.items()]
    return frame({"height": "1", "events": [{"type": KIND, "attributes": pairs}]})


def calls(chain: FakeChain, method: str) -> int:
    counted: Any = chain.state()["calls"]
    return int(counted.get(method, 0))


def paid_in_vain(chain: FakeChain) -> int:
    rejected: Any = chain.state()["rejected"]
    return len([each for each in rejected if each["stage"] == "block"])


async def meets_the_next_window(chain: FakeChain) -> None:
    nonce = chain.open_window(69)
    await until(lambda: (69, nonce, "100.5") in values(chain))


# --- heights that are not


@pytest.mark.parametrize("wrong", [5_000_000, 1, 1400])
async def test_a_false_height_costs_nothing_after_the_next_poll(
    chain: FakeChain, start: Start, wrong: int
) -> None:
    await start(chain)
    await meets_the_next_window(chain)
    chain.close_windows(69)
    await chain.behave(latest_height=wrong)
    polls = calls(chain, "GetLatestBlock")
    await until(lambda: calls(chain, "GetLatestBlock") > polls + 1)
    await chain.behave(latest_height=None)
    polls = calls(chain, "GetLatestBlock")
    await until(lambda: calls(chain, "GetLatestBlock") > polls + 1)
    await meets_the_next_window(chain)
    assert chain.state()["rejected"] == []


async def test_a_height_that_is_false_at_times_costs_no_window(
    chain: FakeChain, start: Start
) -> None:
    await start(chain)

    async def lie() -> None:
        for wrong in [5_000_000, None, 1, None] * 100:
            await chain.behave(latest_height=wrong)
            await asyncio.sleep(0.15)

    lying = asyncio.create_task(lie())
    for _ in range(3):
        await meets_the_next_window(chain)
        chain.close_windows(69)
    lying.cancel()
    assert chain.state()["rejected"] == []


@pytest.mark.parametrize(
    "height",
    [5_000_000, -1, 2**70, "9" * 4000, "Infinity"],
    ids=["far", "negative", "huge", "endless", "infinite"],
)
async def test_a_false_height_on_the_websocket_costs_nothing(
    chain: FakeChain, start: Start, height: object
) -> None:
    worker = await start(chain)
    chain.tell(block(height))
    chain.tell(block(height))
    await meets_the_next_window(chain)
    chain.close_windows(69)
    chain.tell(block(height))
    await meets_the_next_window(chain)
    assert chain.state()["rejected"] == []
    assert worker.log.events("internal_error") == []


@pytest.mark.parametrize("height", [0, -5])
async def test_a_height_that_cannot_be_is_a_failure_of_the_endpoint(
    chain: FakeChain, start: Start, height: int
) -> None:
    worker = await start(chain)
    await chain.behave(latest_height=height)
    await until(lambda: "nonsense" in (worker.topic().reason or ""))
    assert worker.topic().state == "chain_unavailable"
    await chain.behave(latest_height=None)
    await meets_the_next_window(chain)
    assert worker.log.events("internal_error") == []


# --- windows that are not


async def test_invented_openings_on_the_websocket_cost_nothing(
    chain: FakeChain, start: Start
) -> None:
    timings = dataclasses.replace(QUICK, poll_min=1.0, poll_max=1.0, hint_pause=0.5)
    worker = await start(chain, timings=timings)
    await meets_the_next_window(chain)
    before, polls = resident(os.getpid()), calls(chain, "GetLatestBlock")
    started = time.monotonic()
    for number in range(3000):
        chain.tell(opening(number + 1))
    chain.tell(opening(2**80))
    chain.tell(opening(-1))
    chain.tell(opening(1, topic=70))
    for _ in range(4):
        chain.close_windows(69)
        await meets_the_next_window(chain)
    assert chain.state()["rejected"] == []
    assert resident(os.getpid()) - before < 32
    # One a second, and one or two for each window.
    assert calls(chain, "GetLatestBlock") - polls < 20 + (time.monotonic() - started)
    assert not worker.topic().failures


@pytest.mark.parametrize("nonces", [1, 500])
async def test_invented_nonces_cost_a_number_of_fees(
    chain: FakeChain, start: Start, nonces: int
) -> None:
    pause = 3.0
    pauses = {"payment_pause_min": pause, "payment_pause_max": pause}
    worker = await start(chain, timings=dataclasses.replace(QUICK, **pauses))
    started = time.monotonic()
    await chain.behave(invented_nonces=nonces)
    # The third holds payments back, and so does each one after it.
    await until(lambda: len(worker.log.events("payments_held")) == 2)
    await asyncio.sleep(1)
    assert 4 <= paid_in_vain(chain) <= 3 + (time.monotonic() - started) / pause
    assert worker.topic().open_windows <= 3
    await chain.behave(invented_nonces=0)
    await meets_the_next_window(chain)
    held = worker.log.events("payments_held")
    assert paid_in_vain(chain) == 2 + len(held)


async def test_thousands_of_nonces_are_a_failure_of_the_endpoint(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain)
    await chain.behave(invented_nonces=5000)
    await until(lambda: worker.topic().state == "chain_unavailable")
    await chain.behave(invented_nonces=0)
    await meets_the_next_window(chain)
    assert chain.state()["rejected"] == []


async def test_a_topic_that_cannot_be_is_a_failure_of_the_endpoint(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    timings = dataclasses.replace(PATIENT, prepare_again=0.3)
    worker = await start(chain, timings=timings)
    for blocks in (0, -1, 2**62):
        absurd = SimpleNamespace(epoch=blocks, window=blocks, lag=blocks)
        with monkeypatch.context() as patch:
            patch.setattr(Options, "timing", lambda _, __, absurd=absurd: absurd)
            await until(lambda: worker.topic().state == "chain_unavailable")
        await until(lambda: worker.topic().is_fine)
    await meets_the_next_window(chain)
    assert worker.log.events("internal_error") == []


# --- a chain that begins anew


async def test_a_reset_of_the_chain_is_followed(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, timings=PATIENT)
    await meets_the_next_window(chain)
    chain.close_windows(69)
    end_windows(chain)
    polls = calls(chain, "GetLatestBlock")
    await until(lambda: calls(chain, "GetLatestBlock") > polls + 1)
    chain.reset()
    await until(lambda: chain.state()["registered"] != {"69": [], "77": []})
    await meets_the_next_window(chain)
    assert len(worker.log.events("chain_reset")) == 1
    assert not worker.task.done()


async def test_a_window_after_a_reset_is_met_when_its_nonce_was_met_before(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=PATIENT)
    for _ in range(1000):
        chain.ledger.make_block()
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().submissions)
    chain.reset()
    await until(lambda: worker.log.events("chain_reset"))
    await until(lambda: chain.state()["registered"] != {"69": [], "77": []})
    while chain.ledger.height < nonce - 1:
        chain.ledger.make_block()
    assert chain.open_window(69) == nonce
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


# --- a socket that babbles


def written(worker: Worker) -> int:
    return len(worker.log.getvalue())


@pytest.mark.parametrize(
    "garbage",
    [
        json.dumps({"error": {"message": "\x1b[2J\u202e\x85" * 14_000}}),
        json.dumps({"error": "no" * 50_000}),
        b"\x00" * 100_000,
        "[" * 100_000,
        '{"result": ' * 20_000,
        "x" * 100_000,
        block("1" * 4000),
        '{"result": {"data": {"value": {"height": 1e400}}}}',
    ],
    ids=["error", "text", "binary", "nested", "objects", "string", "height", "infinite"],
)
async def test_garbage_is_one_line_of_log(
    chain: FakeChain, start: Start, garbage: str | bytes
) -> None:
    worker = await start(chain, timings=QUIET)
    before, bytes_before = resident(os.getpid()), written(worker)
    chain.tell(garbage, times=100)
    await asyncio.sleep(0.3)
    await meets_the_next_window(chain)
    lines = worker.log.events("websocket_frame") + worker.log.events("websocket_refused")
    assert len(lines) <= 1
    assert written(worker) - bytes_before < 20_000
    assert resident(os.getpid()) - before < 32
    text = worker.log.getvalue()
    assert text.isascii()
    assert "\x1b" not in text
    assert worker.log.events("internal_error") == []


async def test_a_flood_is_shut_off_and_the_windows_met(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    subscribed = subscriptions(chain)
    for _ in range(12):
        chain.tell(json.dumps({"error": "x" * 100_000}), times=100)
        await asyncio.sleep(0.05)
    await until(lambda: worker.log.events("websocket_failed"))
    assert "more than a chain" in worker.log.events("websocket_failed")[0]["message"]
    await meets_the_next_window(chain)
    await until(lambda: subscriptions(chain) > subscribed)


async def test_a_socket_that_only_babbles_is_silent(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, timings=dataclasses.replace(QUICK, events_silence=1.0))
    await chain.behave(deaf=True)

    async def babble() -> None:
        while True:
            chain.tell('{"result": {}}')
            await asyncio.sleep(0.2)

    babbling = asyncio.create_task(babble())
    await until(lambda: worker.log.events("websocket_failed"))
    babbling.cancel()


# --- answers that make no sense


@pytest.mark.parametrize("length", [10_000, 1_000_000])
async def test_an_error_of_a_megabyte_is_a_short_one(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    encode = hpack.Encoder.encode
    # The node compresses headers, and takes minutes for so long ones.
    monkeypatch.setattr(
        hpack.Encoder, "encode", lambda self, headers: encode(self, headers, huffman=False)
    )
    worker = await start(chain, timings=QUIET)
    before = written(worker)
    await chain.behave(error_text="e\u202e" * (length // 2))
    await until(lambda: worker.topic().state == "chain_unavailable")
    await asyncio.sleep(0.5)
    health = await worker.health()
    assert len(json.dumps(health)) < 4000
    assert written(worker) - before < 20_000
    await chain.behave(error_text=None)
    await meets_the_next_window(chain)


@pytest.mark.parametrize("padding", [300_000, 20_000_000])
async def test_an_answer_that_is_too_large_is_not_taken(
    chain: FakeChain, start: Start, padding: int
) -> None:
    worker = await start(chain, timings=dataclasses.replace(PATIENT, prepare_again=0.3))
    before = resident(os.getpid())
    await chain.behave(padding=padding)
    await until(lambda: worker.topic().state == "chain_unavailable")
    await chain.behave(padding=0)
    await meets_the_next_window(chain)
    # The node is in the same process, and has it twice.
    assert resident(os.getpid()) - before < 64 + 4 * padding / 2**20
    assert worker.log.events("internal_error") == []


@pytest.mark.parametrize(
    "amount",
    ["abc", "-1", "1" + "0" * 400, "9" * 5000, "", "1.5"],
    ids=["word", "negative", "huge", "endless", "empty", "fraction"],
)
async def test_a_balance_that_is_none_is_a_failure_of_the_endpoint(
    chain: FakeChain, start: Start, amount: str
) -> None:
    timings: Timings = dataclasses.replace(PATIENT, prepare_again=0.3)
    worker = await start(chain, timings=timings)
    await chain.behave(balance_text=amount)
    await until(lambda: "nonsense" in (worker.topic().reason or ""))
    assert worker.topic().state == "chain_unavailable"
    await chain.behave(balance_text=None)
    await meets_the_next_window(chain)
    assert worker.log.events("internal_error") == []
    assert len(submissions(chain)) == 1
