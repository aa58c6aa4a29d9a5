"""The whole worker: its parts, how long they run, and how they stop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import aiohttp
from cosmpy.aerial.wallet import LocalWallet

from . import metric_names as metrics
from . import reports
from .account import Account
from .answers import read_number
from .block_clock import BlockClock
from .chain import Chain
from .errors import CannotStartError, ExitCode, one_line
from .fees import Fees
from .guarded_wallet import GuardedWallet
from .model import Model, ModelBusyError, ModelError, Question, open_session
from .networks import Network
from .server import Server
from .settings import Role, Settings
from .status import Status, TopicStatus
from .submitter import Submitter
from .timings import Timings
from .topic_context import TopicContext
from .topic_worker import TopicWorker
from .urls import host_of, without_query
from .window_events import WindowEvents

_CRASH_PAUSE: Final = 5.0
_HOST: Final = "0.0.0.0"  # noqa: S104 - the port that Docker publishes


@dataclass(frozen=True)
class _Parts:
    model: Model
    clock: BlockClock
    chain: Chain
    topics: tuple[TopicWorker, ...]
    events: WindowEvents
    account: Account
    server: Server


class Service:
    """The worker.

    Args:
        settings: Its settings.
        network: The network that they name.
        wallet: What it signs with.
        timings: How long to wait for what.
    """

    def __init__(
        self, settings: Settings, network: Network, wallet: LocalWallet, timings: Timings
    ) -> None:
        self._settings = settings
        self._network = network
        self._fees = Fees(settings.fee_limits, settings.state_dir)
        self._wallet = GuardedWallet(wallet, self._fees, network.sdk.fee_denom)
        self._timings = timings
        self._stopping = asyncio.Event()
        self.status = Status(
            version=version("allora-sdk"),
            network=settings.network,
            role=settings.role,
            address=str(wallet.address()),
            topics={topic_id: TopicStatus(topic_id) for topic_id in settings.topic_ids},
            fees=self._fees,
        )
        self.port: int | None = None
        """Where it listens, once it does."""

    def stop(self) -> None:
        """Makes `run` end in good order."""
        self._stopping.set()

    async def run(self, port: int) -> int:
        """Works until it is stopped, or until there is no sense in going on.

        Args:
            port: For `/health` and consumers.

        Returns:
            The exit code of the process.

        Raises:
            CannotStartError: The port, or the operator's door, is taken.
        """
        self._report_start()
        async with contextlib.AsyncExitStack() as stack:
            parts = self._build(await stack.enter_async_context(open_session()))
            stack.callback(parts.chain.close)
            self.port = await self._listen(stack, parts.server, port)
            running = [
                asyncio.create_task(_keep_running(part))
                for part in (
                    *(topic.run for topic in parts.topics),
                    parts.events.run,
                    parts.account.run,
                    lambda: self._report_gauges(parts.chain, parts.clock),
                    lambda: self._probe_model(parts.model, parts.clock),
                )
            ]
            code = await self._wait_for_the_end()
            for task in running:
                task.cancel()
            await asyncio.wait([*running, *(asyncio.create_task(t.stop()) for t in parts.topics)])
            self._report_counts(parts.chain)
        return code

    def _build(self, session: aiohttp.ClientSession) -> _Parts:
        settings, timings = self._settings, self._timings
        model = Model(session, timings)
        clock = BlockClock(timings.default_block)
        chain = Chain(self._network, self._wallet, clock, timings)
        submitter = Submitter(chain, self._wallet, settings.role, timings)
        topics: dict[int, TopicWorker] = {}

        def nudge() -> None:
            for topic in topics.values():
                topic.nudge()

        def hear_block(height: int) -> None:
            if not clock.hear(height):
                for topic in topics.values():
                    topic.poll_soon()

        events = WindowEvents(
            self._network.websocket_url,
            event_type=chain.event_type(settings.role),
            topic_ids=settings.topic_ids,
            on_opening=lambda opening: topics[opening.topic_id].announce(opening.nonce),
            on_block=hear_block,
            timings=timings,
        )
        for topic_id, status in self.status.topics.items():
            context = TopicContext(
                topic_id=topic_id,
                status=status,
                model_status=self.status.model,
                settings=settings,
                timings=timings,
                chain=chain,
                clock=clock,
                model=model,
                submitter=submitter,
            )
            topics[topic_id] = TopicWorker(context, on_unannounced=events.reopen)
        account = Account(
            chain,
            self.status,
            session,
            api_key_file=settings.secrets_dir / "api-key",
            on_funded=nudge,
            timings=timings,
        )
        server = Server(
            self.status,
            model,
            question=lambda token: self._question(token, clock),
            token_file=settings.secrets_dir / "inference-token",
            timings=timings,
        )
        return _Parts(model, clock, chain, tuple(topics.values()), events, account, server)

    async def _listen(self, stack: contextlib.AsyncExitStack, server: Server, port: int) -> int:
        try:
            return await stack.enter_async_context(
                server.listening(_HOST, port, self._settings.state_dir)
            )
        except OSError as error:
            raise CannotStartError(
                f"port {port} cannot be listened on: {error.strerror}",
                "stop what else listens there",
            ) from error

    async def _wait_for_the_end(self) -> int:
        """Waits until the worker is told to stop, or has no place to work in."""
        stopped = asyncio.create_task(self._stopping.wait())
        refused = asyncio.create_task(self._wait_for_refusal())
        await asyncio.wait([stopped, refused], return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        refused.cancel()
        if self._stopping.is_set():
            reports.info("stopping", "told to stop")
            return ExitCode.STOPPED
        reports.error("gave_up", f"allora-worker: gives up: {refused.result()}")
        return ExitCode.REFUSED

    async def _wait_for_refusal(self) -> str:
        """Waits until the network has refused the worker everywhere for long; tells why."""
        limit = self._timings.refused_exit
        since = time.monotonic()
        while True:
            reason = self.status.refusal
            if reason is None:
                since = time.monotonic()
            elif time.monotonic() - since >= limit:
                return reason
            await asyncio.sleep(min(1.0, limit / 5))

    def _question(self, token: str, clock: BlockClock) -> Question:
        """What to ask the model server outside of any window."""
        return Question(
            self._settings.inference_endpoint, token, self._settings.topic_ids[0], clock.height
        )

    async def _probe_model(self, model: Model, clock: BlockClock) -> None:
        """Asks the model server until it answers, so that its start can be followed.

        Of an inferer's model server only: what a forecaster or a reputer asks, it asks about a
        window.
        """
        if self._settings.role is not Role.INFERER:
            return
        question = self._question(self._settings.token, clock)
        while self.status.model.state != "ok":
            try:
                answer = await model.ask_for_consumer(
                    question, read_number, self._timings.model_answer
                )
            except ModelBusyError:
                pass  # a window came first
            except ModelError as error:
                self.status.model.failed(error)
            else:
                self.status.model.answered(answer.milliseconds)
            await asyncio.sleep(self._timings.model_probe)

    # --- reports

    def _report_start(self) -> None:
        settings = self._settings
        reports.info(
            "starting",
            f"allora-worker starts as {settings.role} on {settings.network} with the address "
            f"{self.status.address}",
            address=self.status.address,
            network=settings.network,
            role=settings.role,
            topics=settings.topic_ids,
            sdk=self.status.version,
            grpc=host_of(self._network.sdk.url),
            websocket=host_of(self._network.websocket_url),
            model=without_query(settings.model_endpoint),
            **({"boot_nodes": settings.boot_nodes} if settings.boot_nodes else {}),
        )

    async def _report_gauges(self, chain: Chain, clock: BlockClock) -> None:
        while True:
            await asyncio.sleep(self._timings.gauges)
            for topic in self.status.topics.values():
                self._report_success_age(topic, clock)
            if self.status.balance_allo is not None:
                reports.metric(metrics.BALANCE, self.status.balance_allo, **self._name)
            topics = self.status.topics.values()
            is_refused = any(topic.refusal for topic in topics)
            reports.metric(metrics.REFUSED, int(is_refused), **self._name)
            is_sdk_refused = any(topic.is_sdk_refused for topic in topics)
            reports.metric(metrics.SDK_REFUSED, int(is_sdk_refused), **self._name)
            is_fee_refused = self._fees.refusal is not None
            reports.metric(metrics.FEE_REFUSED, int(is_fee_refused), **self._name)
            self._report_counts(chain)

    def _report_success_age(self, topic: TopicStatus, clock: BlockClock) -> None:
        seconds = topic.seconds_since_success
        labels = {"TopicId": str(topic.topic_id), **self._name}
        reports.metric(metrics.SECONDS_SINCE_SUCCESS, round(seconds), **labels)
        if topic.epoch_blocks:
            windows = seconds / (topic.epoch_blocks * clock.block_seconds)
            reports.metric(metrics.WINDOWS_SINCE_SUCCESS, round(windows, 2), **labels)

    def _report_counts(self, chain: Chain) -> None:
        """Reports what was counted since the last time."""
        reports.metric(metrics.CHAIN_ERRORS, chain.failures, **self._name)
        chain.failures = 0
        model = self.status.model
        reports.metric(metrics.MODEL_FAILURES, model.unreported_failures, **self._name)
        model.unreported_failures = 0

    @property
    def _name(self) -> dict[str, str]:
        return {"WorkerName": self._settings.worker_name}


async def _keep_running(part: Callable[[], Awaitable[None]]) -> None:
    """Runs a part of the worker, and again after a pause should it fail by a fault of its own."""
    while True:
        try:
            return await part()
        except Exception as error:  # noqa: BLE001 - the other parts go on meanwhile
            reports.error("internal_error", f"a fault of the worker: {one_line(error)}", trace=True)
            await asyncio.sleep(_CRASH_PAUSE)
