from __future__ import annotations

import asyncio
import dataclasses
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from allora_worker.healthcheck import is_healthy

from devtools.fake_chain import FakeChain, Options
from tests.worker.model_server import ModelServer
from tests.worker.processes import Process, paths
from tests.worker.running import ADDRESS, Worker
from tests.worker.test_submissions import submissions
from tests.worker.timings import HASTY_WITH_CHAIN, QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Run = Callable[..., Awaitable[Process]]


async def test_wrong_settings_end_it_at_once_in_one_line(run: Run) -> None:
    process = await run(None, "-", module="allora_worker", ALLORA_NETWORK="devnet")
    assert await process.ended() == 78
    assert process.output == (
        "allora-worker: cannot start: ALLORA_NETWORK is 'devnet'; "
        "set it to one of testnet, mainnet, local\n"
    )


@pytest.mark.parametrize("words", ["abandon " * 12, "zebra " * 11 + "about", None])
async def test_a_wrong_mnemonic_ends_it_in_one_line(
    chain: FakeChain, run: Run, secrets: Path, words: str | None
) -> None:
    if words is None:
        (secrets / "mnemonic").unlink()
    else:
        (secrets / "mnemonic").write_text(words)
    process = await run(chain)
    assert await process.ended() == 78
    [line] = process.output.splitlines()
    assert line.startswith("allora-worker: cannot start: ")
    assert line.endswith(": allora wallet import")


async def test_a_second_process_with_the_wallet_ends(chain: FakeChain, run: Run) -> None:
    first = await run(chain)
    await first.wrote("starting")
    second = await run(chain)
    assert await second.ended() == 75
    [line] = second.output.splitlines()
    assert "another process" in line
    first.send(signal.SIGTERM)
    assert await first.ended() == 0
    third = await run(chain)
    await third.wrote("ready")


async def test_a_port_that_is_taken_ends_it(chain: FakeChain, run: Run) -> None:
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))  # noqa: S104
        listening.listen()
        port = listening.getsockname()[1]
        process = await run(chain, str(port))
        assert await process.ended() == 78
    assert f"port {port} cannot be listened on" in process.output.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_with_success(
    chain: FakeChain, run: Run, number: signal.Signals
) -> None:
    process = await run(chain)
    await process.wrote("ready")
    assert ADDRESS in process.output
    process.send(number)
    assert await process.ended() == 0
    assert process.events("stopping")


async def test_a_signal_before_it_has_begun_ends_it_at_once(chain: FakeChain, run: Run) -> None:
    await chain.behave(frozen=True)
    process = await run(chain)
    await process.wrote("starting")
    process.send(signal.SIGTERM)
    assert await process.ended() == 0
    assert not process.events("hung")


async def test_a_transaction_in_flight_gets_through(run: Run) -> None:
    options = Options(block_seconds=1, window_blocks=60)
    async with FakeChain(options, say=lambda _: None) as chain:
        process = await run(chain)
        await process.wrote("ready")
        nonce = chain.open_window(69)
        calls: Any = chain.state()["calls"]
        await until(lambda: chain.state()["calls"]["BroadcastTx"] > calls["BroadcastTx"])  # type: ignore[index]
        process.send(signal.SIGTERM)
        assert await process.ended() == 0
        assert [s["nonce"] for s in submissions(chain)] == [nonce]
        [submitted] = process.events("submitted")
        assert submitted["nonce"] == nonce


async def test_a_submission_that_hangs_does_not_hold_up_the_end(
    model: ModelServer, run: Run
) -> None:
    # The window lasts longer than the test waits.
    options = Options(block_seconds=0.1, window_blocks=10_000)
    async with FakeChain(options, say=lambda _: None) as chain:
        timings = dataclasses.replace(HASTY_WITH_CHAIN, stop_submission=1)
        process = await run(chain, timings=timings)
        await process.wrote("model_works")
        await process.wrote("ready")
        model.answers("not yet")
        chain.open_window(69)
        await process.wrote("model_failed", "not yet")
        await chain.behave(frozen=True)
        model.answers("1")
        await process.wrote("attempt_failed")
        process.send(signal.SIGTERM)
        assert await process.ended() == 0
        assert not process.events("hung")


async def test_what_hangs_for_good_is_ended_with_success_when_told_to_stop(
    chain: FakeChain, run: Run, tmp_path: Path
) -> None:
    timings = dataclasses.replace(QUICK, stop=1)
    process = await run(chain, "0", str(tmp_path / "hang"), timings=timings)
    await process.wrote("ready")
    (tmp_path / "hang").touch()
    await process.wrote("stands_still")
    process.send(signal.SIGTERM)
    assert await process.ended() == 0
    assert "still hangs" in process.output


async def test_an_event_loop_that_stands_still_ends_it(
    chain: FakeChain, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "hang").touch()
    timings = dataclasses.replace(QUICK, watchdog=2)
    process = await run(chain, "0", str(tmp_path / "hang"), timings=timings)
    assert await process.ended() == 70
    assert "stood still" in process.events("hung")[0]["message"]


async def test_a_network_that_refuses_it_everywhere_ends_it(chain: FakeChain, run: Run) -> None:
    await chain.behave(whitelisted=False)
    process = await run(chain, timings=dataclasses.replace(QUICK, refused_exit=1))
    assert await process.ended() == 69
    assert "whitelist" in process.events("gave_up")[0]["message"]


async def test_a_fault_of_the_program_ends_it_with_its_reason(
    chain: FakeChain, run: Run, tmp_path: Path
) -> None:
    sitecustomize = "import mnemonic\ndef check(*_): raise RuntimeError('a fault')\n"
    (tmp_path / "sitecustomize.py").write_text(sitecustomize + "mnemonic.Mnemonic.check = check\n")
    path = os.pathsep.join([str(tmp_path), *paths()])
    process = await run(chain, PYTHONPATH=path)
    assert await process.ended() == 70
    assert "a fault" in process.events("crashed")[0]["message"]


async def test_the_health_check_tells_a_healthy_worker_from_others(
    chain: FakeChain, start: Callable[..., Awaitable[Worker]], state: Path
) -> None:
    worker = await start(chain)
    assert await asyncio.to_thread(is_healthy, state)
    await chain.behave(refuse=True)
    await until(lambda: worker.topic().state == "chain_unavailable")
    assert not await asyncio.to_thread(is_healthy, state)
    await chain.behave(refuse=False)
    await worker.stop()
    assert not await asyncio.to_thread(is_healthy, state)
