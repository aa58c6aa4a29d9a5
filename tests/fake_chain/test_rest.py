"""The REST interface, as the SDK's own REST clients read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import pytest
import pytest_asyncio
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import QueryBalanceRequest
from allora_sdk.rpc_client.protos.emissions.v10 import (
    GetInfererScoreEmaRequest,
    GetReputerScoreEmaRequest,
    GetTopicRequest,
    GetWorkerLatestInputInferenceByTopicIdRequest,
    IsTopicActiveRequest,
    TopicExistsRequest,
)
from allora_sdk.rpc_client.rest.cosmos_bank_v1beta1_rest_client import (
    CosmosBankV1Beta1RestQueryClient,
)
from allora_sdk.rpc_client.rest.emissions_v10_rest_client import EmissionsV10RestQueryServiceClient

from devtools.fake_chain import FakeChain
from tests.fake_chain.client import Client

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def emissions(paused: FakeChain) -> AsyncIterator[EmissionsV10RestQueryServiceClient]:
    client = EmissionsV10RestQueryServiceClient(paused.rest_url)
    async with client.session:
        yield client


@pytest_asyncio.fixture
async def bank(paused: FakeChain) -> AsyncIterator[CosmosBankV1Beta1RestQueryClient]:
    client = CosmosBankV1Beta1RestQueryClient(paused.rest_url)
    async with client.session:
        yield client


@contextmanager
def refused(status: int) -> Iterator[None]:
    with pytest.raises(Exception, match=str(status)):
        yield


async def test_balance(paused: FakeChain, bank: CosmosBankV1Beta1RestQueryClient) -> None:
    request = QueryBalanceRequest(address="allo1somebody", denom="uallo")
    assert (await bank.balance(request)).balance.amount == str(10**21)
    await paused.behave(balance=7)
    assert (await bank.balance(request)).balance.amount == "7"


async def test_topics(emissions: EmissionsV10RestQueryServiceClient) -> None:
    assert (await emissions.topic_exists(TopicExistsRequest(topic_id=69))).exists
    assert not (await emissions.topic_exists(TopicExistsRequest(topic_id=70))).exists
    with refused(404):
        await emissions.get_topic(GetTopicRequest(topic_id=70))


async def test_a_topics_kind_has_its_whole_name(paused: FakeChain) -> None:
    """With which the SDK's REST client cannot do anything."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{paused.rest_url}/emissions/v10/topics/69") as response,
    ):
        topic = (await response.json())["topic"]
    assert (topic["id"], topic["metadata"]) == ("69", "Topic 69 of a fake chain")
    assert topic["output_arity"] == "TOPIC_OUTPUT_ARITY_SINGLE"


async def test_inactive(paused: FakeChain, emissions: EmissionsV10RestQueryServiceClient) -> None:
    request = IsTopicActiveRequest(topic_id=69)
    assert (await emissions.is_topic_active(request)).is_active
    await paused.behave(inactive=True)
    assert not (await emissions.is_topic_active(request)).is_active


async def test_the_newest_inference_and_block(
    paused: FakeChain, client: Client, emissions: EmissionsV10RestQueryServiceClient
) -> None:
    request = GetWorkerLatestInputInferenceByTopicIdRequest(
        topic_id=69, worker_address=client.address
    )
    with refused(404):
        await emissions.get_worker_latest_input_inference_by_topic_id(request)
    await client.register()
    nonce = paused.open_window(69)
    await client.deliver(client.inference(nonce))
    found = await emissions.get_worker_latest_input_inference_by_topic_id(request)
    assert found.latest_input_inference.block_height == nonce
    path = "/cosmos/base/tendermint/v1beta1/blocks/latest"
    async with (
        aiohttp.ClientSession() as session,
        session.get(paused.rest_url + path) as response,
    ):
        header = (await response.json())["block"]["header"]
    assert header["height"] == str(paused.ledger.height)


async def test_the_average_of_a_workers_scores_tells_of_its_newest_submission(
    paused: FakeChain, client: Client, emissions: EmissionsV10RestQueryServiceClient
) -> None:
    request = GetInfererScoreEmaRequest(topic_id=69, inferer=client.address)
    assert (await emissions.get_inferer_score_ema(request)).score.block_height == 0
    await client.register()
    nonce = paused.open_window(69)
    await client.deliver(client.inference(nonce))
    paused.close_windows(69)
    score = (await emissions.get_inferer_score_ema(request)).score
    assert (score.block_height, score.address, score.score) == (nonce, client.address, "0")
    other = GetReputerScoreEmaRequest(topic_id=69, reputer=client.address)
    assert (await emissions.get_reputer_score_ema(other)).score.block_height == 0
    with refused(404):
        await emissions.get_inferer_score_ema(
            GetInfererScoreEmaRequest(topic_id=70, inferer=client.address)
        )


async def test_unimplemented_and_unknown(
    paused: FakeChain, emissions: EmissionsV10RestQueryServiceClient
) -> None:
    await paused.behave(unimplemented=True)
    with refused(501):
        await emissions.topic_exists(TopicExistsRequest(topic_id=69))
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{paused.rest_url}/emissions/v9/topics/69") as response,
    ):
        assert response.status == 501
        assert (await response.json())["code"] == 12


async def test_the_node_names_its_network(paused: FakeChain) -> None:
    path = "/cosmos/base/tendermint/v1beta1/node_info"
    async with (
        aiohttp.ClientSession() as session,
        session.get(paused.rest_url + path) as response,
    ):
        assert (await response.json())["default_node_info"]["network"] == "localnet"


async def test_refuse_holds_for_it_too(paused: FakeChain) -> None:
    await paused.behave(refuse=True)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(paused.rest_url)
