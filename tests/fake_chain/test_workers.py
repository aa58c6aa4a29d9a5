"""Real workers of allora_sdk, in each role, register and submit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from allora_sdk import AlloraWalletConfig, AlloraWorker, RunContext
from allora_sdk.rpc_client.protos.emissions.v10 import GetLatestNetworkInferencesRequest
from allora_sdk.rpc_client.wallet import generate_mnemonic
from allora_sdk.worker.types import WorkerResult
from allora_sdk.worker.utils import get_block_time, make_reputer_function

from devtools.fake_chain import FakeChain
from tests.fake_chain.client import Client, network

pytestmark = pytest.mark.asyncio

LIMIT = 60
"""Seconds after which a test that hangs fails."""


def worker(
    make: Callable[..., Any], chain: FakeChain, callback: Callable[..., Any], **more: Any
) -> Any:
    wallet = more.pop("wallet", None) or AlloraWalletConfig(mnemonic=generate_mnemonic())
    return make(
        callback,
        wallet=wallet,
        network=network(chain),
        polling_interval=1,
        show_banner=False,
        **{"topic_id": 69, **more},
    )


async def run(worker: Any, on_result: Callable[[WorkerResult[Any]], bool]) -> None:
    """Runs a worker until a result is the last one, by its own account."""
    try:
        async with asyncio.timeout(LIMIT):
            async for result in worker.run():
                assert isinstance(result, WorkerResult), result
                if on_result(result):
                    worker.stop()
    finally:
        await worker.client.close()


async def subscribed(chain: FakeChain, count: int) -> None:
    async with asyncio.timeout(LIMIT):
        while chain.state()["calls"].get("subscribe", 0) < count:
            await chain.next_block()


async def test_an_inferer_finds_windows_by_polling_and_by_event(chain: FakeChain) -> None:
    nonces = [chain.open_window(69, announce="poll")]

    async def predict(context: RunContext) -> float:
        return context.nonce + 0.25

    def on_result(result: WorkerResult[Any]) -> bool:
        results.append(result)
        if len(results) == 1:
            nonces.append(chain.open_window(69, announce="event"))
        return len(results) == 2

    results: list[WorkerResult[Any]] = []
    inferer = worker(AlloraWorker.inferer, chain, predict)
    await run(inferer, on_result)

    state = chain.state()
    assert state["registered"] == {"69": [inferer.address], "77": []}
    assert [
        (each["role"], each["topic"], each["nonce"], each["address"], each["values"])
        for each in state["submissions"]
    ] == [
        ("inferer", 69, nonce, inferer.address, [{"label": "y", "value": f"{nonce}.25"}])
        for nonce in nonces
    ]
    assert [each["sequence"] for each in state["submissions"]] == [1, 2]
    assert all(each["bundle_signature_valid"] for each in state["submissions"])
    assert [result.tx_result.height for result in results] == [
        each["height"] for each in state["submissions"]
    ]
    assert state["rejected"] == []
    assert int(state["balance"]) < 10**21


async def test_a_forecaster_finds_inferers_to_forecast(chain: FakeChain) -> None:
    async def forecast(context: RunContext) -> dict[str, float]:
        response = await context.client.emissions.query.get_latest_network_inferences(
            GetLatestNetworkInferencesRequest(topic_id=context.topic_id)
        )
        inferers = [each.worker for each in response.network_inferences.inferer_values]
        return {address: 0.5 + number for number, address in enumerate(inferers)}

    nonce = chain.open_window(69)
    forecaster = worker(AlloraWorker.forecaster, chain, forecast)
    await run(forecaster, lambda _: True)

    (submission,) = chain.state()["submissions"]
    assert (submission["role"], submission["nonce"]) == ("forecaster", nonce)
    assert sorted(submission["forecasts"].values()) == ["0.5", "1.5"]
    assert all(address.startswith("allo1") for address in submission["forecasts"])
    assert submission["bundle_signature_valid"]


async def test_a_reputer_stakes_and_scores_what_was_submitted(chain: FakeChain) -> None:
    async def truth(context: RunContext) -> float:
        assert await get_block_time(context.client, context.nonce)
        return 64_999.0

    async with Client(chain) as inferer:
        await inferer.register()
        nonce = chain.open_window(69)
        assert (await inferer.deliver(inferer.inference(nonce, "65000"))).code == 0
    chain.close_windows(69)
    reputer = worker(
        AlloraWorker.reputer,
        chain,
        make_reputer_function(truth, lambda truth, value: abs(truth - value), log_loss=False),
        min_stake_uallo=10**18,
    )
    running = asyncio.create_task(run(reputer, lambda _: True))
    await subscribed(chain, 4)  # a reputer of allora_sdk knows of windows from events alone
    assert chain.open_window(69, "reputer") == nonce
    await running

    state = chain.state()
    submission = state["submissions"][-1]
    assert (submission["role"], submission["nonce"]) == ("reputer", nonce)
    assert submission["bundle_signature_valid"]
    losses = submission["losses"]
    assert [float(losses[name]) for name in ("combined", "naive")] == [1, 1]
    assert {float(loss) for loss in losses["inferers"].values()} == {1, 64, 66}
    assert float(losses["inferers"][inferer.address]) == 1
    assert reputer.address in state["registered"]["69"]
    assert 998 * 10**18 < int(state["balances"][reputer.address]) < 999 * 10**18
    assert state["rejected"] == []


async def test_one_wallet_works_on_several_topics(chain: FakeChain) -> None:
    wallet, lock = AlloraWalletConfig(mnemonic=generate_mnemonic()), asyncio.Lock()
    nonces = {topic: chain.open_window(topic) for topic in (69, 77)}
    workers = [
        worker(
            AlloraWorker.inferer,
            chain,
            lambda context: context.topic_id,
            topic_id=topic,
            wallet=wallet,
            lock=lock,
        )
        for topic in nonces
    ]
    await asyncio.gather(*(run(each, lambda _: True) for each in workers))
    state = chain.state()
    assert {each["topic"]: each["nonce"] for each in state["submissions"]} == nonces
    assert {each["topic"]: each["values"][0]["value"] for each in state["submissions"]} == {
        69: "69",
        77: "77",
    }
    assert sorted(each["sequence"] for each in state["submissions"]) == [2, 3]
    assert state["rejected"] == []
