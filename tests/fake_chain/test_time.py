"""Blocks, and windows that open and close by themselves."""

from __future__ import annotations

import pytest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import (
    GetBlockByHeightRequest,
    GetLatestBlockRequest,
)
from allora_sdk.rpc_client.protos.emissions import v10
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from devtools.fake_chain import FakeChain, Options
from tests.fake_chain.client import Client

pytestmark = pytest.mark.asyncio


async def test_blocks_come_by_themselves(chain: FakeChain) -> None:
    first, second = await chain.next_block(), await chain.next_block()
    assert second.height == first.height + 1
    assert second.time > first.time


async def test_blocks_can_be_asked_for(paused: FakeChain, client: Client) -> None:
    query = client.rpc.tendermint.query
    paused.make_block()
    header = (await query.get_latest_block(GetLatestBlockRequest())).sdk_block.header
    assert (header.height, header.chain_id) == (1001, "localnet")
    earlier = await query.get_block_by_height(GetBlockByHeightRequest(height=1000))
    assert earlier.sdk_block.header.time < header.time
    for height in (999, 1002):
        with pytest.raises(GRPCError) as caught:
            await query.get_block_by_height(GetBlockByHeightRequest(height=height))
        assert caught.value.status is Status.INVALID_ARGUMENT


async def polled(client: Client) -> tuple[list[int], list[int]]:
    """What a worker's and a reputer's polling shows as open."""
    workers = await client.emissions.get_unfulfilled_worker_nonces(
        v10.GetUnfulfilledWorkerNoncesRequest(topic_id=69)
    )
    reputers = await client.emissions.get_unfulfilled_reputer_nonces(
        v10.GetUnfulfilledReputerNoncesRequest(topic_id=69)
    )
    return (
        [nonce.block_height for nonce in workers.nonces.nonces],
        [nonce.reputer_nonce.block_height for nonce in reputers.nonces.nonces],
    )


async def test_a_window_closes_by_itself(paused: FakeChain, client: Client) -> None:
    nonce = paused.open_window(69)
    for _ in range(2):
        paused.make_block()
        assert await polled(client) == ([nonce], [])
    paused.make_block()
    # Listed as on the network, though no window is open for it yet.
    assert await polled(client) == ([], [nonce])
    paused.open_window(69, "reputer")
    assert await polled(client) == ([], [nonce])
    for _ in range(3):
        paused.make_block()
    assert await polled(client) == ([], [])


async def test_a_window_that_only_events_show(paused: FakeChain, client: Client) -> None:
    await client.register()
    nonce = paused.open_window(69, announce="event")
    assert (await polled(client))[0] == []
    assert (await client.deliver(client.inference(nonce))).code == 0


async def test_a_window_tells_when_it_ends(paused: FakeChain, client: Client) -> None:
    request = v10.GetWorkerSubmissionWindowStatusRequest(topic_id=69, address=client.address)
    status = await client.emissions.get_worker_submission_window_status(request)
    assert (status.is_open, status.is_registered) == (False, False)
    await client.register()
    nonce = paused.open_window(69)
    status = await client.emissions.get_worker_submission_window_status(request)
    assert (status.is_open, status.is_registered) == (True, True)
    assert (status.current_nonce_block_height, status.window_end_block) == (nonce, nonce + 3)


async def test_the_latest_inference_of_a_worker(paused: FakeChain, client: Client) -> None:
    request = v10.GetWorkerLatestInputInferenceByTopicIdRequest(
        topic_id=69, worker_address=client.address
    )
    with pytest.raises(GRPCError) as caught:
        await client.emissions.get_worker_latest_input_inference_by_topic_id(request)
    assert caught.value.status is Status.NOT_FOUND
    await client.register()
    nonce = paused.open_window(69)
    await client.deliver(client.inference(nonce, "2.5"))
    response = await client.emissions.get_worker_latest_input_inference_by_topic_id(request)
    latest = response.latest_input_inference
    assert (latest.block_height, latest.values[0].value) == (nonce, "2.5")


async def test_the_networks_inferences_are_those_of_a_window(
    paused: FakeChain, client: Client
) -> None:
    nonce = paused.open_window(69)

    async def inferences(height: int) -> v10.NetworkInferenceBundle:
        request = v10.GetNetworkInferencesAtBlockRequest(
            topic_id=69, block_height_last_inference=height
        )
        response = await client.emissions.get_network_inferences_at_block(request)
        return response.network_inferences

    for height in (nonce, nonce + 1):
        with pytest.raises(GRPCError) as caught:
            await inferences(height)
        assert caught.value.status is Status.NOT_FOUND
    paused.close_windows(69)
    bundle = await inferences(nonce)
    assert (bundle.topic_id, bundle.nonce) == (69, nonce)
    assert [(each.label_name, each.value) for each in bundle.combined_value] == [("y", "100")]


@pytest.mark.parametrize("topic", [0, 70])
async def test_other_topics_do_not_exist(client: Client, topic: int) -> None:
    with pytest.raises(GRPCError) as caught:
        await client.emissions.get_topic(v10.GetTopicRequest(topic_id=topic))
    assert caught.value.status is Status.NOT_FOUND


async def test_an_epoch_has_a_window_for_workers_and_then_one_for_reputers() -> None:
    lines: list[str] = []
    options = Options(block_seconds=3600, window_blocks=2, epoch_blocks=5, topics=(69,))
    async with FakeChain(options, say=lines.append) as chain:
        chain.make_blocks(11)
    assert lines == [
        "block 1001  window open  topic 69 worker nonce 1001, until block 1003",
        "block 1003  window over  topic 69 worker nonce 1001",
        "block 1006  window open  topic 69 worker nonce 1006, until block 1008",
        "block 1006  window open  topic 69 reputer nonce 1001, until block 1011",
        "block 1008  window over  topic 69 worker nonce 1006",
        "block 1011  window open  topic 69 worker nonce 1011, until block 1013",
        "block 1011  window open  topic 69 reputer nonce 1006, until block 1016",
        "block 1011  window over  topic 69 reputer nonce 1001",
    ]


async def test_several_topics_have_their_own_windows() -> None:
    options = Options(block_seconds=3600, window_blocks=2, epoch_blocks=2, topics=(1, 2))
    async with FakeChain(options) as chain:
        chain.make_blocks(3)
        windows = [(each["topic"], each["role"]) for each in chain.state()["windows"]]
    assert windows == [
        *[(1, "worker"), (2, "worker")],
        *[(1, "worker"), (2, "worker"), (1, "reputer"), (2, "reputer")],
    ]
