"""The worker on the next version of the Allora SDK: registers, submits, fails and goes on."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from allora_worker.contract import Role
from cosmpy.protos.cosmos.tx.v1beta1.tx_pb2 import TxBody, TxRaw

from devtools.fake_chain import FakeChain
from tests.worker.endpoints import another_door, url_of
from tests.worker.model_server import ModelServer
from tests.worker.processes import ROOT, Process, paths
from tests.worker.running import end_windows
from tests.worker.test_submissions import submissions, values
from tests.worker.timings import HASTY_WITH_CHAIN, QUICK
from tests.worker.waiting import until

SDK = ROOT / ".tools" / "next-sdk"
pytestmark = pytest.mark.asyncio

Run = Callable[..., Awaitable[Process]]
PATHS = os.pathsep.join([str(SDK), *paths()])


def next_sdk() -> str:
    assert SDK.exists(), "the next SDK is not installed: scripts/setup/setup.sh dev images"
    [metadata] = SDK.glob("allora_sdk-*.dist-info")
    return metadata.name.removeprefix("allora_sdk-").removesuffix(".dist-info")


async def test_it_is_locked_for_the_image_too() -> None:
    assert (ROOT / "containers" / "worker" / "locks" / f"{next_sdk()}.txt").is_file()


async def test_an_inferer_submits_and_goes_to_another_endpoint(
    chain: FakeChain, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    broadcast, last_blocks = chain.ledger.broadcast, []

    def record(tx_bytes: bytes) -> Any:
        last_blocks.append(TxBody.FromString(TxRaw.FromString(tx_bytes).body_bytes).timeout_height)
        return broadcast(tx_bytes)

    monkeypatch.setattr(chain.ledger, "broadcast", record)
    async with another_door(chain) as second:
        urls = f"{chain.grpc_url},{url_of(second)}"
        process = await run(chain, timings=HASTY_WITH_CHAIN, PYTHONPATH=PATHS, ALLORA_GRPC_URL=urls)
        await process.wrote("ready")
        [starting] = process.events("starting")
        assert starting["sdk"] == next_sdk()
        first = chain.open_window(69)
        await process.wrote("submitted", str(first))
        assert last_blocks[-1] == first + chain.options.window_blocks - 1
        await chain.behave(frozen=True)
        await process.wrote("endpoint_changed")
        other = chain.open_window(69)
        await process.wrote("submitted", str(other))
        assert values(chain) == [(69, first, "100.5"), (69, other, "100.5")]
        assert process.events("internal_error") == []


async def test_what_the_chain_rejects_is_told_and_the_next_window_met(
    chain: FakeChain, run: Run
) -> None:
    process = await run(chain, PYTHONPATH=PATHS)
    await process.wrote("ready")
    await chain.behave(checktx=[1, "emissions", "no such thing"])
    chain.open_window(69)
    await process.wrote("attempt_failed", "emissions code 1")
    await chain.behave(checktx=None, unimplemented=True)
    await process.wrote("refused", "set ALLORA_SDK_VERSION")
    await chain.behave(unimplemented=False)
    nonce = chain.open_window(69)
    await until(lambda: (69, nonce, "100.5") in values(chain))
    assert process.events("internal_error") == []


async def test_a_reputer_submits_its_losses(chain: FakeChain, model: ModelServer, run: Run) -> None:
    process = await run(
        chain, timings=QUICK, PYTHONPATH=PATHS, ALLORA_WORKER_ROLE=Role.REPUTER.value
    )
    await process.wrote("ready")
    model.answers("110")
    nonce = chain.open_window(69)
    end_windows(chain)
    chain.open_window(69, role="reputer")
    [submission] = await until(lambda: submissions(chain))
    assert (submission["role"], submission["nonce"]) == ("reputer", nonce)
