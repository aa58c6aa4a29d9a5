"""What the network tells of those who take part: who counted, how well they did, what they earned.

A topic whose truth is 100, and in which others predict 99 and 102.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from allora_sdk.rpc_client.protos.emissions import v3, v10
from grpclib.const import Status
from grpclib.exceptions import GRPCError
from websockets.asyncio.client import connect

from devtools.fake_chain import FakeChain
from devtools.fake_chain.competitors import Competitor
from tests.fake_chain.client import Client

pytestmark = pytest.mark.asyncio

NEAR = Competitor(name="near", error=Decimal("-0.01"))
FAR = Competitor(name="far", error=Decimal("0.02"))
REPUTER = Competitor(name="exact", kind="reputer")
REWARD = 9 * 10**18


@pytest_asyncio.fixture
async def rival(paused: FakeChain, client: Client) -> AsyncIterator[Client]:
    """A registered wallet with competitors."""
    others = [each.model_dump() for each in (NEAR, FAR, REPUTER)]
    await paused.behave(topics={69: {"truth": "100", "competitors": others, "reward": REWARD}})
    await client.register()
    yield client


async def epoch(chain: FakeChain, client: Client, value: str) -> int:
    """Submits, and lets the epoch end."""
    nonce = chain.open_window(69)
    assert (await client.deliver(client.inference(nonce, value))).code == 0
    assert chain.settle(69) == [nonce]
    return nonce


async def test_who_counts(paused: FakeChain, rival: Client) -> None:
    nonce = paused.open_window(69)
    request = v10.GetInferencesAtBlockRequest(topic_id=69, block_height=nonce)

    async def inferers() -> dict[str, list[str]]:
        answer = await rival.emissions.get_inferences_at_block(request)
        return {each.inferer: each.values for each in answer.inferences.inferences}

    assert (await rival.deliver(rival.inference(nonce, "101"))).code == 0
    assert await inferers() == {}  # known only when the window has closed
    paused.close_windows(69)
    assert await inferers() == {NEAR.address: ["99"], FAR.address: ["102"], rival.address: ["101"]}
    count = await rival.emissions.get_count_inferer_inclusions_in_topic(
        v10.GetCountInfererInclusionsInTopicRequest(topic_id=69, inferer=rival.address)
    )
    assert count.count == 1


async def test_scores_are_what_the_network_would_lose(paused: FakeChain, rival: Client) -> None:
    nonce = await epoch(paused, rival, "100.5")
    answer = await rival.emissions.get_worker_inference_scores_at_block(
        v10.GetWorkerInferenceScoresAtBlockRequest(topic_id=69, block_height=nonce)
    )
    scores = {each.address: Decimal(each.score) for each in answer.scores.scores}
    # The network says 100.5, and so 0.25 is its loss; without one of the three it loses:
    without = {NEAR.address: "1.5625", FAR.address: "0.0625", rival.address: "0.25"}
    assert scores == {
        address: pytest.approx((Decimal(loss) / Decimal("0.25")).log10(), abs=Decimal("1e-15"))
        for address, loss in without.items()
    }
    average = await rival.emissions.get_inferer_score_ema(
        v10.GetInfererScoreEmaRequest(topic_id=69, inferer=FAR.address)
    )
    assert average.score.block_height == nonce
    # From 0, where everybody begins, one step of a tenth.
    assert float(average.score.score) == pytest.approx(float(scores[FAR.address]) / 10)


async def test_losses_are_logarithms(paused: FakeChain, rival: Client) -> None:
    request = v10.GetNetworkLossBundleAtBlockRequest(topic_id=69, block_height=1001)
    assert (await rival.emissions.get_network_loss_bundle_at_block(request)).loss_bundle == (
        v3.ValueBundle(
            topic_id=69,
            combined_value="0",
            naive_value="0",
            reputer_request_nonce=v3.ReputerRequestNonce(reputer_nonce=v3.Nonce()),
        )
    )
    request.block_height = await epoch(paused, rival, "110")
    losses = (await rival.emissions.get_network_loss_bundle_at_block(request)).loss_bundle
    assert {each.worker: float(each.value) for each in losses.inferer_values} == {
        NEAR.address: 0,
        FAR.address: pytest.approx(0.60206),
        rival.address: 2,
    }
    assert losses.combined_value == losses.naive_value


async def test_rewards_are_told_and_paid(paused: FakeChain, rival: Client) -> None:
    query = "tm.event='NewBlockEvents' AND emissions.v10.EventRewardsSettled.topic_id = '\"69\"'"
    async with connect(paused.websocket_url) as websocket:
        call = {"jsonrpc": "2.0", "id": "1", "method": "subscribe", "params": {"query": query}}
        await websocket.send(json.dumps(call))
        await websocket.recv()
        before = paused.ledger.accounts[rival.address].balance
        nonce = await epoch(paused, rival, "100.1")
        value = json.loads(await websocket.recv())["result"]["data"]["value"]
    settled = [
        {each["key"]: json.loads(each["value"]) for each in event["attributes"]}
        for event in value["events"]
        if event["type"] == "emissions.v10.EventRewardsSettled"
    ]
    assert [each["actor_type"] for each in settled] == [
        "ACTOR_TYPE_INFERER_UNSPECIFIED",
        "ACTOR_TYPE_REPUTER",
    ]
    inferers = settled[0]
    assert (inferers["topic_id"], inferers["block_height"]) == ("69", str(nonce))
    assert inferers["block_height_tx"] == value["height"]
    rewards = dict(zip(inferers["addresses"], map(Decimal, inferers["rewards"]), strict=True))
    assert sum(rewards.values()) == pytest.approx(Decimal(REWARD) * 2 / 3)
    own = rewards[rival.address]
    assert paused.ledger.accounts[rival.address].balance == before - 300_000 + int(own)
    fraction = await rival.emissions.get_previous_inference_reward_fraction(
        v10.GetPreviousInferenceRewardFractionRequest(topic_id=69, worker=rival.address)
    )
    assert not fraction.not_found
    assert Decimal(fraction.reward_fraction) * REWARD * 2 / 3 == pytest.approx(own)


async def test_whoever_loses_less_weighs_more(paused: FakeChain, rival: Client) -> None:
    await epoch(paused, rival, "110")

    async def weight(address: str) -> float:
        request = v10.GetLatestInfererWeightRequest(topic_id=69, actor_id=address)
        return float((await rival.emissions.get_latest_inferer_weight(request)).weight)

    async def regret(address: str) -> float:
        request = v10.GetInfererNetworkRegretRequest(topic_id=69, actor_id=address)
        return float((await rival.emissions.get_inferer_network_regret(request)).regret.value)

    addresses = (NEAR.address, FAR.address, rival.address)
    weights = [await weight(each) for each in addresses]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1)
    regrets = [await regret(each) for each in addresses]
    assert regrets == sorted(regrets, reverse=True)
    assert await weight("allo1stranger") == await regret("allo1stranger") == 0


async def test_the_lowest_score_of_those_who_count(paused: FakeChain, rival: Client) -> None:
    request = v10.GetCurrentLowestInfererScoreRequest(topic_id=69)
    with pytest.raises(GRPCError) as caught:
        await rival.emissions.get_current_lowest_inferer_score(request)
    assert caught.value.status is Status.UNKNOWN
    await epoch(paused, rival, "100")
    paused.open_window(69)
    lowest = (await rival.emissions.get_current_lowest_inferer_score(request)).score
    assert lowest.address == FAR.address


@pytest.mark.parametrize(
    ("method", "request_type"),
    [
        ("get_forecasts_at_block", v10.GetForecastsAtBlockRequest),
        ("get_forecaster_score_ema", v10.GetForecasterScoreEmaRequest),
        ("get_reputer_score_ema", v10.GetReputerScoreEmaRequest),
        ("get_current_lowest_forecaster_score", v10.GetCurrentLowestForecasterScoreRequest),
        ("get_current_lowest_reputer_score", v10.GetCurrentLowestReputerScoreRequest),
        ("get_worker_forecast_scores_at_block", v10.GetWorkerForecastScoresAtBlockRequest),
        ("get_reputers_scores_at_block", v10.GetReputersScoresAtBlockRequest),
        ("get_previous_forecast_reward_fraction", v10.GetPreviousForecastRewardFractionRequest),
        ("get_previous_reputer_reward_fraction", v10.GetPreviousReputerRewardFractionRequest),
        ("get_reputer_loss_bundles_at_block", v10.GetReputerLossBundlesAtBlockRequest),
        ("get_forecaster_network_regret", v10.GetForecasterNetworkRegretRequest),
        ("get_latest_forecaster_weight", v10.GetLatestForecasterWeightRequest),
        (
            "get_count_forecaster_inclusions_in_topic",
            v10.GetCountForecasterInclusionsInTopicRequest,
        ),
        ("get_open_reputer_submission_windows", v10.GetOpenReputerSubmissionWindowsRequest),
    ],
)
async def test_no_topic_no_answer(client: Client, method: str, request_type: Any) -> None:
    with pytest.raises(GRPCError) as caught:
        await getattr(client.emissions, method)(request_type(topic_id=70))
    assert caught.value.status is Status.NOT_FOUND


async def test_how_reputers_and_forecasters_did(paused: FakeChain, rival: Client) -> None:
    forecaster = Competitor(name="seer", kind="forecaster")
    others = [each.model_dump() for each in (NEAR, FAR, REPUTER, forecaster)]
    await paused.behave(topics={69: {"truth": "100", "competitors": others}})
    nonce = await epoch(paused, rival, "104")
    query = rival.emissions
    asked = {"topic_id": 69, "block_height": nonce}
    forecasts = await query.get_forecasts_at_block(v10.GetForecastsAtBlockRequest(**asked))
    (forecast,) = forecasts.forecasts.forecasts
    assert forecast.forecaster == forecaster.address
    expected = {each.inferer: float(each.value) for each in forecast.forecast_elements}
    assert min(expected, key=lambda each: expected[each]) == NEAR.address
    scores = await query.get_reputers_scores_at_block(v10.GetReputersScoresAtBlockRequest(**asked))
    assert [(each.address, each.score) for each in scores.scores.scores] == [
        (REPUTER.address, "100")  # as near to the consensus as one can be
    ]
    bundles = await query.get_reputer_loss_bundles_at_block(
        v10.GetReputerLossBundlesAtBlockRequest(**asked)
    )
    assert [each.reputer for each in bundles.loss_bundles] == [REPUTER.address]
    loss = await query.get_network_loss_bundle_at_block(
        v10.GetNetworkLossBundleAtBlockRequest(**asked)
    )
    # The forecaster knows who is best, and so the network is better with it.
    assert float(loss.loss_bundle.combined_value) < float(loss.loss_bundle.naive_value)
