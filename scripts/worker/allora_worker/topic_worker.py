"""The work in one topic: register, find windows, ask the model server, submit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from grpclib.exceptions import GRPCError

from . import reports
from .answers import read_forecasts, read_number
from .block_clock import BlockClock
from .chain import Chain
from .errors import (
    ChainUnavailableError,
    FailureKind,
    NotSignedError,
    RefusedError,
    SdkRefusedError,
    WindowLostError,
    one_line,
)
from .losses import log_loss
from .metric_names import MODEL_LATENCY, SUBMISSION_FAILURES, SUBMISSIONS
from .model import (
    MOST_BYTES,
    MOST_BYTES_OF_FORECASTS,
    Answer,
    Model,
    ModelError,
    ModelFailureKind,
    Question,
)
from .settings import Role, Settings
from .status import ModelStatus, Submission, TopicStatus, now
from .submitter import (
    Accepted,
    AlreadySubmittedError,
    AttemptFailedError,
    Submitter,
    Value,
)
from .timings import Timings
from .window_events import Opening
from .windows import Topic, Window, window_length, window_of

# Kept free at a window's end for the transaction to get into a block.
_BLOCKS_FOR_TRANSACTION: Final = 3
_MOST_PAID_ATTEMPTS: Final = 3
_MOST_NONCES: Final = 1000
_LEAST_SECONDS_FOR_MODEL: Final = 1.0


class TopicWorker:
    """Works in one topic until it is stopped.

    Args:
        topic_id: Which topic.
        settings: The worker's settings.
        chain: Asked for windows.
        submitter: Sends what the model server gave.
        model: Asked for values.
        clock: Tells when windows end.
        status: Kept up to date.
        model_status: Kept up to date.
        on_unannounced: Called when polling finds a window that no event had announced.
        timings: How long to wait for what.
    """

    def __init__(
        self,
        topic_id: int,
        *,
        settings: Settings,
        chain: Chain,
        submitter: Submitter,
        model: Model,
        clock: BlockClock,
        status: TopicStatus,
        model_status: ModelStatus,
        on_unannounced: Callable[[], None],
        timings: Timings,
    ) -> None:
        self._topic_id = topic_id
        self._settings = settings
        self._chain = chain
        self._submitter = submitter
        self._model = model
        self._clock = clock
        self._status = status
        self._model_status = model_status
        self._on_unannounced = on_unannounced
        self._timings = timings
        self._topic: Topic | None = None
        self._is_resuming = True
        self._has_recalled = False
        self._begun: dict[int, None] = {}
        self._windows: dict[int, asyncio.Task[None]] = {}
        self._submitting: set[int] = set()
        self._unheard: set[int] = set()
        self._wake = asyncio.Event()

    # --- the loop

    async def run(self) -> None:
        """Works until it is cancelled, whatever the chain does."""
        pauses = _Pauses(self._timings)
        while True:
            try:
                topic = await self._prepare()
                pauses.reset()
                await self._follow_windows(topic)
            except RefusedError as error:
                self._note_refusal(error)
                await self._sleep(pauses.after_refusal())
            except (ChainUnavailableError, GRPCError) as error:
                self._status.chain_problem = f"the chain's endpoint fails: {one_line(error)}"
                await self._sleep(pauses.after_failure())
            except NotSignedError as error:  # of the registration
                self._status.refusal = self._status.chain_problem = None
                self._status.fee_problem = one_line(error)
                await self._sleep(pauses.after_failure())

    def nudge(self) -> None:
        """Lets it try again at once what it is waiting for, because something has changed."""
        self._wake.set()

    def announce(self, opening: Opening) -> None:
        """Begins to work in a window that the chain has just opened."""
        self._unheard.discard(opening.nonce)
        if self._topic is None or self._status.refusal:
            return  # polling finds it when there is something to work with
        start = window_of(self._settings.role, self._topic, opening.nonce).start
        self._begin(self._topic, Window(opening.nonce, start, opening.end))

    async def stop(self) -> None:
        """Ends what is under way, but gives transactions in flight some time to get through."""
        for nonce, window in self._windows.items():
            if nonce not in self._submitting:
                window.cancel()
        if self._windows:
            await asyncio.wait(self._windows.values(), timeout=self._timings.stop_submission)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _prepare(self) -> Topic:
        """Makes sure that the worker can work in the topic."""
        await self._chain.check_chain_id()
        topic = await self._chain.topic(self._topic_id)
        self._status.epoch_blocks = topic.epoch_length
        await self._recall_success()
        if not topic.takes_scalar and self._settings.role is not Role.FORECASTER:
            raise RefusedError(
                f"topic {self._topic_id} takes a value for each of several labels, and this "
                "worker submits one number; choose another topic"
            )
        if self._settings.role is Role.REPUTER:
            log_loss(topic.loss_method)
        await self._submitter.check_whitelist(topic)
        balance = await self._chain.balance()
        if balance < self._chain.needed_balance:
            raise self._chain.unfunded(balance)
        await self._submitter.register(topic)
        if not self._status.is_registered or self._status.refusal:
            reports.info(
                "ready",
                f"registered as {self._settings.role} in topic {self._topic_id} ({topic.name}); "
                "waiting for its windows",
                topic=self._topic_id,
            )
        self._topic = topic
        self._status.is_registered = True
        self._status.refusal = self._status.chain_problem = self._status.fee_problem = None
        self._status.is_sdk_refused = False
        return topic

    async def _recall_success(self) -> None:
        """Asks the chain, once, when the wallet last submitted in the topic.

        Otherwise a process that ends every five minutes, because the network refuses it, would
        begin to count anew each time, and never be long without a success.
        """
        if self._has_recalled or self._settings.role is not Role.INFERER:
            return  # for the other roles the chain does not tell
        height = await self._chain.look_at_newest_block()
        try:
            nonce = await self._chain.newest_inference(self._topic_id)
        except GRPCError:
            nonce = None  # no reason not to work
        self._has_recalled = True
        if nonce is not None:
            self._status.succeeded_ago((height - nonce) * self._clock.block_seconds)

    async def _follow_windows(self, topic: Topic) -> None:
        """Polls for windows, for as long as what is known of the topic can be relied on.

        Raises:
            RefusedError: The network refuses the worker by now.
            ChainUnavailableError: The endpoint does not work.
        """
        is_first = True
        until = time.monotonic() + self._timings.prepare_again
        while self._status.refusal is None and time.monotonic() < until:
            height = await self._chain.look_at_newest_block()
            nonces = await self._chain.unfulfilled_nonces(self._settings.role, self._topic_id)
            windows = [window_of(self._settings.role, topic, nonce) for nonce in nonces]
            open_now = [window for window in windows if window.start <= height < window.end]
            begun = {window.nonce for window in open_now if self._begin(topic, window)}
            if not is_first:
                self._unheard |= begun
            self._check_announcements(height, open_now)
            self._status.chain_problem = None
            self._is_resuming = is_first = False
            await self._sleep(self._poll_seconds(topic))
        if self._status.refusal is not None:
            refusal = SdkRefusedError if self._status.is_sdk_refused else RefusedError
            raise refusal(self._status.refusal)

    def _check_announcements(self, height: int, windows: list[Window]) -> None:
        """Tells of windows that the chain should have announced by now, and has not.

        Not of a reputer's, which the chain announces some time after they open.
        """
        late = {window.nonce for window in windows if height > window.start + 1} & self._unheard
        self._unheard = {window.nonce for window in windows} & self._unheard - late
        if late and self._settings.role is not Role.REPUTER:
            self._on_unannounced()

    def _poll_seconds(self, topic: Topic) -> float:
        third = window_length(self._settings.role, topic) * self._clock.block_seconds / 3
        return min(max(third, self._timings.poll_min), self._timings.poll_max)

    def _note_refusal(self, error: RefusedError) -> None:
        reason = one_line(error)
        if self._status.refusal != reason:
            reports.error(
                "refused", f"topic {self._topic_id}: refused: {reason}", topic=self._topic_id
            )
        self._status.refusal, self._status.chain_problem = reason, None
        self._status.is_sdk_refused = isinstance(error, SdkRefusedError)

    # --- one window

    def _begin(self, topic: Topic, window: Window) -> bool:
        """Starts to work in a window; tells whether that was not done before."""
        if window.nonce in self._begun:
            return False
        self._begun[window.nonce] = None
        if len(self._begun) > _MOST_NONCES:
            del self._begun[next(iter(self._begun))]
        task = asyncio.create_task(self._work(topic, window, is_resumed=self._is_resuming))
        self._windows[window.nonce] = task
        task.add_done_callback(lambda _: self._windows.pop(window.nonce, None))
        return True

    async def _work(self, topic: Topic, window: Window, *, is_resumed: bool) -> None:
        reports.info(
            "window",
            f"topic {self._topic_id}: window for nonce {window.nonce}, "
            f"{self._clock.seconds_until(window.end):.0f} s left",
            topic=self._topic_id,
            nonce=window.nonce,
        )
        self._status.open_windows += 1
        try:
            if is_resumed and await self._has_submitted(window):
                raise AlreadySubmittedError  # noqa: TRY301 - the chain would say the same, for a fee
            answer = await self._ask_model(window)
            self._submitting.add(window.nonce)
            accepted = await self._submit(topic, window, answer.value)
            self._note_success(window, answer, accepted)
        except AlreadySubmittedError:
            self._status.succeeded()
            reports.info(
                "already_submitted",
                f"topic {self._topic_id}: nonce {window.nonce} has a submission of this wallet",
                topic=self._topic_id,
                nonce=window.nonce,
            )
        except WindowLostError as error:
            self._note_loss(window, error.kind, one_line(error))
        except RefusedError as error:
            self._begun.pop(window.nonce, None)  # should it be put right before the window's end
            self._note_refusal(error)
            self.nudge()
        except Exception as error:  # noqa: BLE001 - a fault costs this window, not the worker
            reports.error("internal_error", f"a fault of the worker: {one_line(error)}", trace=True)
            self._note_loss(window, FailureKind.INTERNAL, one_line(error))
        finally:
            self._status.open_windows -= 1
            self._submitting.discard(window.nonce)

    async def _has_submitted(self, window: Window) -> bool:
        """Whether the process before this one has submitted in a window that is still open."""
        if self._settings.role is not Role.INFERER:
            return False  # the chain does not tell
        try:
            return await self._chain.newest_inference(self._topic_id) == window.nonce
        except (ChainUnavailableError, RefusedError, GRPCError):
            return False  # it is tried, and the chain tells then

    async def _ask_model(self, window: Window) -> Answer[Value]:
        """Asks until there is an answer, or no time for a transaction is left."""
        seconds = self._timings.model_answer
        attempt = 0
        while True:
            left = max(self._seconds_for_model(window), _LEAST_SECONDS_FOR_MODEL)
            try:
                answer = await self._ask_once(window, min(seconds, left))
            except ModelError as error:
                self._model_status.failed(error)
                self._status.window_problem = f"the model server: {one_line(error)}"
                pauses = self._timings.model_pauses
                pause = pauses[min(attempt, len(pauses) - 1)]
                if self._seconds_for_model(window) <= pause:
                    raise WindowLostError(
                        FailureKind.MODEL, f"the model server: {one_line(error)}"
                    ) from error
                if error.kind is ModelFailureKind.TIMEOUT:
                    seconds *= 2
                attempt += 1
                await asyncio.sleep(pause)
            else:
                self._model_status.answered(answer.milliseconds)
                self._status.window_problem = None
                return answer

    async def _ask_once(self, window: Window, seconds: float) -> Answer[Value]:
        is_forecaster = self._settings.role is Role.FORECASTER
        question = Question(
            endpoint=self._settings.model_endpoint,
            token=self._settings.token,
            topic_id=self._topic_id,
            block_height=window.nonce,
            most_bytes=MOST_BYTES_OF_FORECASTS if is_forecaster else MOST_BYTES,
        )
        if is_forecaster:
            forecasts = await self._model.ask(question, read_forecasts, seconds)
            return Answer(forecasts.value, forecasts.milliseconds)
        number = await self._model.ask(question, read_number, seconds)
        return Answer(number.value, number.milliseconds)

    async def _submit(self, topic: Topic, window: Window, value: Value) -> Accepted:
        """Submits until the chain has it, or the window is over."""
        paid_attempts = 0
        while True:
            block = self._clock.block_seconds
            send_until = time.monotonic() + self._clock.seconds_until(window.end) - block
            try:
                return await self._submitter.submit(topic, window.nonce, value, send_until)
            except AttemptFailedError as error:
                reason = one_line(error)
                reports.warning(
                    "attempt_failed",
                    f"topic {self._topic_id}: {reason}",
                    topic=self._topic_id,
                    nonce=window.nonce,
                )
                paid_attempts += error.was_paid
                pause = self._timings.submission_pause
                too_late = self._clock.seconds_until(window.end) <= pause + block
                if error.is_final or too_late or paid_attempts >= _MOST_PAID_ATTEMPTS:
                    raise WindowLostError(error.kind, reason) from error
                self._status.window_problem = reason
                await asyncio.sleep(pause)

    def _seconds_for_model(self, window: Window) -> float:
        """Until the model server's answer would come too late for a transaction."""
        blocks = min(_BLOCKS_FOR_TRANSACTION, (window.end - window.start) / 4)
        return self._clock.seconds_until(window.end) - blocks * self._clock.block_seconds

    # --- what came of it

    def _note_success(self, window: Window, answer: Answer[Value], accepted: Accepted) -> None:
        value = _shown(answer.value)
        self._status.succeeded()
        self._status.submissions += 1
        self._status.last_submission = Submission(window.nonce, value, accepted.tx_hash, now())
        reports.info(
            "submitted",
            f"topic {self._topic_id}: submitted for nonce {window.nonce}",
            topic=self._topic_id,
            nonce=window.nonce,
            value=value,
            tx_hash=accepted.tx_hash,
            height=accepted.height,
        )
        reports.metric(SUBMISSIONS, 1, **self._dimensions)
        reports.metric(
            MODEL_LATENCY, round(answer.milliseconds, 1), WorkerName=self._settings.worker_name
        )

    def _note_loss(self, window: Window, kind: FailureKind, reason: str) -> None:
        self._status.lost(kind, reason)
        reports.error(
            "window_lost",
            f"topic {self._topic_id}: nothing submitted for nonce {window.nonce}: {reason}",
            topic=self._topic_id,
            nonce=window.nonce,
            kind=kind,
        )
        reports.metric(SUBMISSION_FAILURES, 1, FailureKind=kind, **self._dimensions)

    @property
    def _dimensions(self) -> dict[str, str]:
        return {"WorkerName": self._settings.worker_name, "TopicId": str(self._topic_id)}


class _Pauses:
    """How long to wait before the next attempt: longer each time, until one succeeds."""

    def __init__(self, timings: Timings) -> None:
        self._timings = timings
        self.reset()

    def reset(self) -> None:
        self._refusal = self._timings.refused_pause_min
        self._failure = self._timings.chain_pause_min

    def after_refusal(self) -> float:
        pause = self._refusal
        self._refusal = min(pause * 2, self._timings.refused_pause_max)
        return pause

    def after_failure(self) -> float:
        pause = self._failure
        self._failure = min(pause * 2, self._timings.chain_pause_max)
        return pause


def _shown(value: Value) -> object:
    """A value for logs and `/health`: with all its digits."""
    return {a: str(v) for a, v in value.items()} if isinstance(value, dict) else str(value)
