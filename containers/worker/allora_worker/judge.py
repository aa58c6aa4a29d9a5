"""Asks the network after each nonce what it makes of the worker, in one topic.

It asks about once an epoch, beside the work in the windows and without an effect on it. What it
has to know after a restart, the network tells again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from . import reports
from .chain_reset import MAX_BLOCKS_BEHIND, ResetDetector
from .context import Context
from .contract import Role
from .errors import one_line
from .event_names import Earning, Event
from .metric_names import REWARDS, SCORE
from .rewards import Payment, Payments
from .verdict import Admission, Settlement, Standing, Verdict, decide
from .verdict_queries import UNANSWERED, VerdictQueries, or_none
from .waiting import wait_for
from .windows import Topic

_FAILURES_UNTIL_UNKNOWN: Final = 3
# The newest may be open still.
_NONCES_A_TIME: Final = 3
_EPOCHS_TO_RECALL: Final = 3
# A nonce is closed within an epoch, the next one another epoch later, and the network is asked once
# an epoch.
_EPOCHS_UNTIL_OLD: Final = 5


class Judge:
    """The network's verdict in one topic.

    Args:
        topic_id: The topic.
        context: The worker's parts.
    """

    def __init__(self, topic_id: int, context: Context) -> None:
        self._topic_id = topic_id
        self._context = context
        self._chain = context.chain
        self._status = context.status.topics[topic_id]
        self._queries = VerdictQueries(context.chain, context.role, topic_id)
        self._resets = ResetDetector()
        self._ask_soon = asyncio.Event()
        self._failures = 0
        self._forget()

    def _forget(self) -> None:
        self._topic: Topic | None = None
        self._payments = Payments()
        self._open: dict[int, Decimal | None] = {}
        """What was submitted for nonces that may not be closed yet."""
        self._unscored: set[int] = set()
        """Nonces with an admitted submission that the network has not scored yet."""
        self._admission: Admission | None = None
        self._settlement: Settlement | None = None

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self._ask()
                self._failures = 0
            except UNANSWERED as error:
                self._note_failure(one_line(error))
            await wait_for(self._ask_soon, self._pause())
            self._ask_soon.clear()

    def note_payment(self, payment: Payment) -> None:
        """Record what the chain paid, unless it is recorded already."""
        if not 0 < payment.nonce <= self._context.clock.height + MAX_BLOCKS_BEHIND:
            return
        if not self._payments.add(payment) or not payment.allo:
            return
        reports.info(
            Event.REWARDED,
            f"topic {self._topic_id}: {payment.allo:f} ALLO for nonce {payment.nonce}",
            topic=self._topic_id,
            nonce=payment.nonce,
            allo=f"{payment.allo:f}",
        )
        reports.metric(REWARDS, float(payment.allo), **self._labels)
        self._ask_soon.set()

    def _pause(self) -> float:
        timings, topic = self._context.timings, self._topic
        if self._failures or topic is None:
            return timings.verdict_min
        epoch = topic.epoch_length * self._context.clock.block_seconds
        return min(max(epoch, timings.verdict_min), timings.verdict_max)

    @property
    def _labels(self) -> dict[str, str]:
        return {
            "WorkerName": self._context.settings.worker_name,
            "TopicId": str(self._topic_id),
        }

    # --- facts

    async def _ask(self) -> None:
        if self._topic is None:
            await self._chain.check_chain_id()
        height = await self._chain.poll_height()
        if self._resets.is_reset(height):
            self._resets.restart(height)
            self._forget()
        topic = self._topic
        if topic is None:
            topic = await self._chain.topic(self._topic_id)
            await self._recall(topic, height)
        standing = await self._queries.standing()
        self._topic = topic
        before = self._admission, self._settlement
        self._open |= self._status.take_unjudged()
        await self._look_for_admission()
        await self._look_for_settlement(topic, standing, height)
        is_new = (self._admission, self._settlement) != before
        self._drop_old(topic, height)
        self._conclude(topic, standing, is_new=is_new)

    async def _recall(self, topic: Topic, height: int) -> None:
        """Find the newest submission of a process before this one."""
        live, standing, recent = await asyncio.gather(
            self._live_nonce(),
            or_none(self._queries.standing()),
            or_none(self._recent_nonce(topic)),
        )
        nonces = {live, standing and standing.scored_nonce, recent}
        found = {nonce for nonce in nonces if nonce and 0 < nonce <= height}
        self._open |= dict.fromkeys(found)
        if found and not self._status.submissions:
            blocks = height - max(found)
            self._status.succeeded_ago(blocks * self._context.clock.block_seconds)

    async def _live_nonce(self) -> int | None:
        """Return the open nonce with an inference; the network forgets it when it closes it."""
        if self._context.role is not Role.INFERER:
            return None
        return await or_none(self._chain.newest_inference(self._topic_id))

    async def _recent_nonce(self, topic: Topic) -> int | None:
        """Return the newest nonce with a submission that is admitted, and not scored perhaps."""
        for epochs in range(_EPOCHS_TO_RECALL):
            nonce = topic.epoch_last_ended - epochs * topic.epoch_length
            if nonce > 0 and self._chain.address in await self._queries.admitted(nonce):
                return nonce
        return None

    async def _look_for_admission(self) -> None:
        for nonce in sorted(self._open, reverse=True)[:_NONCES_A_TIME]:
            if admitted := await self._queries.admitted(nonce):
                self._admission = await self._admission_of(nonce, admitted)
                if self._admission.is_admitted:
                    self._unscored.add(nonce)
                self._open = {each: value for each, value in self._open.items() if each > nonce}
                return

    async def _admission_of(self, nonce: int, admitted: Mapping[str, Decimal | None]) -> Admission:
        address, threshold = self._chain.address, await self._queries.threshold()
        admission = Admission(nonce, is_admitted=address in admitted, threshold=threshold)
        if self._context.role is not Role.INFERER:
            return admission
        return replace(
            admission,
            value=admitted.get(address, self._open[nonce]),
            network_value=await self._queries.network_value(nonce),
        )

    async def _look_for_settlement(self, topic: Topic, standing: Standing, height: int) -> None:
        nonce = self._nonce_to_settle(topic, standing, height)
        scores = await self._queries.scores(nonce) if nonce else {}
        if self._chain.address in scores:
            self._settlement = await self._settlement_of(nonce, scores)
            self._unscored = {each for each in self._unscored if each > nonce}
        elif self._settlement and self._settlement.reward_fraction is None:
            fraction = await self._queries.reward_fraction()
            self._settlement = replace(self._settlement, reward_fraction=fraction)

    def _nonce_to_settle(self, topic: Topic, standing: Standing, height: int) -> int:
        """Return a nonce that may be scored, and is not known to be; 0 if there is none."""
        known = self._settlement.nonce if self._settlement else 0
        newest, admission = standing.scored_nonce, self._admission
        is_outside = admission and not admission.is_admitted and admission.nonce == newest
        if newest > known and not is_outside:
            return newest
        # The only worker in a topic has scores of 0 and no average.
        lag = topic.ground_truth_lag + 2 * topic.epoch_length
        return max((each for each in self._unscored if known < each <= height - lag), default=0)

    async def _settlement_of(self, nonce: int, scores: Mapping[str, Decimal | None]) -> Settlement:
        fraction, losses = await asyncio.gather(
            self._queries.reward_fraction(), self._queries.losses(nonce)
        )
        own = scores[self._chain.address]
        others = [score for score in scores.values() if score is not None]
        return Settlement(
            nonce,
            rank=None if own is None else 1 + sum(score > own for score in others),
            ranked=len(scores),
            reward_fraction=fraction,
            losses=losses,
        )

    def _drop_old(self, topic: Topic, height: int) -> None:
        """Drop what says nothing about the worker as it is now."""
        scored_since = height - topic.ground_truth_lag - _EPOCHS_UNTIL_OLD * topic.epoch_length
        closed_since = scored_since
        if self._context.role is not Role.REPUTER:
            closed_since += topic.ground_truth_lag
        self._open = {each: value for each, value in self._open.items() if each >= closed_since}
        self._unscored = {each for each in self._unscored if each >= scored_since}
        if self._admission and self._admission.nonce < closed_since:
            self._admission = None
        if self._settlement and self._settlement.nonce < scored_since:
            self._settlement = None

    # --- the verdict

    def _conclude(self, topic: Topic, standing: Standing, *, is_new: bool) -> None:
        if self._settlement:
            paid = self._payments.of(self._settlement.nonce)
            self._settlement = replace(self._settlement, reward_allo=paid)
        decision = decide(standing, self._admission, self._settlement)
        before = self._status.verdict
        is_same = (before.state, before.nonce) == (decision.state, decision.nonce)
        self._status.verdict = Verdict(
            state=decision.state,
            reason=decision.reason,
            nonce=decision.nonce,
            standing=standing,
            admission=self._admission,
            settlement=self._settlement,
            rewards_allo_a_day=self._payments.allo_a_day(
                self._settlement.nonce if self._settlement else 0,
                topic.epoch_length,
                self._context.clock.block_seconds,
            ),
            judged_at=before.judged_at if is_same else datetime.now(UTC),
        )
        if is_new:
            self._report_judged()
        self._report_change(before.state)

    def _note_failure(self, reason: str) -> None:
        self._failures += 1
        if self._failures < _FAILURES_UNTIL_UNKNOWN:
            return
        before = self._status.verdict
        self._status.verdict = replace(
            before,
            state=Earning.UNKNOWN,
            reason=f"the network does not say: {reason}",
            judged_at=datetime.now(UTC)
            if before.state is not Earning.UNKNOWN
            else before.judged_at,
        )
        self._report_change(before.state)

    # --- reports

    def _report_judged(self) -> None:
        verdict = self._status.verdict
        figures = verdict.report()
        reports.info(
            Event.JUDGED,
            f"topic {self._topic_id}: the network judged nonce {verdict.nonce}",
            topic=self._topic_id,
            **{name: figure for name, figure in figures.items() if figure is not None},
        )
        if verdict.standing and verdict.standing.score is not None:
            reports.metric(SCORE, float(verdict.standing.score), **self._labels)

    def _report_change(self, before: Earning) -> None:
        verdict, topic_id = self._status.verdict, self._topic_id
        if verdict.state is before:
            return
        fields: dict[str, Any] = {
            "topic": topic_id,
            "state": verdict.state,
            "nonce": verdict.nonce,
        }
        if verdict.state is Earning.EARNING:
            message = f"topic {topic_id}: the worker earns"
            reports.info(Event.EARNING, message, **fields)
        elif verdict.state is Earning.UNKNOWN:
            message = f"topic {topic_id}: whether the worker earns is unknown: {verdict.reason}"
            reports.warning(Event.VERDICT_UNKNOWN, message, **fields)
        else:
            message = f"topic {topic_id}: the worker does not earn: {verdict.reason}"
            reports.warning(Event.NOT_EARNING, message, **fields)
