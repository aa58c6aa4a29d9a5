"""Builds the worker's parts, runs them and stops them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.metadata import version
from typing import Final

import aiohttp
from cosmpy.aerial.wallet import LocalWallet

from . import reports
from .account import Account
from .block_clock import BlockClock
from .chain import Chain
from .context import Context
from .contract import Role
from .errors import ExitCode, one_line
from .event_names import Event, ModelState
from .fees import Fees
from .gauges import Gauges
from .guarded_wallet import GuardedWallet
from .judge import Judge
from .model import Model, ModelBusyError, ModelError, open_session
from .networks import Network
from .rewards import read_payment
from .server import Server
from .settings import Settings
from .status import Status, TopicStatus
from .status_log import log_status
from .submitter import Submitter
from .timings import Timings
from .topic_worker import TopicWorker
from .urls import host_of, without_query
from .waiting import wait_for
from .window_events import WindowEvents

_CRASH_PAUSE: Final = 5.0
_HOST: Final = "0.0.0.0"  # noqa: S104 - the port that Docker publishes


class Service:
    """The worker in the network that its settings name."""

    def __init__(
        self, settings: Settings, network: Network, wallet: LocalWallet, timings: Timings
    ) -> None:
        self._settings = settings
        self._network = network
        self._wallet = wallet
        self._timings = timings
        self._stopping = asyncio.Event()
        self.status = Status(
            version=version("allora-sdk"),
            network=settings.network,
            role=settings.role,
            address=str(wallet.address()),
            topics={topic_id: TopicStatus(topic_id) for topic_id in settings.topic_ids},
            fees=Fees(settings.fee_limits, settings.state_dir),
            endpoint=host_of(network.sdk.url),
        )
        self.port: int | None = None
        """The public port, once it is open."""

    def stop(self) -> None:
        """Make `run` return."""
        self._stopping.set()

    async def run(self, port: int) -> int:
        """Work until `stop`, or a lasting refusal in every topic; return the exit code.

        Raises:
            CannotStartError: The public port, or the operator's socket, is taken.
        """
        self._report_start()
        async with open_session() as session:
            context = self._build_context(session)
            with contextlib.closing(context.chain):
                async with Server(context).listening(_HOST, port) as self.port:
                    return await self._work(context, session)

    def _build_context(self, session: aiohttp.ClientSession) -> Context:
        wallet = GuardedWallet(self._wallet, self.status.fees, self._network.sdk.fee_denom)
        clock = BlockClock(self._timings.default_block)

        def note_endpoint(host: str) -> None:
            self.status.endpoint = host

        chain = Chain(self._network, wallet, clock, self._timings, note_endpoint)
        return Context(
            settings=self._settings,
            timings=self._timings,
            status=self.status,
            clock=clock,
            chain=chain,
            submitter=Submitter(
                chain, wallet, self._settings.role, self._timings, self.status.own_sequence
            ),
            model=Model(session, self._timings),
        )

    async def _work(self, context: Context, session: aiohttp.ClientSession) -> int:
        topics: dict[int, TopicWorker] = {}
        judges = {topic_id: Judge(topic_id, context) for topic_id in self._settings.topic_ids}
        events = self._window_events(context, topics)
        events.also_read(context.chain.rewards_event_type, partial(_hear_payment, context, judges))
        await context.chain.failover.compare()
        for topic_id in self._settings.topic_ids:
            topics[topic_id] = TopicWorker(topic_id, context, on_unannounced=events.reopen)

        def retry() -> None:
            for topic in topics.values():
                topic.retry()

        account = Account(context, session, on_funded=retry)
        parts = [topic.run for topic in topics.values()]
        parts += [judge.run for judge in judges.values()]
        parts += [events.run, account.run, Gauges(context).run, lambda: _probe_model(context)]
        parts.append(context.chain.failover.run)
        if self._settings.fleet:
            parts.append(partial(log_status, context))
        running = [asyncio.create_task(_keep_running(part)) for part in parts]
        code = await self._wait_for_end()
        for task in running:
            task.cancel()
        stopping = [asyncio.create_task(topic.stop()) for topic in topics.values()]
        await asyncio.wait([*running, *stopping])
        return code

    def _window_events(self, context: Context, topics: Mapping[int, TopicWorker]) -> WindowEvents:
        def hear_block(height: int) -> None:
            if not context.clock.hear(height):
                for topic in topics.values():
                    topic.poll_soon()

        return WindowEvents(
            self._network.websocket_urls,
            event_type=context.chain.event_type(context.role),
            topic_ids=self._settings.topic_ids,
            on_opening=lambda opening: topics[opening.topic_id].announce(opening.nonce),
            on_block=hear_block,
            timings=self._timings,
        )

    async def _wait_for_end(self) -> int:
        """Wait for `stop`, or for a lasting refusal in every topic; return the exit code."""
        limit = self._timings.refused_exit
        admitted_at = time.monotonic()
        while not self._stopping.is_set():
            refusal = self.status.refusal
            if refusal is None:
                admitted_at = time.monotonic()
            elif time.monotonic() - admitted_at >= limit:
                reports.error(Event.GAVE_UP, f"allora-worker: gives up: {refusal}")
                return ExitCode.REFUSED
            await wait_for(self._stopping, min(1.0, limit / 5))
        reports.info(Event.STOPPING, "received a signal to stop")
        return ExitCode.STOPPED

    def _report_start(self) -> None:
        settings = self._settings
        reports.info(
            Event.STARTING,
            f"allora-worker starts as {settings.role} on {settings.network} with the address "
            f"{self.status.address}",
            address=self.status.address,
            network=settings.network,
            role=settings.role,
            topics=settings.topic_ids,
            sdk=self.status.version,
            grpc=host_of(self._network.sdk.url),
            websocket=host_of(self._network.websocket_urls[0]),
            model=without_query(settings.model_endpoint),
            **({"boot_nodes": settings.boot_nodes} if settings.boot_nodes else {}),
        )


def _hear_payment(
    context: Context, judges: Mapping[int, Judge], attributes: Mapping[str, str]
) -> None:
    payment = read_payment(attributes, context.role, context.chain.address)
    if payment and payment.topic_id in judges:
        judges[payment.topic_id].note_payment(payment)


async def _probe_model(context: Context) -> None:
    """Ask the model server until its first answer, so that the operator sees its start.

    Only for an inferer: requests of the other roles are about a window.
    """
    if context.role is not Role.INFERER:
        return
    request = context.inference_request()
    read = partial(context.read_inference, topic_id=request.topic_id)
    status, timings = context.status.model, context.timings
    while status.state is not ModelState.OK:
        try:
            answer = await context.model.ask_for_consumer(request, read, timings.model_answer)
        except ModelBusyError:
            pass  # a window came first
        except ModelError as error:
            status.failed(error)
        else:
            status.answered(answer.milliseconds)
        await asyncio.sleep(timings.model_probe)


async def _keep_running(part: Callable[[], Awaitable[None]]) -> None:
    """Run a part of the worker; after a fault, report it, pause and run the part again."""
    while True:
        try:
            return await part()
        except Exception as error:  # noqa: BLE001 - the other parts go on
            reports.error(Event.INTERNAL_ERROR, f"internal error: {one_line(error)}", trace=True)
            await asyncio.sleep(_CRASH_PAUSE)
