"""Finds out what became of a worker's submissions in one topic.

What it has to know after a restart, the network tells again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from .block_clock import MAX_BLOCKS_AHEAD
from .contract import Role
from .verdict import Admission, Settlement, Standing
from .verdict_queries import VerdictQueries, or_none
from .windows import Topic

# Of several nonces the newest may be open still, or not scored yet.
_NONCES_A_TIME: Final = 3
# A nonce is closed within an epoch, the next one another epoch later, and the network is asked once
# an epoch.
_EPOCHS_UNTIL_OLD: Final = 5


class Facts(NamedTuple):
    """What is known of the submissions in a topic."""

    standing: Standing
    admission: Admission | None = None
    """Of the newest nonce that is closed."""
    settlement: Settlement | None = None
    """Of the newest nonce that is scored."""

    @property
    def judged(self) -> tuple[int, int]:
        """The nonces; 0 for none."""
        admission, settlement = self.admission, self.settlement
        return (admission.nonce if admission else 0, settlement.nonce if settlement else 0)


class Inquiry:
    """The questions about the submissions in one topic.

    Args:
        topic: The topic.
        queries: Are about the worker in this topic.
        role: The worker's.
    """

    def __init__(self, topic: Topic, queries: VerdictQueries, role: Role) -> None:
        self.paid_nonce = 0
        """The nonce for which the chain announced rewards last."""
        self._topic = topic
        self._queries = queries
        self._role = role
        self._open: dict[int, Decimal | None] = {}
        """What was submitted for nonces that may not be closed yet."""
        self._admission: Admission | None = None
        self._settlement: Settlement | None = None
        self._is_first = True

    async def recall(self, height: int) -> int | None:
        """Return the newest nonce that a process before this one submitted for, if one is known.

        An open nonce has live inferences, which the network forgets when it closes it. Then the
        admitted ones are known, and with the score the newest, admitted or not.

        Raises:
            ChainUnavailableError, RefusedError, GRPCError: The endpoint does not answer.
        """
        standing = await self._queries.standing()
        live, admitted = await asyncio.gather(
            or_none(self._queries.live_nonce), or_none(self._admitted_nonce)
        )
        nonces = {live, admitted, standing.scored_nonce}
        recalled = [nonce for nonce in nonces if nonce and 0 < nonce <= height]
        self._open |= dict.fromkeys(recalled)
        return max(recalled, default=None)

    async def ask(self, height: int, submitted: Mapping[int, Decimal | None]) -> Facts:
        """Ask what is new, and return what is known.

        Args:
            height: The newest block's.
            submitted: What was submitted since the last call, by nonce.

        Raises:
            ChainUnavailableError, RefusedError, GRPCError: The endpoint does not answer.
        """
        self._open |= submitted
        self._drop_old(height)
        standing = await self._queries.standing()
        await self._look_for_admission()
        await self._look_for_settlement(self._due(standing, height))
        self._is_first = False
        return Facts(standing, self._admission, self._settlement)

    async def _admitted_nonce(self) -> int | None:
        for epochs in range(_NONCES_A_TIME):
            nonce = self._topic.epoch_last_ended - epochs * self._topic.epoch_length
            if nonce > 0 and self._queries.address in await self._queries.admitted(nonce):
                return nonce
        return None

    # --- admission

    async def _look_for_admission(self) -> None:
        for nonce in sorted(self._open, reverse=True)[:_NONCES_A_TIME]:
            if admitted := await self._queries.admitted(nonce):
                self._admission = await self._admission_of(nonce, admitted)
                self._open = {each: value for each, value in self._open.items() if each > nonce}
                return

    async def _admission_of(self, nonce: int, admitted: Mapping[str, Decimal | None]) -> Admission:
        address, threshold = self._queries.address, await self._queries.threshold()
        admission = Admission(nonce, is_admitted=address in admitted, threshold=threshold)
        if self._role is not Role.INFERER:
            return admission
        return replace(
            admission,
            value=admitted.get(address, self._open[nonce]),
            network_value=await self._queries.network_value(nonce),
        )

    # --- settlement

    def _due(self, standing: Standing, height: int) -> list[int]:
        """Return nonces that may be scored and are not known to be, the newest first.

        A nonce is scored once its truth is known and an epoch ends, or two.
        """
        epoch = self._topic.epoch_length
        since = height - self._topic.ground_truth_lag - epoch
        some = self._admission.nonce if self._admission else self._topic.epoch_last_ended
        newest = since - (since - some) % epoch
        nonces = {newest - number * epoch for number in range(_NONCES_A_TIME)}
        nonces |= {self.paid_nonce}
        if self._is_first or standing.scored_nonce <= since:
            nonces |= {standing.scored_nonce}
        known = self._settlement.nonce if self._settlement else 0
        known = max(known, self._scored_since(height) - 1)
        return sorted((each for each in nonces if known < each <= height), reverse=True)

    async def _look_for_settlement(self, nonces: list[int]) -> None:
        for nonce in nonces:
            scores = await self._queries.scores(nonce)
            if self._queries.address in scores:
                self._settlement = await self._settlement_of(nonce, scores)
                return
        if self._settlement and self._settlement.reward_fraction is None:
            fraction = await self._queries.reward_fraction()
            self._settlement = replace(self._settlement, reward_fraction=fraction)

    async def _settlement_of(self, nonce: int, scores: Mapping[str, Decimal | None]) -> Settlement:
        fraction, losses = await asyncio.gather(
            self._queries.reward_fraction(), self._queries.losses(nonce)
        )
        own = scores[self._queries.address]
        others = [score for score in scores.values() if score is not None]
        return Settlement(
            nonce,
            rank=None if own is None else 1 + sum(score > own for score in others),
            ranked=len(scores),
            reward_fraction=fraction,
            losses=losses,
        )

    # --- age

    def _drop_old(self, height: int) -> None:
        """Drop what says nothing about the worker as it is now."""
        scored_since = closed_since = self._scored_since(height)
        if self._role is not Role.REPUTER:
            closed_since += self._topic.ground_truth_lag
        # Those from before a reset of the chain are higher than its blocks.
        newest = height + MAX_BLOCKS_AHEAD
        self._open = {
            each: value for each, value in self._open.items() if closed_since <= each <= newest
        }
        if self._admission and self._admission.nonce < closed_since:
            self._admission = None
        if self._settlement and self._settlement.nonce < scored_since:
            self._settlement = None

    def _scored_since(self, height: int) -> int:
        """Return the oldest nonce that may be scored and tells of the worker as it is now."""
        blocks = self._topic.ground_truth_lag + _EPOCHS_UNTIL_OLD * self._topic.epoch_length
        return max(height - blocks, 1)
