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
from .contract import Role
from .errors import (
    ChainUnavailableError,
    FailureKind,
    NotSignedError,
    RefusedError,
    SdkRefusedError,
    WindowLostError,
    one_line,
    shorten,
)
from .event_names import Event
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
from .restraint import MOST_REJECTED, Restraint
from .settings import Settings
from .status import ModelStatus, Submission, TopicStatus, now
from .submitter import (
    Accepted,
    AlreadySubmittedError,
    AttemptFailedError,
    Submitter,
    Value,
)
from .timings import Timings
from .windows import Topic, Window, window_length, window_of

# Kept free at a window's end for the transaction to get into a block.
_BLOCKS_FOR_TRANSACTION: Final = 3
_MOST_PAID_ATTEMPTS: Final = 3
_MOST_NONCES: Final = 1000
# A chain has one at a time, or two for a block.
_MOST_OPEN_WINDOWS: Final = 3
# For an opening that polling does not confirm; nodes behind one address differ by a moment.
_LOOKS_FOR_A_HINT: Final = 5
# By so many blocks no node is behind another: the chain has begun anew.
_MOST_BLOCKS_BEHIND: Final = 100
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
        self._needs_registration = True
        self._begun: dict[int, None] = {}
        self._announced: dict[int, None] = {}
        self._windows: dict[int, asyncio.Task[None]] = {}
        self._submitting: set[int] = set()
        self._unheard: set[int] = set()
        self._wake = asyncio.Event()
        self._look = asyncio.Event()
        self._looks_left = 0
        self._height = 0
        self._polls_behind = 0
        self._restraint = Restraint()
        self._paying = asyncio.Lock()

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
                self._needs_registration = True
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
        self._look.set()

    def announce(self, nonce: int) -> None:
        """Looks for a window that the chain is said to have opened.

        It is worked on when polling finds it, because whoever says so may say anything.
        """
        if nonce in self._announced or not 0 < nonce <= self._clock.height + _MOST_BLOCKS_BEHIND:
            return
        _remember(self._announced, nonce)
        self._unheard.discard(nonce)
        if nonce not in self._begun:
            self._looks_left = _LOOKS_FOR_A_HINT
            self._look.set()

    def look_soon(self) -> None:
        """Polls once before it is time to."""
        self._look.set()

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

    async def _wait_for_next_look(self, topic: Topic) -> None:
        """Waits until it is time to poll again, or somebody has a reason to; never hurries."""
        polled_at = time.monotonic()
        pause = self._timings.hint_pause
        try:
            async with asyncio.timeout(pause if self._looks_left else self._poll_seconds(topic)):
                await self._look.wait()
        except TimeoutError:
            pass
        await asyncio.sleep(polled_at + pause - time.monotonic())
        self._looks_left = max(0, self._looks_left - 1)
        self._look.clear()
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
        if self._needs_registration:
            await self._submitter.register(topic)
            self._needs_registration = False
        if not self._status.is_registered or self._status.refusal:
            reports.info(
                Event.READY,
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
        if nonce is not None and 0 < nonce <= height:
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
            if self._has_begun_anew(height):
                self._forget_windows_after(height)
                return
            nonces = await self._chain.unfulfilled_nonces(self._settings.role, self._topic_id)
            open_now = self._open_windows(topic, nonces, height)
            begun = self._begin_all(topic, open_now)
            if not is_first:
                self._unheard |= begun - self._announced.keys()
            self._check_announcements(height, open_now)
            self._status.chain_problem = None
            self._is_resuming = is_first = False
            await self._wait_for_next_look(topic)
        self._needs_registration = True
        if self._status.refusal is not None:
            refusal = SdkRefusedError if self._status.is_sdk_refused else RefusedError
            raise refusal(self._status.refusal)

    def _open_windows(self, topic: Topic, nonces: list[int], height: int) -> list[Window]:
        """The windows that are open at a height, the newest first; few, as on any chain."""
        windows = [
            window_of(self._settings.role, topic, nonce) for nonce in nonces if 0 < nonce <= height
        ]
        open_now = [window for window in windows if window.start <= height < window.end]
        return open_now[: -_MOST_OPEN_WINDOWS - 1 : -1]

    def _begin_all(self, topic: Topic, open_now: list[Window]) -> set[int]:
        """Starts to work in open windows; returns the nonces of those that are new."""
        if self._restraint.seconds_left:
            return set()
        return {window.nonce for window in open_now if self._begin(topic, window)}

    def _has_begun_anew(self, height: int) -> bool:
        """Whether the chain counts its blocks from the beginning again, as two polls in a row say.

        A test network does that with the name that it had.
        """
        if height >= self._height - _MOST_BLOCKS_BEHIND:
            self._height, self._polls_behind = max(height, self._height), 0
            return False
        self._polls_behind += 1
        self._look.set()
        return self._polls_behind > 1

    def _forget_windows_after(self, height: int) -> None:
        """Makes ready for a chain whose newest block has this height, and whose nonces repeat."""
        reports.warning(
            Event.CHAIN_RESET,
            f"topic {self._topic_id}: the chain is at block {height} after {self._height}; "
            "everything is looked at anew",
            topic=self._topic_id,
        )
        self._height, self._polls_behind = height, 0
        self._needs_registration = self._is_resuming = True
        self._announced.clear()
        self._unheard.clear()
        for nonce in [nonce for nonce in self._begun if nonce > height]:
            del self._begun[nonce]
            if nonce in self._windows and nonce not in self._submitting:
                self._windows[nonce].cancel()

    def _check_announcements(self, height: int, windows: list[Window]) -> None:
        """Tells of windows that the chain should have announced by now, and has not.

        Not of a reputer's, which the chain announces some time after they open.
        """
        late = {window.nonce for window in windows if height > window.start + 1} & self._unheard
        self._unheard = {window.nonce for window in windows} & self._unheard - late
        if late and self._settings.role is not Role.REPUTER:
            self._on_unannounced()

    def _poll_seconds(self, topic: Topic) -> float:
        if not self._clock.is_measured:
            return self._timings.poll_min
        third = window_length(self._settings.role, topic) * self._clock.block_seconds / 3
        return min(max(third, self._timings.poll_min), self._timings.poll_max)

    def _note_refusal(self, error: RefusedError) -> None:
        reason = one_line(error)
        if self._status.refusal != reason:
            reports.error(
                Event.REFUSED, f"topic {self._topic_id}: refused: {reason}", topic=self._topic_id
            )
        self._status.refusal, self._status.chain_problem = reason, None
        self._status.is_sdk_refused = isinstance(error, SdkRefusedError)

    # --- one window

    def _begin(self, topic: Topic, window: Window) -> bool:
        """Starts to work in a window; tells whether that was not done before."""
        if window.nonce in self._begun:
            return False
        _remember(self._begun, window.nonce)
        task = asyncio.create_task(self._work(topic, window, is_resumed=self._is_resuming))
        self._windows[window.nonce] = task
        task.add_done_callback(lambda _: self._end(window.nonce, task))
        return True

    def _end(self, nonce: int, task: asyncio.Task[None]) -> None:
        if self._windows.get(nonce) is task:  # not another one, after a reset of the chain
            del self._windows[nonce]

    async def _work(self, topic: Topic, window: Window, *, is_resumed: bool) -> None:
        reports.info(
            Event.WINDOW,
            f"topic {self._topic_id}: window for nonce {window.nonce}, "
            f"{self._clock.seconds_until(window.end):.0f} s left",
            topic=self._topic_id,
            nonce=window.nonce,
            announced=window.nonce in self._announced,
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
                Event.ALREADY_SUBMITTED,
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
            reports.error(
                Event.INTERNAL_ERROR, f"a fault of the worker: {one_line(error)}", trace=True
            )
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
                return await self._submit_once(topic, window, value, send_until)
            except AttemptFailedError as error:
                reason = one_line(error)
                reports.warning(
                    Event.ATTEMPT_FAILED,
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

    async def _submit_once(
        self, topic: Topic, window: Window, value: Value, send_until: float
    ) -> Accepted:
        """Submits unless payments are held back, and takes note of what it was worth."""
        async with self._paying:
            if seconds := self._restraint.seconds_left:
                raise WindowLostError(
                    FailureKind.REJECTED,
                    f"the chain rejected {MOST_REJECTED} transactions or more in a row, which were "
                    f"paid for; the next one is sent in {seconds:.0f} s at the earliest",
                )
            try:
                accepted = await self._submitter.submit(topic, window.nonce, value, send_until)
            except AttemptFailedError as error:
                if error.was_paid and self._restraint.rejected(self._payment_pause(topic)):
                    self._note_restraint()
                raise
            self._restraint.accepted()
            return accepted

    def _payment_pause(self, topic: Topic) -> float:
        """Short enough that the first window is met after things are right again."""
        half = topic.epoch_length * self._clock.block_seconds / 2
        return min(max(half, self._timings.payment_pause_min), self._timings.payment_pause_max)

    def _note_restraint(self) -> None:
        reports.warning(
            Event.PAYMENTS_HELD,
            f"topic {self._topic_id}: {MOST_REJECTED} transactions or more in a row were paid for "
            f"and rejected; the next one is sent in {self._restraint.seconds_left:.0f} s at the "
            "earliest",
            topic=self._topic_id,
        )

    def _seconds_for_model(self, window: Window) -> float:
        """Until the model server's answer would come too late for a transaction."""
        blocks = min(_BLOCKS_FOR_TRANSACTION, (window.end - window.start) / 4)
        return self._clock.seconds_until(window.end) - blocks * self._clock.block_seconds

    # --- what came of it

    def _note_success(self, window: Window, answer: Answer[Value], accepted: Accepted) -> None:
        value = _shown(answer.value)
        self._status.succeeded()
        self._status.submissions += 1
        self._status.last_submission = Submission(
            window.nonce, value, shorten(accepted.tx_hash, 64), now()
        )
        reports.info(
            Event.SUBMITTED,
            f"topic {self._topic_id}: submitted for nonce {window.nonce}",
            topic=self._topic_id,
            nonce=window.nonce,
            value=value,
            tx_hash=shorten(accepted.tx_hash, 64),
            height=accepted.height,
        )
        reports.metric(SUBMISSIONS, 1, **self._dimensions)
        reports.metric(
            MODEL_LATENCY, round(answer.milliseconds, 1), WorkerName=self._settings.worker_name
        )

    def _note_loss(self, window: Window, kind: FailureKind, reason: str) -> None:
        self._status.lost(kind, reason)
        reports.error(
            Event.WINDOW_LOST,
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


def _remember(nonces: dict[int, None], nonce: int) -> None:
    """Adds a nonce, and forgets the oldest of too many."""
    nonces[nonce] = None
    if len(nonces) > _MOST_NONCES:
        del nonces[next(iter(nonces))]


def _shown(value: Value) -> object:
    """A value for logs and `/health`: with all its digits."""
    return {a: str(v) for a, v in value.items()} if isinstance(value, dict) else str(value)
