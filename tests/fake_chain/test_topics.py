"""Topics of their own kind: labels, truth, durations, whitelists, and those that sleep."""

from __future__ import annotations

import aiohttp
import pytest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetNodeInfoRequest
from allora_sdk.rpc_client.protos.emissions import v10
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from devtools.fake_chain import FakeChain
from devtools.fake_chain.ledger import Ledger
from devtools.fake_chain.options import Options, Timing
from tests.fake_chain.client import Client
from tests.fake_chain.participant import Participant

LABELS = ["up", "flat", "down"]


@pytest.mark.asyncio
async def test_topics_differ(client: Client) -> None:
    facts = {
        "metadata": "BTC/USD - Direction - 1h",
        "loss_method": "focal",
        "labels": LABELS,
    }
    await client.chain.behave(topics={69: facts})
    topic = (await client.emissions.get_topic(v10.GetTopicRequest(topic_id=69))).topic
    assert (topic.metadata, topic.loss_method) == ("BTC/USD - Direction - 1h", "focal")
    assert topic.output_arity is v10.TopicOutputArity.MULTI
    assert (topic.label_whitelist, topic.max_labels_per_submission) == (LABELS, 3)
    assert topic.require_unity


def ledger(**facts: object) -> Ledger:
    made = Ledger(Options(), say=lambda _: None)
    made.behaviour = made.behaviour.changed({"topics": {69: facts}})
    return made


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"up": "0.5", "flat": "0.3", "down": "0.2"}, 0),
        ({"up": "0.9", "down": "0.1"}, 0),
        ({"up": "0.5", "flat": "0.3", "down": "0.3"}, 52),
        ({"up": "0.5", "sideways": "0.5"}, 52),
        ({"y": "1"}, 52),
    ],
)
def test_labels_are_the_topics_and_sum_up_to_one(values: dict[str, str], code: int) -> None:
    chain = ledger(labels=LABELS)
    own = Participant(chain)
    own.join()
    window, _ = chain.open_window(69, "worker", "both")
    message = own.inference(window.nonce)
    bundle = message.worker_data_bundle.inference_forecasts_bundle
    bundle.inference.values = [
        v10.InputLabeledValue(label=label, value=value) for label, value in values.items()
    ]
    assert own.code(own.worker_payload(bundle, window.nonce)) == code


def test_a_number_has_one_label() -> None:
    chain = ledger()
    own = Participant(chain)
    own.join()
    window, _ = chain.open_window(69, "worker", "both")
    bundle = own.inference(window.nonce).worker_data_bundle.inference_forecasts_bundle
    bundle.inference.values.append(v10.InputLabeledValue(label="z", value="1"))
    assert own.code(own.worker_payload(bundle, window.nonce)) == 52


def test_predictions_of_several_labels_are_scored() -> None:
    chain = ledger(labels=LABELS, truth={"up": "1"})
    window, _ = chain.open_window(69, "worker", "both")
    chain.close_windows(69)
    chain.open_window(69, "reputer", "both")
    chain.close_windows(69)
    epoch = chain.competition.epoch(69, window.nonce)
    assert epoch
    assert epoch.losses
    assert len(epoch.scores["inferer"]) == 2


@pytest.mark.asyncio
async def test_values_come_in_the_order_of_the_labels(client: Client) -> None:
    await client.chain.behave(topics={69: {"labels": LABELS, "competitors": []}})
    await client.register()
    nonce = client.chain.open_window(69)
    bundle = client.inference(nonce).worker_data_bundle.inference_forecasts_bundle
    bundle.inference.values = [
        v10.InputLabeledValue(label="down", value="0.75"),
        v10.InputLabeledValue(label="up", value="0.25"),
    ]
    assert (await client.deliver(client.worker_payload(bundle, nonce))).code == 0
    client.chain.close_windows(69)
    request = v10.GetInferencesAtBlockRequest(topic_id=69, block_height=nonce)
    answer = await client.emissions.get_inferences_at_block(request)
    assert [each.values for each in answer.inferences.inferences] == [["0.25", "0", "0.75"]]


def test_a_whitelist_names_who_may_submit() -> None:
    chain = ledger()
    invited, other = Participant(chain), Participant(chain)
    for each in (invited, other):
        each.join()
    chain.behaviour = chain.behaviour.changed({"topics": {69: {"whitelist": [invited.address]}}})
    window, _ = chain.open_window(69, "worker", "both")
    assert invited.code(invited.inference(window.nonce)) == 0
    assert other.code(other.inference(window.nonce)) == 1066


@pytest.mark.asyncio
async def test_a_status_tells_why_nothing_happens(client: Client) -> None:
    request = v10.GetWorkerSubmissionWindowStatusRequest(topic_id=69, address=client.address)

    async def status() -> tuple[bool, bool, int]:
        found = await client.emissions.get_worker_submission_window_status(request)
        return found.is_topic_active, found.is_whitelisted, found.next_window_start_block

    assert await status() == (True, True, client.ledger.height + 1)
    await client.chain.behave(topics={69: {"is_active": False, "whitelist": []}})
    assert await status() == (False, False, 0)


def test_a_sleeping_topic_begins_no_epoch_and_ends_none() -> None:
    chain = Ledger(Options(timings={69: Timing(epoch=5, window=2, lag=5)}), say=lambda _: None)
    for _ in range(7):
        chain.make_block()
    chain.behaviour = chain.behaviour.changed({"topics": {69: {"is_active": False}}})
    for _ in range(10):
        chain.make_block()
    assert [each.nonce for each in chain.windows.all if each.role == "worker"] == [1001, 1006]
    assert all(not each.is_over for each in chain.windows.of(69, "reputer"))
    chain.behaviour = chain.behaviour.changed({"topics": {}})
    for _ in range(5):
        chain.make_block()
    assert chain.windows.of(69, "worker")[-1].nonce == 1021
    assert all(each.is_over for each in chain.windows.of(69, "reputer"))


def test_two_topics_have_their_own_epochs() -> None:
    timings = {1: Timing(epoch=5, window=2, lag=5), 2: Timing(epoch=8, window=3, lag=9)}
    chain = Ledger(Options(topics=(1, 2), timings=timings), say=lambda _: None)
    for _ in range(17):
        chain.make_block()
    nonces = {topic: [each.nonce for each in chain.windows.of(topic, "worker")] for topic in (1, 2)}
    assert nonces == {1: [1001, 1006, 1011, 1016], 2: [1001, 1009, 1017]}
    assert chain.windows.of(2, "reputer")[0].start == 1010


@pytest.fixture
def timed() -> Ledger:
    """A chain whose topic counts seconds: every minute, workers have 20."""
    timing = Timing(epoch=60, window=20, lag=60)
    return Ledger(Options(timings={69: timing}, durations="seconds"), say=lambda _: None)


@pytest.mark.parametrize("block_seconds", [1, 5, 7])
def test_windows_can_count_seconds(timed: Ledger, block_seconds: int) -> None:
    opened, closed = [], []
    start = timed.time_of(timed.height)
    for _ in range(200 // block_seconds):
        block = timed.make_block(seconds=block_seconds)
        kinds = [event.kind for event in block.events]
        seconds = (block.time - start).total_seconds()
        opened += [seconds for kind in kinds if kind.endswith("WorkerSubmissionWindowOpened")]
        closed += [seconds for kind in kinds if kind.endswith("WorkerSubmissionWindowClosed")]
    assert len(opened) == 4
    for number, seconds in enumerate(opened):
        assert 60 * number <= seconds < 60 * number + 2 * block_seconds
    for number, seconds in enumerate(closed):
        assert 60 * number + 20 <= seconds < 60 * number + 20 + 2 * block_seconds


def test_a_block_after_the_last_second_is_too_late(timed: Ledger) -> None:
    own = Participant(timed)
    own.join()
    nonce = timed.windows.of(69, "worker")[-1].nonce
    tx_hash, _ = timed.broadcast(own.transaction(own.inference(nonce)))
    timed.make_block(seconds=30)
    failure = timed.results[tx_hash].failure
    assert failure
    assert (failure.code, failure.codespace) == (67, "emissions")
    assert "Worker window not open for topic: 69, current block 1002" in failure.log


@pytest.mark.asyncio
async def test_a_node_answers_so_many_calls_for_each_block(
    paused: FakeChain, client: Client
) -> None:
    async def ask() -> None:
        await client.rpc.tendermint.query.get_node_info(GetNodeInfoRequest())

    await paused.behave(calls_per_block=2)
    await ask()
    await ask()
    with pytest.raises(GRPCError) as caught:
        await ask()
    assert caught.value.status is Status.RESOURCE_EXHAUSTED
    url = f"{paused.rest_url}/cosmos/base/tendermint/v1beta1/node_info"
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        assert response.status == 429
    paused.make_block()
    await ask()


@pytest.mark.asyncio
async def test_after_a_reset_epochs_begin_anew() -> None:
    options = Options(block_seconds=3600, timings={69: Timing(epoch=5, window=2, lag=5)})
    async with FakeChain(options, say=lambda _: None) as chain:
        chain.make_blocks(20)
        chain.reset()
        chain.make_blocks(1)
        assert [each.nonce for each in chain.ledger.windows.all] == [1001]
        assert chain.ledger.competition.epoch(69, 1006) is None


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"timings": {1: Timing(5, 5, 5)}}, "no topics"),
        ({"epoch_blocks": 20, "window_blocks": 10, "lag_blocks": 5}, "truth must not be known"),
        ({"reputer_nonces": 0}, "at least one nonce"),
    ],
)
def test_impossible_durations(options: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Options(**options)  # type: ignore[arg-type]
