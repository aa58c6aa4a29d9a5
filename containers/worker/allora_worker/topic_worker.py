"""Works in one topic: registers, finds the open windows and starts a run in each."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Final

from grpclib.exceptions import GRPCError

from . import reports
from .block_clock import MAX_BLOCKS_AHEAD
from .chain import UNANSWERED
from .circuit_breaker import CircuitBreaker
from .context import Context
from .contract import Role
from .errors import ChainUnavailableError, NotSignedError, RefusedError, one_line
from .event_names import Event
from .hints import Hints
from .losses import loss_method
from .waiting import Backoff, wait_for
from .window_run import WindowRun
from .windows import Topic, Window, nonces_to_serve, window_length, window_of

_MAX_RUNS: Final = 1000


class TopicWorker:
    """The work in one topic.

    Args:
        topic_id: The topic.
        context: The worker's parts.
        on_unannounced: Called when the websocket has missed a window.
    """

    def __init__(self, topic_id: int, context: Context, on_unannounced: Callable[[], None]) -> None:
        self._topic_id = topic_id
        self._context = context
        self._chain = context.chain
        self._status = context.status.topics[topic_id]
        self._on_unannounced = on_unannounced
        self._is_resuming = True
        self._needs_registration = True
        self._runs: dict[int, WindowRun] = {}
        self._unfinished: set[WindowRun] = set()
        self._hints = Hints()
        self._resets = context.clock.resets
        self._breaker = CircuitBreaker(topic_id)
        self._retry_now = asyncio.Event()

    async def run(self) -> None:
        """Work until cancelled."""
        timings = self._context.timings
        refusals = Backoff(timings.refused_pause_min, timings.refused_pause_max)
        failures = Backoff(timings.chain_pause_min, timings.chain_pause_max)
        while True:
            try:
                topic = await self._prepare()
                refusals.reset()
                failures.reset()
                await self._follow_windows(topic)
            except RefusedError as error:
                self._needs_registration = True
                self._status.refuse(error)
                await self._sleep(refusals.next())
            except (ChainUnavailableError, GRPCError) as error:
                self._status.chain_problem = f"the chain's endpoint fails: {one_line(error)}"
                await self._sleep(failures.next())
            except NotSignedError as error:  # of the registration
                self._status.refused_by = self._status.chain_problem = None
                self._status.fee_problem = one_line(error)
                await self._sleep(failures.next())

    def retry(self) -> None:
        """Try again at once: a cause of failure, such as an empty wallet, is gone."""
        self._retry_now.set()
        self._hints.poll_soon()

    def announce(self, nonce: int) -> None:
        """Poll soon for a window that the websocket announces."""
        if 0 < nonce <= self._context.clock.height + MAX_BLOCKS_AHEAD:
            self._hints.announce(nonce, is_known=nonce in self._runs)

    def poll_soon(self) -> None:
        """Poll once before it is due."""
        self._hints.poll_soon()

    async def stop(self) -> None:
        """End all runs; those with a transaction in flight get some seconds to finish."""
        for run in self._unfinished:
            run.cancel_unless_submitting()
        if self._unfinished:
            tasks = [run.task for run in self._unfinished]
            await asyncio.wait(tasks, timeout=self._context.timings.stop_submission)

    async def _sleep(self, seconds: float) -> None:
        # Of several topics each has a pause of its own: a node refuses too many calls at once.
        await wait_for(self._retry_now, seconds * random.uniform(0.5, 1))  # noqa: S311 - no secret
        self._retry_now.clear()

    # --- preparation

    async def _prepare(self) -> Topic:
        """Make sure that the worker can submit in the topic, and return the topic."""
        await self._chain.check_chain_id()
        topic = await self._chain.topic(self._topic_id)
        self._status.epoch_blocks, self._status.labels = topic.epoch_length, topic.labels
        self._status.metadata = topic.name
        self._check_topic(topic)
        await self._context.submitter.check_whitelist(topic)
        balance = await self._chain.balance()
        if balance < self._chain.needed_balance:
            raise self._chain.unfunded(balance)
        if self._needs_registration:
            await self._context.submitter.register(topic)
            self._needs_registration = False
        if not self._status.is_registered or self._status.refusal:
            reports.info(
                Event.READY,
                f"registered as {self._context.role} in topic {topic.topic_id} ({topic.name}); "
                "waiting for its windows",
                topic=topic.topic_id,
            )
        self._status.prepared()
        return topic

    def _check_topic(self, topic: Topic) -> None:
        if self._context.role is Role.REPUTER:
            loss_method(topic)

    # --- windows

    async def _follow_windows(self, topic: Topic) -> None:
        """Poll for windows, for an hour or until the chain is reset or refuses a submission."""
        timings = self._context.timings
        is_first = True
        until = time.monotonic() + timings.prepare_again
        while self._status.refused_by is None and time.monotonic() < until:
            height = await self._chain.poll_height()
            if self._context.clock.resets > self._resets:
                self._restart(height)
                return
            if self._context.clock.is_reset_suspected:
                await asyncio.sleep(timings.hint_pause)
                continue  # the nonces may repeat those of another chain
            windows = await self._open_windows(topic, height)
            started = self._start_runs(topic, windows)
            if not is_first:
                self._hints.expect(started)
            # A reputer's window opens before the chain announces it.
            is_overdue = self._hints.take_overdue(height, windows)
            if is_overdue and self._context.role is not Role.REPUTER:
                self._on_unannounced()
            self._status.chain_problem = None
            self._is_resuming = is_first = False
            await self._hints.wait_for_poll(self._poll_seconds(topic), at_least=timings.hint_pause)
            self._retry_now.clear()
        self._needs_registration = True
        if self._status.refused_by is not None:
            raise self._status.refused_by

    async def _open_windows(self, topic: Topic, height: int) -> list[Window]:
        """Return the open windows in which the worker can submit, the most urgent first."""
        role = self._context.role
        nonces = await self._chain.open_nonces(role, topic.topic_id)
        served = nonces_to_serve(role, [nonce for nonce in nonces if 0 < nonce <= height])
        windows = [await self._window(topic, nonce) for nonce in served]
        return [window for window in windows if height < window.end]

    async def _window(self, topic: Topic, nonce: int) -> Window:
        """Return a nonce's window by the network's own answer, or by the topic without one."""
        if run := self._runs.get(nonce):
            return run.window
        role = self._context.role
        with contextlib.suppress(*UNANSWERED):
            newest = await self._chain.newest_window(role, topic.topic_id)
            if newest is not None and newest.nonce == nonce:
                return newest
        return window_of(role, topic, nonce)

    def _start_runs(self, topic: Topic, windows: list[Window]) -> set[int]:
        """Start a run in each window that has none; return the nonces of the new ones."""
        if self._breaker.seconds_left:
            return set()
        new = [window for window in windows if window.nonce not in self._runs]
        for window in new:
            self._start_run(topic, window)
        return {window.nonce for window in new}

    def _start_run(self, topic: Topic, window: Window) -> None:
        seconds_left = self._context.clock.seconds_until(window.end)
        reports.info(
            Event.WINDOW,
            f"topic {topic.topic_id}: window for nonce {window.nonce}, {seconds_left:.0f} s left",
            topic=topic.topic_id,
            nonce=window.nonce,
            announced=self._hints.is_announced(window.nonce),
        )
        run = WindowRun(self._context, self._breaker, topic, window, is_resumed=self._is_resuming)
        self._runs[window.nonce] = run
        if len(self._runs) > _MAX_RUNS:
            del self._runs[next(iter(self._runs))]
        self._unfinished.add(run)
        run.task.add_done_callback(lambda _: self._finish(run))

    def _finish(self, run: WindowRun) -> None:
        self._unfinished.discard(run)
        if run.is_refused:
            if self._runs.get(run.nonce) is run:
                del self._runs[run.nonce]  # the cause may be gone before the window's end
            self.poll_soon()

    def _restart(self, height: int) -> None:
        """Prepare for a chain that was reset, and whose nonces repeat."""
        reports.warning(
            Event.CHAIN_RESET,
            f"topic {self._topic_id}: the chain has started again, and is at block {height}; "
            "everything is looked up again",
            topic=self._topic_id,
        )
        self._resets = self._context.clock.resets
        self._needs_registration = self._is_resuming = True
        self._hints.forget()
        for run in self._runs.values():
            run.cancel_unless_submitting()
        self._runs.clear()

    def _poll_seconds(self, topic: Topic) -> float:
        timings, clock = self._context.timings, self._context.clock
        if not clock.is_measured:
            return timings.poll_min
        third = window_length(self._context.role, topic) * clock.block_seconds / 3
        return min(max(third, timings.poll_min), timings.poll_max)
