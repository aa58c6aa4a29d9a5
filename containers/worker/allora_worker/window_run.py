"""Works in one window: asks the model server, and submits its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from . import reports
from .answers import read_forecasts, read_inference, read_truth
from .chain import UNANSWERED
from .circuit_breaker import CircuitBreaker
from .context import Context
from .contract import Guard, Role
from .errors import (
    FailureKind,
    RefusedError,
    WindowLostError,
    one_line,
    shorten,
)
from .event_names import Event
from .guard import implausible
from .losses import Truth, loss_method
from .metric_names import FOREIGN_TRANSACTIONS, SUBMISSIONS
from .model import (
    MOST_BYTES,
    MOST_BYTES_OF_SEVERAL,
    Answer,
    ModelError,
    ModelFailureKind,
    Question,
)
from .network_values import values_of_others
from .sending import Sending, Sent
from .status import Submission
from .submitter import Accepted, AttemptFailedError, SequenceMovedError, Value
from .windows import Topic, Window

# Blocks at a window's end that are left to the transaction.
_BLOCKS_FOR_TRANSACTION: Final = 3
_MAX_PAID_ATTEMPTS: Final = 3
_MIN_SECONDS_FOR_MODEL: Final = 1.0


class _AlreadySubmittedError(Exception):
    """The chain has a submission of this wallet for the nonce."""


class WindowRun:
    """The work in one window, which begins at once.

    Args:
        context: The worker's parts.
        breaker: Limits the topic's payments.
        topic: The window's topic.
        window: The window.
        is_resumed: Whether a process before this one may have submitted.
    """

    def __init__(
        self,
        context: Context,
        breaker: CircuitBreaker,
        topic: Topic,
        window: Window,
        *,
        is_resumed: bool,
    ) -> None:
        self.window = window
        self.is_refused = False
        """Whether the run ended because the network refuses the worker."""
        self._context = context
        self._status = context.status.topics[topic.topic_id]
        self._clock = context.clock
        self._breaker = breaker
        self._topic = topic
        self._is_resumed = is_resumed
        self._is_submitting = False
        self._sent = Sent()
        self._labels: dict[str, Any] = {"topic": topic.topic_id, "nonce": window.nonce}
        self.task = asyncio.create_task(self._run())

    @property
    def nonce(self) -> int:
        """The nonce that the run submits for."""
        return self.window.nonce

    def cancel_unless_submitting(self) -> None:
        """End the run, unless a transaction is in flight."""
        if not self._is_submitting:
            self.task.cancel()

    async def _run(self) -> None:
        self._status.open_windows += 1
        try:
            if self._is_resumed:
                await self._check_not_submitted()
            answer = await self._ask_model()
            await self._guard(answer.value)
            self._is_submitting = True
            accepted = await self._submit(answer.value)
            self._note_success(answer, accepted)
        except _AlreadySubmittedError:
            self._status.succeeded()
            self._info(
                Event.ALREADY_SUBMITTED, f"nonce {self.nonce} has a submission of this wallet"
            )
        except WindowLostError as error:
            self._note_loss(error.kind, one_line(error))
        except RefusedError as error:
            self.is_refused = True
            self._status.refuse(error)
        except Exception as error:  # noqa: BLE001 - a fault costs this window, not the worker
            reports.error(Event.INTERNAL_ERROR, f"internal error: {one_line(error)}", trace=True)
            self._note_loss(FailureKind.INTERNAL, one_line(error))
        finally:
            self._status.open_windows -= 1
            self._is_submitting = False

    async def _check_not_submitted(self) -> None:
        """Raise when the chain takes nothing more for the nonce; it would say so for a fee.

        Raises:
            _AlreadySubmittedError: It has a submission of this wallet for the nonce.
            WindowLostError: It has one for a later nonce.
        """
        try:
            newest = await self._context.chain.newest_submission(
                self._context.role, self._topic.topic_id
            )
        except UNANSWERED:
            return  # the attempt to submit will show
        if newest == self.nonce:
            raise _AlreadySubmittedError
        if newest is not None and newest > self.nonce:
            raise WindowLostError(
                FailureKind.REJECTED,
                f"the network has a submission of this wallet for nonce {newest}, and takes none "
                "for an earlier one",
            )

    # --- the model server

    async def _ask_model(self) -> Answer[Value]:
        """Ask until there is an answer, or no time for a transaction is left."""
        timings = self._context.timings
        seconds = timings.model_answer
        attempt = 0
        while True:
            left = max(self._seconds_for_model(), _MIN_SECONDS_FOR_MODEL)
            try:
                answer = await self._ask_once(min(seconds, left))
            except ModelError as error:
                self._context.status.model.failed(error)
                reason = f"the model server: {one_line(error)}"
                self._status.window_problem = reason
                pause = timings.model_pauses[min(attempt, len(timings.model_pauses) - 1)]
                if self._seconds_for_model() <= pause:
                    raise WindowLostError(FailureKind.MODEL, reason) from error
                if error.kind is ModelFailureKind.TIMEOUT:
                    seconds *= 2
                attempt += 1
                await asyncio.sleep(pause)
            else:
                self._context.status.model.answered(answer.milliseconds)
                self._status.window_problem = None
                return answer

    async def _ask_once(self, seconds: float) -> Answer[Value]:
        has_several = self._context.role is Role.FORECASTER or self._topic.labels is not None
        facts = self._context.facts_of(self._topic.topic_id)
        question = Question(
            endpoint=self._context.settings.model_endpoint,
            token=self._context.token_for(facts),
            topic_id=self._topic.topic_id,
            block_height=self.nonce,
            facts=facts,
            most_bytes=MOST_BYTES_OF_SEVERAL if has_several else MOST_BYTES,
        )
        return await self._context.model.ask(question, self._reader(), seconds)

    def _reader(self) -> Callable[[str], Value]:
        """Return what reads the model server's answer in the worker's role."""
        match self._context.role:
            case Role.FORECASTER:
                return read_forecasts
            case Role.REPUTER:
                return partial(read_truth, loss=loss_method(self._topic))
            case Role.INFERER:
                return partial(read_inference, labels=self._topic.labels)

    async def _guard(self, value: Value) -> None:
        """Warn of a value that is off by orders of magnitude, or hold it back, as is set."""
        guard = self._context.settings.guard
        if guard is Guard.OFF or self._context.role is not Role.INFERER:
            return
        if not isinstance(value, Decimal):
            return
        seconds = max(self._seconds_for_model() / 2, _MIN_SECONDS_FOR_MODEL)
        others = await values_of_others(self._context.chain, self._topic.topic_id, seconds)
        problem = implausible(value, others, self._context.facts_of(self._topic.topic_id))
        self._status.value_problem = problem
        if problem is None:
            return
        topic_id = self._topic.topic_id
        reason = f"the model's value is off by orders of magnitude: {problem}"
        reports.warning(Event.VALUE_IMPLAUSIBLE, f"topic {topic_id}: {reason}", **self._labels)
        if guard is Guard.HOLD:
            raise WindowLostError(FailureKind.HELD, reason)

    def _seconds_for_model(self) -> float:
        """Return the seconds until an answer would come too late for a transaction."""
        window = self.window
        blocks = min(_BLOCKS_FOR_TRANSACTION, (window.end - window.start) / 4)
        return self._clock.seconds_until(window.end) - blocks * self._clock.block_seconds

    # --- the chain

    async def _submit(self, value: Value) -> Accepted:
        """Submit until the chain accepts it, or the window is over."""
        pause = self._context.timings.submission_pause
        paid_attempts = 0
        while True:
            try:
                return await self._submit_once(value)
            except SequenceMovedError as error:
                self._note_shared_wallet(error)
                await self._check_not_submitted()
            except AttemptFailedError as error:
                reason = one_line(error)
                reports.warning(
                    Event.ATTEMPT_FAILED, f"topic {self._topic.topic_id}: {reason}", **self._labels
                )
                if error.was_paid:
                    paid_attempts += 1
                is_too_late = self._seconds_to_send() <= pause
                if error.was_paid or is_too_late:
                    await self._check_not_submitted()
                if error.is_final or is_too_late or paid_attempts >= _MAX_PAID_ATTEMPTS:
                    raise WindowLostError(error.kind, reason) from error
                self._status.window_problem = reason
                await asyncio.sleep(pause)

    async def _submit_once(self, value: Value) -> Accepted:
        limits = Sending(
            until=time.monotonic() + self._seconds_to_send(),
            last_block=self.window.end - 1,
            sent=self._sent,
            again=False,  # the one who has used the sequence may have submitted
        )
        async with self._breaker.payment(self._payment_pause()):
            return await self._context.submitter.submit(self._topic, self.nonce, value, limits)

    def _seconds_to_send(self) -> float:
        """Return the seconds until a transaction would miss the window's last block."""
        return self._clock.seconds_until(self.window.end) - self._clock.block_seconds

    def _payment_pause(self) -> float:
        """Return a pause short enough to meet the first window after the chain has recovered."""
        timings = self._context.timings
        half = self._topic.epoch_length * self._clock.block_seconds / 2
        return min(max(half, timings.payment_pause_min), timings.payment_pause_max)

    # --- reports

    def _note_shared_wallet(self, error: SequenceMovedError) -> None:
        topic_id = self._topic.topic_id
        reports.warning(
            Event.WALLET_SHARED,
            f"topic {topic_id}: {one_line(error)}: the operator, or another process of this worker",
            in_a_day=error.in_a_day,
            **self._labels,
        )
        reports.metric(FOREIGN_TRANSACTIONS, error.in_a_day, **self._metric_labels)

    def _note_success(self, answer: Answer[Value], accepted: Accepted) -> None:
        value, tx_hash = _shown(answer.value), shorten(accepted.tx_hash, 64)
        self._status.accepted(Submission(self.nonce, value, tx_hash, datetime.now(UTC)))
        self._info(
            Event.SUBMITTED,
            f"submitted for nonce {self.nonce}",
            value=value,
            tx_hash=tx_hash,
            height=accepted.height,
            model_ms=round(answer.milliseconds, 1),
        )
        reports.metric(SUBMISSIONS, 1, **self._metric_labels)

    def _note_loss(self, kind: FailureKind, reason: str) -> None:
        topic_id = self._topic.topic_id
        self._status.lost(kind, reason)
        reports.error(
            Event.WINDOW_LOST,
            f"topic {topic_id}: nothing submitted for nonce {self.nonce}: {reason}",
            kind=kind,
            **self._labels,
        )
        reports.metric(SUBMISSIONS, 0, FailureKind=kind, **self._metric_labels)

    @property
    def _metric_labels(self) -> dict[str, str]:
        return {**self._context.settings.labels, "TopicId": str(self._topic.topic_id)}

    def _info(self, event: Event, message: str, **fields: object) -> None:
        reports.info(event, f"topic {self._topic.topic_id}: {message}", **self._labels, **fields)


def _shown(value: Value) -> object:
    """Return a value for logs and `/health`, with all its digits."""
    if isinstance(value, Mapping):
        return {name: str(number) for name, number in value.items()}
    return str(value.value if isinstance(value, Truth) else value)
