"""A worker in the test's own process."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import aiohttp
from allora_worker import reports
from allora_worker.networks import network_of
from allora_worker.service import Service
from allora_worker.settings import load_settings
from allora_worker.timings import Timings
from allora_worker.wallet import load_wallet
from cosmpy.aerial.wallet import LocalWallet

from devtools.fake_chain import FakeChain
from tests.fake_chain.participant import Participant
from tests.worker.log import Log
from tests.worker.model_server import ModelServer
from tests.worker.waiting import until

WORDS = "abandon " * 11 + "about"
ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"


def environment(
    chain: FakeChain, model: ModelServer, secrets: Path, **changes: str
) -> dict[str, str]:
    return {
        "ALLORA_NETWORK": "local",
        "ALLORA_WORKER_NAME": "tester",
        "ALLORA_WORKER_TOPIC_ID": "69",
        "ALLORA_WORKER_TOKEN": "BTC",
        "ALLORA_GRPC_URL": chain.grpc_url,
        "ALLORA_WEBSOCKET_URL": chain.websocket_url,
        "ALLORA_WORKER_INFERENCE_ENDPOINT": model.url + "/inference/{Token}",
        "ALLORA_WORKER_FORECAST_ENDPOINT": model.url + "/forecast/{Token}/{TopicId}/{BlockHeight}",
        "ALLORA_WORKER_GROUND_TRUTH_ENDPOINT": model.url + "/truth/{Token}/{TopicId}/{BlockHeight}",
        "SECRETS_DIR": str(secrets),
        "STATE_DIR": str((secrets.parent / "state").resolve()),
    } | changes


def subscriptions(chain: FakeChain) -> int:
    """How often somebody has subscribed to a chain's events so far."""
    calls: Any = chain.state()["calls"]
    return int(calls.get("subscribe", 0))


def end_windows(chain: FakeChain) -> None:
    """Lets the open windows end now, by making all their blocks at once."""
    for _ in range(chain.options.window_blocks):
        chain.make_block()


def twin(chain: FakeChain) -> Participant:
    """A participant with the worker's wallet."""
    made = Participant(chain.ledger)
    made.key, made.address = LocalWallet.from_mnemonic(WORDS, prefix="allo").signer(), ADDRESS
    return made


class Worker:
    """A worker that runs, and what it writes and answers."""

    def __init__(
        self, chain: FakeChain, environ: dict[str, str], timings: Timings, **network: Any
    ) -> None:
        self._chain = chain
        self._subscriptions_before = subscriptions(chain)
        self.log = Log()
        reports.set_up(self.log)
        settings = load_settings(environ)
        self.service = Service(
            settings,
            dataclasses.replace(network_of(settings), **network),
            load_wallet(settings.secrets_dir),
            timings,
        )
        self.task = asyncio.create_task(self.service.run(port=0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    async def health(self) -> dict[str, Any]:
        await until(lambda: self.service.port)
        async with aiohttp.ClientSession() as session, session.get(self.url + "/health") as answer:
            report: dict[str, Any] = await answer.json()
            report["http_status"] = answer.status
            return report

    def topic(self, topic_id: int = 69) -> Any:
        return self.service.status.topics[topic_id]

    async def ready(self) -> None:
        """Waits until it is registered in all its topics, and hears of windows."""
        topics = self.service.status.topics
        await until(lambda: all(topic.is_registered for topic in topics.values()))
        await until(lambda: subscriptions(self._chain) > self._subscriptions_before)

    async def stop(self) -> int:
        self.service.stop()
        return await asyncio.wait_for(self.task, 120)
