"""Which values are off by orders of magnitude, and what the worker does about them."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from allora_worker.block_clock import BlockClock
from allora_worker.chain import Chain
from allora_worker.errors import FailureKind
from allora_worker.guard import implausible
from allora_worker.network_values import values_of_others
from allora_worker.networks import network_of
from allora_worker.settings import load_settings
from allora_worker.topic_facts import Facts, Kind
from allora_worker.wallet import load_wallet

from devtools.fake_chain import FakeChain
from tests.worker.model_server import ModelServer
from tests.worker.running import Worker, environment
from tests.worker.timings import QUICK
from tests.worker.waiting import until

Start = Callable[..., Awaitable[Worker]]

PRICE = Facts(Kind.PRICE, "BTC", "8h")
RETURN_8H = Facts(Kind.LOG_RETURN, "BTC", "8h")
RETURN_15MIN = Facts(Kind.LOG_RETURN, "BTC", "15min")
VOLATILITY = Facts(Kind.VOLATILITY, "BTC", "15min")
CLASSES = Facts(Kind.CLASSIFICATION, "WTI", "24h")

PRICES = ("64000", "64010", "63990", "64100", "1")
RETURNS = ("0.001", "-0.002", "0.0005", "-0.0001", "64000")
CRASH = ("-0.62", "-0.55", "-0.7", "-0.65")
VOLATILITIES = ("0.002", "0.003", "0.0025")


@pytest.mark.parametrize(
    ("value", "others", "facts", "reason"),
    [
        # A price.
        ("64123.4", PRICES, PRICE, None),
        ("7000", PRICES, PRICE, None),
        ("639000", PRICES, PRICE, None),
        ("641000", PRICES, PRICE, "is 10 times the network's median, 64000"),
        ("6.4E+12", PRICES, PRICE, "is 1e+08 times"),
        ("3000", PRICES, PRICE, "is the 21.3th part of the network's median"),
        ("0.0012", PRICES, PRICE, "th part of"),
        ("-0.0012", PRICES, PRICE, "not above 0"),
        ("0", PRICES, PRICE, "not above 0"),
        # A log return.
        ("0.003", RETURNS, RETURN_8H, None),
        ("-0.25", RETURNS, RETURN_8H, None),
        ("0", ("0", "0", "0"), RETURN_8H, None),
        ("0.01", ("0", "0", "0"), RETURN_8H, None),
        ("64000", RETURNS, RETURN_8H, "64000 is no plausible log return"),
        ("1.5", RETURNS, RETURN_8H, "far from the network's median, 0.0005"),
        ("-1.5", RETURNS, RETURN_8H, "-1.5 is no plausible"),
        ("0.04", RETURNS, RETURN_15MIN, None),
        ("0.06", RETURNS, RETURN_15MIN, "is no plausible log return"),
        ("-0.75", CRASH, RETURN_8H, None),
        ("64000", CRASH, RETURN_8H, "is no plausible log return"),
        # A volatility.
        ("0.0004", VOLATILITIES, VOLATILITY, None),
        ("0.02", VOLATILITIES, VOLATILITY, None),
        ("0.3", VOLATILITIES, VOLATILITY, "is 120 times"),
        ("64000", VOLATILITIES, VOLATILITY, "is 2.56e+07 times"),
        ("-0.002", VOLATILITIES, VOLATILITY, "not above 0"),
        # What is not known.
        ("0.001", PRICES, None, "th part of"),
        ("64000", ("0.001", "-0.002", "0.003"), None, "over 1000 times the network's largest"),
        ("1", ("0.001", "-0.002", "0.003"), None, None),
        ("1", ("0", "0", "0"), None, None),
        # Nothing to compare with.
        ("1", (), PRICE, None),
        ("1", ("64000", "64000"), PRICE, None),
        ("1", ("64000", "NaN", "64000"), PRICE, None),
        ("64000", ("0", "-1", "0"), PRICE, None),
        ("64000", ("0.3", "0.3", "0.4"), CLASSES, None),
        ("1E+100", PRICES, PRICE, "times the network's median"),
    ],
)
def test_what_is_off_by_orders_of_magnitude(
    value: str, others: tuple[str, ...], facts: Facts | None, reason: str | None
) -> None:
    found = implausible(Decimal(value), [Decimal(other) for other in others], facts)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert reason in found


PRICE_TOPIC = "1 day BTC/USD Price Prediction"
OTHERS = [{"name": str(number), "error": f"0.00{number}"} for number in range(1, 5)]


async def network(chain: FakeChain, name: str, truth: str) -> None:
    """Give a topic a name, and four other inferers who are nearly right."""
    await chain.behave(topics={69: {"metadata": name, "truth": truth, "competitors": OTHERS}})


@pytest.mark.asyncio
async def test_a_price_in_a_topic_of_log_returns_is_submitted_with_a_warning(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await network(chain, "8 hour SOL/USD Log-Return Prediction", "0.002")
    worker = await start(chain)
    model.answers("151.25")
    chain.open_window(69)
    await until(lambda: worker.topic().submissions == 1)
    (event,) = worker.log.events("value_implausible")
    assert event["level"] == "warning"
    assert "151.25 is no plausible log return in this horizon" in event["message"]
    (topic,) = (await worker.health())["topics"]
    assert "151.25 is no plausible log return" in topic["value_problem"]
    chain.close_windows(69)
    model.answers("0.0015")
    chain.open_window(69)
    await until(lambda: worker.topic().submissions == 2)
    (topic,) = (await worker.health())["topics"]
    assert topic["value_problem"] is None


@pytest.mark.asyncio
async def test_a_value_that_is_held_back_costs_nothing(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await network(chain, PRICE_TOPIC, "64000")
    worker = await start(chain, MODEL_GUARD="hold")
    model.answers("0.0012")
    chain.open_window(69)
    await until(lambda: worker.topic().failures)
    assert worker.topic().failures == {FailureKind.HELD: 1}
    health = await worker.health()
    assert health["http_status"] == 503
    assert "off by orders of magnitude: 0.0012 is the" in health["topics"][0]["reason"]
    assert health["topics"][0]["failures"] == {"held": 1}
    (lost,) = worker.log.events("window_lost")
    assert lost["kind"] == "held"
    chain.close_windows(69)
    model.answers("64123.5")
    chain.open_window(69)
    await until(lambda: worker.topic().submissions == 1)
    health = await worker.health()
    assert (health["http_status"], health["topics"][0]["reason"]) == (200, None)


@pytest.mark.asyncio
async def test_off_asks_nobody(chain: FakeChain, model: ModelServer, start: Start) -> None:
    await network(chain, PRICE_TOPIC, "64000")
    worker = await start(chain, MODEL_GUARD="off")
    model.answers("0.0012")
    chain.open_window(69)
    await until(lambda: worker.topic().submissions == 1)
    assert worker.log.events("value_implausible") == []
    assert worker.topic().value_problem is None


@pytest.mark.asyncio
async def test_a_network_that_does_not_say_is_no_reason_to_hold(
    chain: FakeChain, model: ModelServer, secrets: Path
) -> None:
    await network(chain, PRICE_TOPIC, "64000")
    settings = load_settings(environment(chain, model, secrets))
    wallet, clock = load_wallet(secrets), BlockClock(0.1)
    with contextlib.closing(Chain(network_of(settings), wallet, clock, QUICK)) as endpoint:
        assert await values_of_others(endpoint, 69, 60) == []  # before the first window
        chain.open_window(69)
        assert len(await values_of_others(endpoint, 69, 60)) == len(OTHERS)
        for failure in ({"error_text": "no"}, {"unimplemented": True}):
            await chain.behave(**failure)
            assert await values_of_others(endpoint, 69, 60) == []
        await chain.behave(frozen=True)
        assert await values_of_others(endpoint, 69, 0.1) == []


@pytest.mark.asyncio
async def test_each_topic_asks_about_its_own_coin(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await chain.behave(
        topics={
            69: {"metadata": "ETH/USD - 8h Price Prediction"},
            77: {"metadata": "BTC/USD - Log Returns - 20m"},
        }
    )
    worker = await start(
        chain,
        ALLORA_WORKER_TOPIC_ID="69,77",
        ALLORA_WORKER_TOKEN="",
        ALLORA_WORKER_INFERENCE_ENDPOINT=model.url + "/{Token}/{TopicId}/{Kind}/{Horizon}",
    )
    for topic in (69, 77):
        chain.open_window(topic)
    await until(lambda: all(worker.topic(topic).submissions for topic in (69, 77)))
    assert {"/ETH/69/price/8h", "/BTC/77/log-return/20min"} <= set(model.requests)


@pytest.mark.asyncio
async def test_a_token_that_is_set_is_that_of_every_topic(
    chain: FakeChain, model: ModelServer, start: Start
) -> None:
    await chain.behave(topics={77: {"metadata": "ETH/USD - 8h Price Prediction"}})
    worker = await start(
        chain,
        ALLORA_WORKER_TOPIC_ID="69,77",
        ALLORA_WORKER_TOKEN="SOL",
        ALLORA_WORKER_INFERENCE_ENDPOINT=model.url + "/{Token}/{TopicId}/{Kind}",
    )
    for topic in (69, 77):
        chain.open_window(topic)
    await until(lambda: all(worker.topic(topic).submissions for topic in (69, 77)))
    assert {"/SOL/69/", "/SOL/77/price"} <= set(model.requests)


@pytest.mark.asyncio
async def test_a_consumer_s_coin_is_asked_for_as_in_its_topic(
    chain: FakeChain, model: ModelServer, start: Start, secrets: Path
) -> None:
    await chain.behave(
        topics={
            69: {"metadata": "ETH/USD - 8h Price Prediction"},
            77: {"metadata": "BTC/USD - Log Returns - 20m"},
        }
    )
    (secrets / "inference-token").write_text("let me in")
    worker = await start(
        chain,
        ALLORA_WORKER_TOPIC_ID="69,77",
        ALLORA_WORKER_TOKEN="",
        ALLORA_WORKER_INFERENCE_ENDPOINT=model.url + "/{Token}/{TopicId}/{Kind}/{Horizon}",
    )
    headers = {"Authorization": "Bearer let me in"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for coin in ("BTC", "ETH", "SOL"):
            async with session.get(f"{worker.url}/inference/{coin}") as answer:
                assert await answer.text() == "100.5"
    wanted = {"/BTC/77/log-return/20min", "/ETH/69/price/8h", "/SOL/69/price/8h"}
    assert wanted <= set(model.requests)
