"""Asks the network after each nonce whether the worker earns, in one topic.

It asks about once an epoch, beside the work in the windows and without an effect on it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from . import reports
from .block_clock import MAX_BLOCKS_AHEAD
from .chain import UNANSWERED
from .context import Context
from .errors import one_line
from .event_names import Earning, Event
from .inquiry import Facts, Inquiry
from .metric_names import REWARDS, SCORE
from .rate_limit import RateLimit
from .rewards import Payment, Payments
from .verdict import Verdict, decide
from .verdict_queries import VerdictQueries
from .waiting import wait_for
from .windows import Topic, window_of

_FAILURES_UNTIL_UNKNOWN: Final = 3
# The network pays in a topic once an epoch, which takes minutes, and on a test chain seconds.
_PAYMENTS_PER_MINUTE: Final = 20
_PAYMENTS_AT_ONCE: Final = 10


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
        self._topic: Topic | None = None
        self._inquiry: Inquiry | None = None
        self._payments = Payments()
        self._payment_rate = RateLimit(_PAYMENTS_PER_MINUTE, _PAYMENTS_AT_ONCE)
        self._resets = context.clock.resets
        self._judged = (0, 0)
        self._failures = 0
        self._ask_soon = asyncio.Event()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self._ask()
                self._failures = 0
            except UNANSWERED as error:
                self._note_failure(one_line(error))
            await asyncio.sleep(self._context.timings.verdict_min)
            await wait_for(self._ask_soon, self._pause())
            self._ask_soon.clear()

    def note_payment(self, payment: Payment) -> None:
        """Record what the chain paid for a nonce, unless it is recorded already.

        Anyone on the websocket may invent payments: few of them count.
        """
        if not 0 < payment.nonce <= self._context.clock.height + MAX_BLOCKS_AHEAD:
            return
        if self._payment_rate.take() or not self._payments.add(payment):
            return
        if self._inquiry:
            self._inquiry.paid_nonce = payment.nonce
        self._ask_soon.set()
        if payment.allo:
            self._report_payment(payment)

    def _pause(self) -> float:
        """Return the seconds to wait for a payment, after the shortest pause."""
        timings, topic = self._context.timings, self._topic
        if self._failures or topic is None:
            return 0
        epoch = topic.epoch_length * self._context.clock.block_seconds
        return min(epoch, timings.verdict_max) - timings.verdict_min

    async def _ask(self) -> None:
        height = await self._poll_height()
        if self._topic is None:
            self._topic = await self._chain.topic(self._topic_id)
        if self._inquiry is None:
            role = self._context.role
            queries = VerdictQueries(self._chain, role, self._topic_id)
            inquiry = Inquiry(self._topic, queries, role)
            await self._recall(inquiry, self._topic, height)
            self._inquiry = inquiry
        facts = await self._inquiry.ask(height, self._status.take_unjudged())
        self._conclude(self._topic, facts)
        if any(new > old for new, old in zip(facts.judged, self._judged, strict=True)):
            self._report_judged()
        self._judged = facts.judged

    async def _poll_height(self) -> int:
        if self._topic is None:
            await self._chain.check_chain_id()
        height = await self._chain.poll_height()
        if self._context.clock.resets > self._resets:
            self._resets = self._context.clock.resets
            self._topic = self._inquiry = None
            self._payments = Payments()
            self._judged = (0, 0)
        return height

    async def _recall(self, inquiry: Inquiry, topic: Topic, height: int) -> None:
        """Count the time since the last success from the newest submission on the chain.

        It was sent in its window, which is a reputer's long after the nonce.
        """
        nonce = await inquiry.recall(height)
        if nonce is not None and not self._status.submissions:
            blocks = max(height - window_of(self._context.role, topic, nonce).start, 0)
            self._status.succeeded_ago(blocks * self._context.clock.block_seconds)

    # --- the verdict

    def _conclude(self, topic: Topic, facts: Facts) -> None:
        standing, admission, settlement = facts
        if settlement:
            settlement = replace(settlement, reward_allo=self._payments.of(settlement.nonce))
        decision = decide(standing, admission, settlement)
        before = self._status.verdict
        is_same = (before.state, before.nonce) == (decision.state, decision.nonce)
        self._status.verdict = Verdict(
            state=decision.state,
            reason=decision.reason,
            nonce=decision.nonce,
            standing=standing,
            admission=admission,
            settlement=settlement,
            rewards_allo_a_day=self._payments.allo_a_day(
                settlement.nonce if settlement else 0,
                topic.epoch_length,
                self._context.clock.block_seconds,
            ),
            judged_at=before.judged_at if is_same else datetime.now(UTC),
        )
        self._report_change(before.state)

    def _note_failure(self, reason: str) -> None:
        self._failures += 1
        if self._failures < _FAILURES_UNTIL_UNKNOWN:
            return
        before = self._status.verdict
        is_same = before.state is Earning.UNKNOWN
        self._status.verdict = replace(
            before,
            state=Earning.UNKNOWN,
            reason=f"the network does not say: {reason}",
            judged_at=before.judged_at if is_same else datetime.now(UTC),
        )
        self._report_change(before.state)

    # --- reports

    @property
    def _labels(self) -> dict[str, str]:
        return {**self._context.settings.labels, "TopicId": str(self._topic_id)}

    def _report_payment(self, payment: Payment) -> None:
        allo = f"{payment.allo:f}"
        reports.info(
            Event.REWARDED,
            f"topic {self._topic_id}: {allo} ALLO for nonce {payment.nonce}",
            topic=self._topic_id,
            nonce=payment.nonce,
            allo=allo,
        )
        reports.metric(REWARDS, float(payment.allo), **self._labels)

    def _report_judged(self) -> None:
        verdict = self._status.verdict
        figures = verdict.report()
        reports.info(
            Event.JUDGED,
            f"topic {self._topic_id}: the network judged nonce {verdict.nonce}: {verdict.state}",
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
