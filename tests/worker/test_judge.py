"""How a worker learns whether it earns, from a chain with competitors.

The truth is 100, others predict 99 and 102, and the worker 100.5 unless a test says otherwise.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from allora_sdk.rpc_client.protos.emissions import v3
from allora_sdk.rpc_client.protos.emissions.v10 import QueryServiceStub
from allora_worker.event_names import Earning, Event
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from devtools.fake_chain import FakeChain, Options
from devtools.fake_chain.competitors import Competitor
from devtools.fake_chain.standings import Standings
from tests.worker.model_server import ModelServer
from tests.worker.running import ADDRESS, Worker
from tests.worker.test_metrics import rounds_since
from tests.worker.timings import HASTY_WITH_CHAIN
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]

NEAR = Competitor(name="near", error=Decimal("-0.01"))
FAR = Competitor(name="far", error=Decimal("0.02"))
REPUTER = Competitor(name="exact", kind="reputer")
REWARD = 9 * 10**18


@pytest_asyncio.fixture
async def chain() -> AsyncIterator[FakeChain]:
    """A chain as in the other tests, whose truth is known in the block after the nonce."""
    options = Options(topics=(69,), block_seconds=0.1, window_blocks=200, lag_blocks=1)
    async with FakeChain(options, say=lambda _: None) as chain:
        await compete(chain)
        yield chain


async def compete(chain: FakeChain) -> None:
    others = [each.model_dump(mode="json") for each in (NEAR, FAR, REPUTER)]
    facts = {"truth": "100", "competitors": others, "reward": REWARD}
    await chain.behave(topics={69: facts})


def verdict(worker: Worker) -> dict[str, Any]:
    report: dict[str, Any] = worker.topic().verdict.report()
    return report


def is_in(worker: Worker, state: Earning, nonce: int | None = None) -> bool:
    found = worker.topic().verdict
    return found.state is state and nonce in (None, found.nonce)


async def submit(chain: FakeChain, worker: Worker) -> int:
    """Opens a window, and waits until the worker has submitted in it."""
    before = worker.topic().submissions
    nonce = chain.open_window(69)
    await until(lambda: worker.topic().submissions > before)
    return nonce


def calls(chain: FakeChain, method: str) -> int:
    counted: Any = chain.state()["calls"]
    return int(counted.get(method, 0))


def rewards(worker: Worker) -> list[float]:
    return [line["Rewards"] for line in worker.log.metrics("Rewards")]


async def test_a_worker_knows_what_it_earns(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    await until(lambda: worker.topic().verdict.standing)
    assert is_in(worker, Earning.UNKNOWN)
    nonce = await submit(chain, worker)
    assert chain.close_windows(69) == [nonce]
    await until(lambda: verdict(worker)["is_admitted"])
    assert is_in(worker, Earning.UNKNOWN, nonce)  # nothing is scored
    assert (verdict(worker)["value"], verdict(worker)["network_value"]) == ("100.5", "100.5")
    assert chain.settle(69) == [nonce]
    await until(partial(is_in, worker, Earning.EARNING, nonce))
    await until(lambda: verdict(worker)["reward_allo"])
    found = verdict(worker)
    # Without the one at 99 the network would lose more, without this one as much, without the one
    # at 102 less.
    assert (found["rank"], found["ranked"]) == (2, 3)
    # log10 of (100.5 - 100)²
    assert float(found["loss"]) == pytest.approx(-0.60206)
    assert float(found["network_loss"]) == pytest.approx(-0.60206)
    assert found["naive_loss"] == found["network_loss"]
    assert 0 < float(found["reward_fraction"]) < 1
    assert float(found["reward_allo"]) == pytest.approx(6 * float(found["reward_fraction"]))
    assert float(found["rewards_allo_a_day"]) > float(found["reward_allo"])
    assert rewards(worker) == [float(found["reward_allo"])]
    assert [line["nonce"] for line in worker.log.events(Event.REWARDED)] == [nonce]
    assert [line["nonce"] for line in worker.log.events(Event.EARNING)] == [nonce]
    judged = worker.log.events(Event.JUDGED)[-1]
    assert (judged["state"], judged["loss"]) == ("earning", found["loss"])
    assert worker.log.events(Event.NOT_EARNING) == []
    health = await worker.health()
    [topic] = health["topics"]
    assert topic["earning"] | {"rewards_allo_a_day": None} == found | {"rewards_allo_a_day": None}
    # An event that comes again is no other reward.
    chain.tell(paid([nonce]), 2)
    later = await submit(chain, worker)
    chain.settle(69)
    await until(lambda: len(rewards(worker)) == 2)
    assert [line["nonce"] for line in worker.log.events(Event.REWARDED)] == [nonce, later]


def paid(nonces: Iterable[int]) -> str:
    """A frame that tells of rewards for some nonces."""
    events = []
    for nonce in nonces:
        attributes = {
            "actor_type": "ACTOR_TYPE_INFERER_UNSPECIFIED",
            "topic_id": "69",
            "block_height": str(nonce),
            "addresses": [ADDRESS],
            "rewards": ["7000000000000000000"],
            "block_height_tx": "1200",
        }
        pairs = [{"key": key, "value": json.dumps(value)} for key, value in attributes.items()]
        events.append({"type": "emissions.v10.EventRewardsSettled", "attributes": pairs})
    value = {"height": "1200", "events": events}
    return json.dumps({"jsonrpc": "2.0", "id": "x", "result": {"data": {"value": value}}})


async def test_of_invented_rewards_few_count(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    await until(lambda: worker.topic().verdict.standing)
    chain.tell(paid(range(-100, 1000)))
    chain.tell(paid([10**9, 2**70]))
    chain.tell(paid(range(-100, 1000)))
    await submit(chain, worker)
    assert 10 <= len(rewards(worker)) < 100  # ten at once, and 20 a minute
    assert is_in(worker, Earning.UNKNOWN)


async def test_outside_the_active_set_nothing_is_earned(chain: FakeChain, start: Start) -> None:
    await chain.behave(most_inferers=2)
    worker = await start(chain)
    nonce = await submit(chain, worker)  # the chain accepts it
    chain.close_windows(69)
    await until(partial(is_in, worker, Earning.NOT_IN_ACTIVE_SET, nonce))
    assert verdict(worker)["is_admitted"] is False
    assert (verdict(worker)["value"], verdict(worker)["network_value"]) == ("100.5", "100.5")
    await until(lambda: worker.log.metrics("NotEarning"))
    [line] = worker.log.events(Event.NOT_EARNING)
    assert line["level"] == "warning"
    assert line["state"] == "not_in_active_set"
    again = await submit(chain, worker)
    chain.settle(69)
    await until(partial(is_in, worker, Earning.NOT_IN_ACTIVE_SET, again))
    assert len(worker.log.events(Event.NOT_EARNING)) == 1  # once for a change
    assert rewards(worker) == []
    # There is room for it again.
    await chain.behave(most_inferers=3)
    nonce = await submit(chain, worker)
    chain.settle(69)
    await until(partial(is_in, worker, Earning.EARNING, nonce))
    await until(lambda: rounds_since(worker, "NotEarning") > 1)


async def test_a_new_process_learns_the_verdict_and_counts_no_reward_again(
    chain: FakeChain, start: Start
) -> None:
    first = await start(chain)
    nonce = await submit(chain, first)
    chain.settle(69)
    await until(partial(is_in, first, Earning.EARNING, nonce))
    await until(lambda: rewards(first))
    await first.stop()
    chain.make_blocks(100)  # a block takes a tenth of a second at least, for the worker
    second = await start(chain)
    await until(partial(is_in, second, Earning.EARNING, nonce))
    # The chain has cleared the live inferences.
    assert second.topic().seconds_since_success >= 10
    assert rewards(second) == []
    found = verdict(second)
    assert found["rank"] == 2
    assert found["reward_fraction"]
    assert found["reward_allo"] is found["rewards_allo_a_day"] is None


async def test_a_new_process_asks_for_the_last_submission_until_there_is_an_answer(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow_down(*_: object) -> None:
        raise GRPCError(Status.RESOURCE_EXHAUSTED, "slow down")

    first = await start(chain)
    await submit(chain, first)
    chain.settle(69)
    await first.stop()
    chain.make_blocks(900)
    with monkeypatch.context() as patch:
        patch.setattr(Standings, "_average", slow_down)
        second = await start(chain)
        await until(lambda: "slow down" in verdict(second)["reason"])
        assert second.topic().seconds_since_success < 90
    await until(partial(is_in, second, Earning.EARNING))
    assert second.topic().seconds_since_success >= 90


async def test_what_prevents_submissions_is_told(chain: FakeChain, start: Start) -> None:
    await chain.behave(inactive=True)
    worker = await start(chain)
    await until(partial(is_in, worker, Earning.TOPIC_INACTIVE))
    assert (await worker.health())["topics"][0]["earning"]["reason"]
    await chain.behave(inactive=False, whitelisted=False)
    await until(partial(is_in, worker, Earning.NOT_WHITELISTED))
    states = [line["state"] for line in worker.log.events(Event.NOT_EARNING)]
    assert states == ["topic_inactive", "not_whitelisted"]
    # It does not submit, so that nobody is alarmed because of it.
    assert worker.log.metrics("NotEarning") == []


async def test_a_forecaster_has_a_verdict_too(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    model.answers(json.dumps({NEAR.address: "-1", FAR.address: "0.6"}))
    worker = await start(chain, ALLORA_WORKER_ROLE="forecaster")
    nonce = await submit(chain, worker)
    chain.settle(69)
    await until(partial(is_in, worker, Earning.EARNING, nonce))
    await until(lambda: rewards(worker))
    assert (verdict(worker)["rank"], verdict(worker)["ranked"]) == (1, 1)
    assert verdict(worker)["value"] is None


async def test_a_reputer_without_stake_is_scored_for_nothing(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    model.answers("100")
    worker = await start(chain, ALLORA_WORKER_ROLE="reputer")
    nonce = await reputed(chain, worker)
    await until(partial(is_in, worker, Earning.NO_REWARD, nonce))
    await until(lambda: worker.log.metrics("NotEarning"))
    assert verdict(worker)["ranked"] == 2
    assert rewards(worker) == []
    chain.ledger.topics.stakes[69, ADDRESS] = 10**20
    nonce = await reputed(chain, worker)
    await until(partial(is_in, worker, Earning.EARNING, nonce))
    await until(lambda: rewards(worker))


async def reputed(chain: FakeChain, worker: Worker) -> int:
    """Lets the worker submit as a reputer for a nonce, and ends it."""
    before = worker.topic().submissions
    nonce = chain.open_window(69)
    chain.close_windows(69)
    chain.open_window(69, "reputer")
    await until(lambda: worker.topic().submissions > before)
    chain.close_windows(69)
    return nonce


async def test_a_verdict_is_reached_without_the_websocket(model: ModelServer, start: Start) -> None:
    """Epochs end by themselves, and the truth is known when two more have begun."""
    options = Options(
        topics=(69,), block_seconds=0.1, window_blocks=10, epoch_blocks=20, lag_blocks=30
    )
    async with FakeChain(options, say=lambda _: None) as chain:
        await compete(chain)
        await chain.behave(deaf=True)
        worker = await start(chain)
        await until(partial(is_in, worker, Earning.EARNING))
        assert verdict(worker)["reward_fraction"]
        assert verdict(worker)["reward_allo"] is None  # only the websocket tells
        assert verdict(worker)["closed_nonce"] > verdict(worker)["settled_nonce"]
        # The model fails, and what was submitted before says less and less.
        model.answers("soon")
        await until(lambda: worker.topic().failures)
        chain.make_blocks(6 * 20 + 30)
        await until(partial(is_in, worker, Earning.UNKNOWN))
        assert verdict(worker)["settled_nonce"] is None
        await worker.stop()


async def test_a_chain_that_is_reset_judges_and_pays_anew(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    nonce = await submit(chain, worker)
    chain.settle(69)
    await until(partial(is_in, worker, Earning.EARNING, nonce))
    chain.make_blocks(300)
    asked = calls(chain, "GetInfererScoreEma")
    await until(lambda: calls(chain, "GetInfererScoreEma") > asked + 1)
    chain.reset()
    await until(lambda: worker.topic().verdict.settlement is None)
    again = await submit(chain, worker)
    chain.settle(69)
    await until(partial(is_in, worker, Earning.EARNING, again))
    await until(lambda: len(rewards(worker)) == 2)


# --- the queries fail

VERDICT_QUERIES = (
    "get_worker_submission_window_status",
    "get_inferences_at_block",
    "get_inferer_score_ema",
    "get_current_lowest_inferer_score",
    "get_worker_inference_scores_at_block",
    "get_previous_inference_reward_fraction",
    "get_network_loss_bundle_at_block",
    "get_network_inferences_at_block",
)


async def earning(chain: FakeChain, start: Start) -> Worker:
    worker = await start(chain, timings=HASTY_WITH_CHAIN)
    nonce = await submit(chain, worker)
    chain.settle(69)
    await until(partial(is_in, worker, Earning.EARNING, nonce))
    return worker


async def hang(*_: object, **__: object) -> None:
    await asyncio.Event().wait()


async def test_submissions_go_on_while_only_the_verdicts_queries_freeze(
    chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await earning(chain, start)
    with monkeypatch.context() as patch:
        for method in VERDICT_QUERIES:
            patch.setattr(QueryServiceStub, method, hang)
        await submit(chain, worker)
        await until(partial(is_in, worker, Earning.UNKNOWN))
        await submit(chain, worker)
        assert worker.topic().is_fine
        assert "does not answer in time" in verdict(worker)["reason"]
        [line] = worker.log.events(Event.VERDICT_UNKNOWN)
        assert line["level"] == "warning"
        assert worker.log.metrics("NotEarning") == []
    chain.settle(69)
    await until(partial(is_in, worker, Earning.EARNING))
    assert worker.topic().failures == {}


@pytest.mark.parametrize("score", ["NaN", "1e999999999"])
async def test_a_nonsensical_score_does_no_harm(
    score: str, chain: FakeChain, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = await earning(chain, start)
    lie = v3.Score(topic_id=69, block_height=1, address=ADDRESS, score=score)
    monkeypatch.setattr(Standings, "_average", lambda *_: lie)
    await until(partial(is_in, worker, Earning.UNKNOWN))
    await submit(chain, worker)
    assert worker.topic().is_fine
