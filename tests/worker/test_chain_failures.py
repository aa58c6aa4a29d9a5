from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetLatestBlockRequest
from allora_worker.block_clock import BlockClock
from allora_worker.chain import Chain
from allora_worker.endpoint import Endpoint
from allora_worker.errors import ChainUnavailableError
from allora_worker.networks import network_of
from allora_worker.settings import load_settings
from allora_worker.timings import Timings
from allora_worker.urls import address_of
from allora_worker.wallet import load_wallet

from devtools.fake_chain import FakeChain, Options
from tests.worker.model_server import ModelServer
from tests.worker.running import ADDRESS, Worker, end_windows, environment, subscriptions
from tests.worker.test_submissions import submissions, values
from tests.worker.timings import HASTY_WITH_CHAIN, QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
PATIENT = dataclasses.replace(QUICK, refused_exit=3600)


@pytest_asyncio.fixture
async def endpoint(chain: FakeChain, model: ModelServer, secrets: Path) -> AsyncIterator[Chain]:
    """A worker's connection to the chain, without the worker."""
    network = network_of(load_settings(environment(chain, model, secrets)))
    wallet = load_wallet(secrets)
    with contextlib.closing(Chain(network, wallet, BlockClock(0.1), QUICK)) as endpoint:
        yield endpoint


# --- the endpoint fails, and comes back


FAILURES = pytest.mark.parametrize(
    ("failure", "timings"),
    # Not hasty: that no call fails after the endpoint has come back is asserted.
    [("frozen", dataclasses.replace(QUICK, chain_call=5.0)), ("refuse", QUICK)],
    ids=["frozen", "refuse"],
)


@FAILURES
async def test_an_endpoint_that_fails_is_waited_for(
    chain: FakeChain,
    start: Start,
    failure: str,
    timings: Timings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    failed = []
    note_failure = Chain.note_failure

    def count(self: Chain, reason: str, endpoint: Endpoint) -> None:
        failed.append(reason)
        note_failure(self, reason, endpoint)

    monkeypatch.setattr(Chain, "note_failure", count)
    worker = await start(chain, timings=timings)
    await chain.behave(**{failure: True})
    await until(lambda: worker.topic().state == "chain_unavailable")
    health = await worker.health()
    assert health["http_status"] == 503
    assert address_of(chain.grpc_url) in worker.log.events("chain_unavailable")[0]["message"]
    # Long enough for several attempts, and for a new connection.
    await until(lambda: len(failed) > 3)
    await chain.behave(**{failure: False})
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    await until(lambda: worker.topic().submissions)
    await until(lambda: worker.topic().is_fine)  # as the next poll finds
    assert (await worker.health())["http_status"] == 200
    assert len(worker.log.events("chain_unavailable")) == 1
    [available] = worker.log.events("chain_available")
    assert 3 < available["failures"] <= len(failed)
    assert worker.log.events("internal_error") == []


@FAILURES
async def test_a_start_while_the_endpoint_fails_is_no_end(
    chain: FakeChain, start: Start, failure: str, timings: Timings
) -> None:
    await chain.behave(**{failure: True})
    worker = await start(chain, timings=timings, ready=False)
    await until(lambda: worker.topic().state == "chain_unavailable")
    await chain.behave(**{failure: False})
    await worker.ready()
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_an_endpoint_that_freezes_within_a_window_costs_no_window(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain, timings=HASTY_WITH_CHAIN)
    await until(lambda: worker.service.status.model.state == "ok")
    model.answers("not yet")
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().open_windows)
    await chain.behave(frozen=True)
    model.answers("100.5")
    await until(lambda: worker.log.events("attempt_failed"))
    await chain.behave(frozen=False)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_a_window_is_lost_when_the_endpoint_does_not_come_back_in_time(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    model.answers("not yet")
    chain.open_window(69)
    await until(lambda: worker.topic().open_windows)
    chain._grpc.shut()  # alone: the websocket is to tell of the window's last block
    model.answers("100.5")
    await until(lambda: worker.log.events("attempt_failed"))
    end_windows(chain)
    await until(lambda: worker.topic().failures)
    assert set(worker.topic().failures) == {"chain_unavailable"}


async def test_an_endpoint_that_freezes_with_a_transaction_in_flight_is_asked_again(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await start(chain, timings=HASTY_WITH_CHAIN)
    broadcast = chain.ledger.broadcast
    freezing = []

    # At once: no block is to come in between, with the answer to how it went.
    def broadcast_and_freeze(tx_bytes: bytes) -> Any:
        freezing.append(asyncio.create_task(chain.behave(frozen=True)))
        return broadcast(tx_bytes)

    monkeypatch.setattr(chain.ledger, "broadcast", broadcast_and_freeze)
    nonce = chain.open_window(69)
    await until(lambda: worker.log.events("attempt_failed"))
    assert len(freezing) == 1
    monkeypatch.setattr(chain.ledger, "broadcast", broadcast)
    await chain.behave(frozen=False)
    await until(lambda: not worker.topic().open_windows)
    assert values(chain) == [(69, nonce, "100.5")]
    assert not worker.topic().failures


async def heard(chain: FakeChain, worker: Worker) -> None:
    """Waits until a window is heard of before polling finds it."""
    for _ in range(20):
        nonce = chain.open_window(69)
        await until(lambda: nonce in nonces(chain))  # noqa: B023 - waited for within the loop
        if [w for w in worker.log.events("window") if w["nonce"] == nonce and w["announced"]]:
            return
    pytest.fail("the websocket stayed deaf")


def nonces(chain: FakeChain) -> set[int]:
    return {nonce for _, nonce, _ in values(chain)}


async def test_a_websocket_that_is_silent_is_opened_again(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, timings=dataclasses.replace(QUICK, events_silence=1.0))
    await heard(chain, worker)
    await chain.behave(deaf=True)
    await until(lambda: worker.log.events("websocket_failed"))
    await chain.behave(deaf=False)
    await heard(chain, worker)


async def test_a_websocket_that_missed_a_window_is_opened_again(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=dataclasses.replace(QUICK, events_silence=3600))
    await heard(chain, worker)
    subscribed = subscriptions(chain)
    await chain.behave(deaf=True)
    nonce = chain.open_window(69)
    await until(lambda: nonce in nonces(chain))
    await until(lambda: worker.log.events("websocket_deaf"))
    await until(lambda: subscriptions(chain) > subscribed)
    assert worker.log.events("websocket_failed") == []


async def test_eight_topics_are_heard_with_one_subscription(
    model: ModelServer, secrets: Path
) -> None:
    topics = tuple(range(69, 77))
    options = Options(topics=topics, block_seconds=0.1, window_blocks=200)
    async with FakeChain(options, say=lambda _: None) as chain:
        environ = environment(chain, model, secrets)
        environ |= {"ALLORA_WORKER_TOPIC_ID": ",".join(map(str, topics))}
        worker = Worker(chain, environ, dataclasses.replace(QUICK, events_reopen=0))
        await worker.ready()
        for topic in topics:
            nonce = chain.open_window(topic)
            await until(lambda: (topic, nonce, "100.5") in values(chain))  # noqa: B023
        # Polling may be first, but hears of it afterwards.
        await until(lambda: all(worker.topic(topic).submissions for topic in topics))
        assert worker.log.events("websocket_refused") == []
        assert worker.log.events("websocket_deaf") == []
        assert subscriptions(chain) == 1
        await worker.stop()


async def test_a_call_that_takes_too_long_does_not_leave_its_task_cancelled(
    chain: FakeChain, endpoint: Chain
) -> None:
    await chain.behave(frozen=True)
    endpoint.client.bank.query.timeout = 0.5
    with pytest.raises(ChainUnavailableError):
        await endpoint.balance()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_new_connection_breaks_off_no_call_on_the_old_one(
    chain: FakeChain, endpoint: Chain
) -> None:
    balance = await endpoint.balance()
    await chain.behave(frozen=True)
    in_flight = asyncio.create_task(endpoint.balance())
    await asyncio.sleep(0.2)
    before = endpoint.client
    while endpoint.client is before:
        endpoint.note_failure("of another call", endpoint.endpoint)
    await chain.behave(frozen=False)
    assert await in_flight == await endpoint.balance() == balance


async def test_a_replaced_connection_stays_closed_and_its_user_gets_the_new_one(
    chain: FakeChain, model: ModelServer, secrets: Path
) -> None:
    network = network_of(load_settings(environment(chain, model, secrets)))
    timings = dataclasses.replace(QUICK, chain_call=1.0)
    wallet = load_wallet(secrets)
    with contextlib.closing(Chain(network, wallet, BlockClock(0.1), timings)) as endpoint:
        replaced = endpoint.client  # as a transaction keeps it that is sent meanwhile
        replaced.tendermint.query.timeout = 30
        await replaced.tendermint.query.get_latest_block(GetLatestBlockRequest())
        while endpoint.client is replaced:
            endpoint.note_failure("of another call", endpoint.endpoint)
        await until(lambda: not replaced.grpc_client._connected)
        await replaced.tendermint.query.get_latest_block(GetLatestBlockRequest())
        assert not replaced.grpc_client._connected


# --- the network refuses


async def refused(worker: Worker, text: str) -> None:
    await until(lambda: worker.topic().state == "refused" and text in worker.topic().reason)
    health = await worker.health()
    assert health["http_status"] == 503
    assert text in health["reason"]


async def test_another_protocol_is_told_with_its_remedy(chain: FakeChain, start: Start) -> None:
    await chain.behave(unimplemented=True)
    worker = await start(chain, timings=PATIENT, ready=False)
    await refused(worker, "set ALLORA_SDK_VERSION")
    await chain.behave(unimplemented=False)
    await worker.ready()
    assert worker.topic().state == "waiting"


async def test_a_network_upgrade_while_the_worker_runs(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, timings=PATIENT)
    await chain.behave(unimplemented=True)
    await refused(worker, "set ALLORA_SDK_VERSION")
    await until(lambda: worker.log.metrics("SdkRefused"))


async def test_a_wallet_that_is_not_whitelisted_registers_nowhere(
    chain: FakeChain, start: Start
) -> None:
    await chain.behave(whitelisted=False)
    worker = await start(chain, timings=PATIENT, ready=False)
    await refused(worker, "whitelist of topic 69")
    assert chain.state()["registered"] == {"69": [], "77": []}
    await chain.behave(whitelisted=True)
    await worker.ready()


async def test_a_wallet_that_leaves_the_whitelist_pays_for_no_refusal(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=PATIENT)
    await chain.behave(whitelisted=False)
    nonce = chain.open_window(69)
    await refused(worker, "whitelist of topic 69")
    assert chain.state()["rejected"] == []
    await chain.behave(whitelisted=True)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


@pytest.mark.parametrize("balance", ["0", "700000"])
async def test_a_wallet_without_funds_is_told_where_to_get_some(
    chain: FakeChain, start: Start, balance: str
) -> None:
    await chain.behave(balance=balance)
    worker = await start(chain, timings=PATIENT, ready=False)
    await refused(worker, f"fund {ADDRESS}")
    assert chain.state()["registered"] == {"69": [], "77": []}
    await chain.behave(balance=str(10**20))
    await worker.ready()
    await until(lambda: worker.service.status.balance_allo)
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_a_wallet_that_runs_dry_submits_when_it_is_funded(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=PATIENT)
    await chain.behave(balance="100")
    nonce = chain.open_window(69)
    await refused(worker, f"fund {ADDRESS}")
    await chain.behave(balance=str(10**20))
    await until(lambda: values(chain) == [(69, nonce, "100.5")])


async def test_an_endpoint_of_another_chain_is_refused(chain: FakeChain, start: Start) -> None:
    await chain.behave(chain_id="allora-mainnet-1")
    worker = await start(chain, timings=PATIENT, ready=False)
    await refused(worker, "belongs to the chain 'allora-mainnet-1'")


async def test_a_topic_that_does_not_exist_does_not_stop_the_others(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, ready=False, ALLORA_WORKER_TOPIC_ID="69,70")
    await until(lambda: worker.topic(70).state == "refused")
    assert "ALLORA_WORKER_TOPIC_ID" in worker.topic(70).reason
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    health = await worker.health()
    assert health["http_status"] == 200
    assert "topic 70" in health["reason"]


async def test_a_reputer_without_stake_is_told_so(chain: FakeChain, start: Start) -> None:
    worker = await start(chain, timings=PATIENT, ALLORA_WORKER_ROLE="reputer")
    log = "reputer does not have sufficient stake in the topic"
    await chain.behave(delivertx=[5, "emissions", log])
    chain.open_window(69)
    end_windows(chain)
    chain.open_window(69, role="reputer")
    await until(lambda: worker.log.events("refused"))
    assert "add stake" in worker.log.events("refused")[0]["message"]


async def test_a_worker_that_is_refused_everywhere_ends_with_a_reason(
    chain: FakeChain, start: Start
) -> None:
    await chain.behave(whitelisted=False)
    timings = dataclasses.replace(QUICK, refused_exit=0.5)
    worker = await start(chain, timings=timings, ready=False, ALLORA_WORKER_TOPIC_ID="69,77")
    assert await asyncio.wait_for(worker.task, 120) == 69
    [last] = worker.log.events("gave_up")
    assert "whitelist" in last["message"]


async def test_a_worker_that_is_refused_in_one_topic_goes_on(
    chain: FakeChain, start: Start
) -> None:
    timings = dataclasses.replace(QUICK, refused_exit=0.3)
    worker = await start(chain, timings=timings, ready=False, ALLORA_WORKER_TOPIC_ID="69,70")
    await until(lambda: worker.topic(70).state == "refused" and worker.topic(69).is_registered)
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    assert not worker.task.done()


async def test_an_endpoint_that_is_away_for_long_is_no_reason_to_end(
    chain: FakeChain, start: Start
) -> None:
    await chain.behave(refuse=True)
    timings = dataclasses.replace(QUICK, refused_exit=0.2)
    worker = await start(chain, timings=timings, ready=False)
    await until(lambda: worker.topic().state == "chain_unavailable")
    done: Any = await asyncio.wait([worker.task], timeout=1)
    assert not done[0]


async def test_a_sequence_that_somebody_else_used_is_made_good(
    chain: FakeChain, start: Start
) -> None:
    await start(chain)
    account = chain.ledger.accounts[ADDRESS]
    account.sequence += 3
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    assert submissions(chain)[0]["sequence"] == account.sequence - 1


async def test_what_the_worker_needs_in_a_topic_is_looked_at_again(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=dataclasses.replace(PATIENT, prepare_again=0.2))
    await chain.behave(whitelisted=False)
    await refused(worker, "whitelist of topic 69")
    assert worker.log.events("window") == []


async def test_several_topics_get_by_with_few_calls_at_once(start: Start) -> None:
    """They would all be refused each time if they all tried again at the same moment."""
    topics = range(60, 66)
    options = Options(topics=tuple(topics), block_seconds=0.25, window_blocks=200)
    timings = dataclasses.replace(
        QUICK, chain_pause_min=4, chain_pause_max=4, balance=60, verdict_min=60, poll_min=60
    )
    async with FakeChain(options, say=lambda _: None) as chain:
        await chain.behave(calls_per_block=12)
        worker = await start(
            chain, timings=timings, ALLORA_WORKER_TOPIC_ID=",".join(map(str, topics))
        )
        await chain.behave(calls_per_block=None)
        await worker.stop()
