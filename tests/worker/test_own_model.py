"""The worker with the project's own model, in topics of every kind."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from allora_worker.contract import OF_TOPIC
from model_server.fetch import new_session
from model_server.market import Market
from model_server.server import Server
from model_server.settings import read_settings

from devtools.fake_chain import FakeChain, Options
from tests.model_server.exchanges import NAMES, Exchanges
from tests.worker.running import Worker
from tests.worker.waiting import until

TestServer.__test__ = False  # it is no test class, whatever pytest makes of its name

Start = Callable[..., Awaitable[Worker]]

PRICE, LOG_RETURN, VOLATILITY, CLASSES = 41, 61, 79, 87
TOPICS = {
    PRICE: {"metadata": "BTC/USD - 1d Price Prediction", "competitors": []},
    LOG_RETURN: {"metadata": "1 day BTC/USD Log-Return Prediction", "competitors": []},
    VOLATILITY: {"metadata": "15 minute ETH/USD - Volatility Prediction", "competitors": []},
    CLASSES: {"metadata": "24 hour WTI/USD Triple-Barrier Classification", "competitors": []},
}


NOW = 1_750_000_000.0
"""The time of exchanges and model: a minute in which the price does not swing."""


@pytest_asyncio.fixture
async def own_model(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The URL of the own model, whose exchanges know BTC and ETH."""
    monkeypatch.setattr("model_server.feed.time", lambda: NOW)
    exchanges = Exchanges(lambda: NOW)
    for exchange in exchanges.all():
        exchange.price, exchange.day_ago, exchange.swing = 64123.45, 60000.0, 0.001
    async with TestServer(exchanges.application()) as imitation, new_session() as session:
        url = str(imitation.make_url("")).rstrip("/")
        settings = read_settings({"PRICE_SOURCES": ",".join(f"{name}={url}" for name in NAMES)})
        server = Server(settings, Market(session, settings.sources))
        async with TestServer(server.application()) as served:
            yield str(served.make_url("")).rstrip("/")


def values(chain: FakeChain) -> dict[int, float]:
    """The submitted values by topic."""
    submissions: Any = chain.state()["submissions"]
    return {each["topic"]: float(each["values"][0]["value"]) for each in submissions}


@pytest.mark.asyncio
async def test_each_topic_gets_what_it_asks_for_and_the_others_the_reason(
    own_model: str, start: Start
) -> None:
    options = Options(topics=tuple(TOPICS), block_seconds=0.1, window_blocks=200)
    async with FakeChain(options, say=lambda _: None) as chain:
        await chain.behave(topics=TOPICS)
        worker = await start(
            chain,
            ALLORA_WORKER_TOPIC_ID=",".join(map(str, TOPICS)),
            ALLORA_WORKER_TOKEN="",
            ALLORA_WORKER_INFERENCE_ENDPOINT=own_model + "/inference/{Token}" + OF_TOPIC,
        )
        for topic in TOPICS:
            chain.open_window(topic)
        await until(lambda: len(values(chain)) == len(TOPICS) - 1)
        await until(lambda: worker.topic(CLASSES).window_problem)
        submitted = values(chain)
        assert submitted[PRICE] == pytest.approx(64123.45, rel=0.01)
        log_return = math.log(submitted[PRICE] / 64123.45)
        assert submitted[LOG_RETURN] == pytest.approx(log_return, abs=1e-9)
        assert log_return < 0
        assert submitted[VOLATILITY] == pytest.approx(0.001 * math.sqrt(15), rel=1e-6)
        reason = worker.topic(CLASSES).window_problem
        assert "/inference/WTI answers with status 400" in reason
        assert "topic 87: this server forecasts price, log-return, volatility, and no" in reason
        await worker.stop()
