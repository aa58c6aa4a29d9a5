"""Asks the network what it makes of a worker, in the queries of the worker's role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from . import verdict_answers as answers
from .chain import UNANSWERED, Chain, score_of, side_of
from .contract import Role
from .verdict import Losses, Standing

T = TypeVar("T")


@dataclass(frozen=True)
class _Names:
    """How the emissions module names the queries of a role.

    Args:
        scores: All scores for a nonce.
        fraction: Somebody's share in the rewards.
        fraction_of: The field of the request with the address.
        admitted: Who is admitted for a nonce.
        read_admitted: Reads the answer.
    """

    scores: str
    fraction: str
    fraction_of: str
    admitted: str
    read_admitted: Callable[[Any], dict[str, Decimal | None]]


_NAMES: Final[Mapping[Role, _Names]] = {
    Role.INFERER: _Names(
        scores="WorkerInferenceScoresAtBlock",
        fraction="PreviousInferenceRewardFraction",
        fraction_of="worker",
        admitted="InferencesAtBlock",
        read_admitted=answers.read_inferences,
    ),
    Role.FORECASTER: _Names(
        scores="WorkerForecastScoresAtBlock",
        fraction="PreviousForecastRewardFraction",
        fraction_of="worker",
        admitted="ForecastsAtBlock",
        read_admitted=answers.read_forecasts,
    ),
    Role.REPUTER: _Names(
        scores="ReputersScoresAtBlock",
        fraction="PreviousReputerRewardFraction",
        fraction_of="reputer",
        # Its nonces are closed and scored in one block, and the bundles are large.
        admitted="ReputersScoresAtBlock",
        read_admitted=answers.read_scores,
    ),
}


class VerdictQueries:
    """The queries about the worker in one topic."""

    def __init__(self, chain: Chain, role: Role, topic_id: int) -> None:
        self.address = chain.address
        """The worker's."""
        self._chain = chain
        self._role = role
        self._names = _NAMES[role]
        self._topic_id = topic_id

    async def standing(self) -> Standing:
        """Return the worker's standing at the moment."""
        is_active, is_whitelisted = await self._ask(
            f"{side_of(self._role)}SubmissionWindowStatus", _read_status, address=self.address
        )
        name, about = score_of(self._role, self.address)
        score = await self._ask(name, answers.read_score, **about)
        if score is None:
            return Standing(is_active, is_whitelisted)
        return Standing(is_active, is_whitelisted, *score)

    async def live_nonce(self) -> int | None:
        """Return the open nonce with an inference of the worker's, or None."""
        if self._role is not Role.INFERER:
            return None
        return await self._chain.newest_inference(self._topic_id)

    async def admitted(self, nonce: int) -> dict[str, Decimal | None]:
        """Return who is admitted for a nonce, with the inference; nobody before it is closed."""
        return await self._ask(self._names.admitted, self._names.read_admitted, block_height=nonce)

    async def scores(self, nonce: int) -> dict[str, Decimal | None]:
        """Return the scores for a nonce by address; none before it is scored."""
        return await self._ask(self._names.scores, answers.read_scores, block_height=nonce)

    async def threshold(self) -> Decimal | None:
        """Return the lowest score in the active set, or None if the network does not say."""
        name = f"CurrentLowest{self._role.title()}Score"
        return await or_none(lambda: self._ask(name, answers.read_threshold))

    async def network_value(self, nonce: int) -> Decimal | None:
        """Return the network's inference for a nonce, or None if the network does not say."""
        return await or_none(
            lambda: self._ask(
                "NetworkInferencesAtBlock",
                answers.read_network_value,
                block_height_last_inference=nonce,
            )
        )

    async def reward_fraction(self) -> Decimal | None:
        """Return the worker's share in the rewards, or None if the network does not say."""
        name, about = self._names.fraction, {self._names.fraction_of: self.address}
        return await or_none(lambda: self._ask(name, answers.read_reward_fraction, **about))

    async def losses(self, nonce: int) -> Losses:
        """Return the losses for a nonce, as far as the network says."""
        read = partial(answers.read_losses, address=self.address)
        name = "NetworkLossBundleAtBlock"
        return await or_none(lambda: self._ask(name, read, block_height=nonce)) or Losses()

    async def _ask(self, name: str, read: Callable[[Any], T], **fields: object) -> T:
        return await self._chain.query(name, read, topic_id=self._topic_id, **fields)


async def or_none(query: Callable[[], Awaitable[T]]) -> T | None:
    """Ask what may stay unanswered; return None then.

    A function, and not its coroutine: a task that is cancelled before it begins never awaits it.
    """
    try:
        return await query()
    except UNANSWERED:
        return None


def _read_status(answer: Any) -> tuple[bool, bool]:  # noqa: ANN401 - the SDK has no types for it
    return bool(answer.is_topic_active), bool(answer.is_whitelisted)
