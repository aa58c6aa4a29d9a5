"""What a worker measures, as alarms and the dashboard rely on it."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from allora_sdk import AlloraNetworkConfig
from allora_worker.chain import Chain
from allora_worker.metric_names import FLEET, FLEET_METRICS, METRICS, Metric
from allora_worker.money import allo

from devtools.fake_chain import FakeChain
from shared.networks import NETWORKS
from tests.worker.model_server import ModelServer
from tests.worker.running import Worker, end_windows
from tests.worker.test_submissions import values
from tests.worker.timings import QUICK
from tests.worker.waiting import until

pytestmark = pytest.mark.asyncio

Start = Callable[..., Awaitable[Worker]]
PATIENT = dataclasses.replace(QUICK, refused_exit=3600)


def emitted(worker: Worker) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The names of the metrics in a worker's log, with the sets of dimensions of each."""
    found = {}
    recorded = (line for line in worker.log.events("metric") if "_aws" in line)
    for line in recorded:
        [definition] = line["_aws"]["CloudWatchMetrics"]
        [metric] = definition["Metrics"]
        found[metric["Name"]] = tuple(tuple(names) for names in definition["Dimensions"])
    return found


async def test_a_worker_emits_every_metric_that_is_declared_and_no_other(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    worker = await start(chain)
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    await until(lambda: worker.topic().submissions)
    chain.settle(69)
    model.answers("not yet")
    chain.open_window(69)
    await until(lambda: worker.topic().open_windows)
    end_windows(chain)
    await until(lambda: len(worker.log.metrics("Submissions")) > 1)
    assert [line["Submissions"] for line in worker.log.metrics("Submissions")] == [1, 0]
    declared = {metric.name: metric.dimensions for metric in METRICS}
    steady = {metric.name for metric in METRICS if not metric.only_in_trouble}
    await until(lambda: emitted(worker).keys() >= steady)
    assert emitted(worker).items() <= declared.items()
    for line in worker.log.events("metric"):
        assert line["WorkerName"] == "tester"


async def test_a_worker_of_a_fleet_emits_the_fleets_metrics_and_no_other(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=PATIENT, ALLORA_FLEET="fleet")
    nonce = chain.open_window(69)
    await until(lambda: values(chain) == [(69, nonce, "100.5")])
    await until(lambda: worker.topic().submissions)
    chain.settle(69)
    await until(lambda: worker.log.metrics("Score"))
    await chain.behave(unimplemented=True)
    await until(lambda: len(worker.log.metrics("MinutesRefused")) > 1)
    first, second, *_ = worker.log.metrics("MinutesRefused")
    assert 0 == first["MinutesRefused"] <= second["MinutesRefused"] < 60
    await chain.behave(unimplemented=False)
    await until(lambda: rounds_since(worker, "MinutesRefused") > 1)
    declared = {metric.name: (FLEET,) for metric in FLEET_METRICS}
    steady = {metric.name for metric in FLEET_METRICS if not metric.only_in_trouble}
    assert steady <= emitted(worker).keys()
    assert emitted(worker).items() <= declared.items()
    for line in worker.log.events("metric"):
        assert (line["Fleet"], line["WorkerName"]) == ("fleet", "tester")


# --- since the last success


async def test_windows_since_the_success_are_counted_in_the_topics_epochs(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, ALLORA_WORKER_TOPIC_ID="69,77")
    for topic in ("69", "77"):
        epoch = worker.topic(int(topic)).epoch_blocks
        assert epoch > 0
        worker.topic(int(topic)).succeeded_ago(1000 * epoch * 0.1)
        windows = await until(partial(above, worker, topic, 200))
        # 1000 at ten blocks a second; on a busy computer blocks take longer, and never less
        assert windows <= 1100


def above(worker: Worker, topic: str, low: float) -> float | None:
    lines = [line for line in worker.log.metrics("WindowsSinceSuccess") if line["TopicId"] == topic]
    newest: float | None = lines[-1]["WindowsSinceSuccess"] if lines else None
    return newest if newest is not None and newest > low else None


async def test_no_window_is_counted_before_the_topic_is_known(
    chain: FakeChain, start: Start
) -> None:
    await chain.behave(refuse=True)
    worker = await start(chain, timings=PATIENT, ready=False)
    await until(lambda: worker.topic().chain_problem)
    assert worker.log.metrics("WindowsSinceSuccess") == []
    await chain.behave(refuse=False)
    await until(lambda: worker.log.metrics("WindowsSinceSuccess"))


async def test_a_success_ends_the_count(chain: FakeChain, start: Start) -> None:
    worker = await start(chain)
    worker.topic().succeeded_ago(10**6)
    await until(lambda: above(worker, "69", 100))
    chain.open_window(69)
    await until(lambda: worker.topic().submissions)
    lines = len(worker.log.metrics("WindowsSinceSuccess"))
    newest = await until(lambda: worker.log.metrics("WindowsSinceSuccess")[lines:])
    assert newest[-1]["WindowsSinceSuccess"] < 100


async def test_a_new_process_knows_when_the_one_before_it_succeeded(
    chain: FakeChain, start: Start
) -> None:
    first = await start(chain, ALLORA_WORKER_TOPIC_ID="69,77")
    chain.open_window(69)
    await until(lambda: first.topic(69).submissions)
    await first.stop()
    for _ in range(1000):  # a block takes a tenth of a second at least, for the worker
        chain.make_block()
    second = await start(chain, ALLORA_WORKER_TOPIC_ID="69,77")
    await until(lambda: second.topic(69).seconds_since_success >= 100)
    assert second.topic(77).seconds_since_success < 100  # never, so that the start counts


async def test_a_process_that_is_refused_knows_it_too(chain: FakeChain, start: Start) -> None:
    """It ends every few minutes: a count that began anew each time would never be high."""
    first = await start(chain)
    chain.open_window(69)
    await until(lambda: first.topic().submissions)
    await first.stop()
    for _ in range(1000):
        chain.make_block()
    await chain.behave(whitelisted=False)
    second = await start(chain, timings=PATIENT, ready=False)
    await until(lambda: second.topic().refusal)
    await until(lambda: second.topic().seconds_since_success >= 100)
    await until(lambda: second.log.metrics("WindowsSinceSuccess"))


# --- refused


def rounds_since(worker: Worker, name: str) -> int:
    """How many times the metrics of every minute were reported since this one was."""
    names = [
        line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]
        for line in worker.log.events("metric")
        if "_aws" in line
    ]
    after = names[::-1].index(name) if name in names else len(names)
    return names[len(names) - after :].count("WindowsSinceSuccess")


async def test_another_protocol_is_told_apart_from_every_other_refusal(
    chain: FakeChain, start: Start
) -> None:
    worker = await start(chain, timings=PATIENT)
    await chain.behave(unimplemented=True)
    await until(lambda: worker.log.metrics("SdkRefused"))
    await chain.behave(unimplemented=False)
    await until(lambda: rounds_since(worker, "SdkRefused") > 1)
    await chain.behave(whitelisted=False)
    chain.open_window(69)
    await until(lambda: worker.topic().refusal)
    reported = len(worker.log.metrics("WindowsSinceSuccess"))
    await until(lambda: len(worker.log.metrics("WindowsSinceSuccess")) > reported + 1)
    assert rounds_since(worker, "SdkRefused") > 1


async def test_another_protocol_from_the_start_is_told_too(chain: FakeChain, start: Start) -> None:
    await chain.behave(unimplemented=True)
    worker = await start(chain, timings=PATIENT, ready=False)
    await until(lambda: worker.log.metrics("SdkRefused"))


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
async def test_every_metric_is_of_the_worker(metric: Metric) -> None:
    assert all(names[0] == "WorkerName" for names in metric.dimensions)


# --- balance


@pytest.mark.parametrize("network", ["testnet", "mainnet"])
async def test_the_default_limit_of_the_balance_is_a_hundred_transactions(network: str) -> None:
    sdk = getattr(AlloraNetworkConfig, network)()
    needed: Any = Chain.needed_balance
    uallo = needed.fget(SimpleNamespace(network=SimpleNamespace(sdk=sdk)))
    assert float(NETWORKS[network].hundred_transactions) == pytest.approx(
        100 * allo(uallo), rel=1e-9
    )
