"""Reads what the network says of a worker; a reader may raise any exception."""

# ruff: noqa: ANN401 - the SDK has no types for the answers

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from .verdict import Losses

# The chain's decimals have 34 digits:
# https://github.com/allora-network/allora-chain/blob/main/math/dec.go
_MAX_CHARACTERS: Final = 200
_MAX_EXPONENT: Final = 100


def read_decimal(text: str) -> Decimal:
    """Return a finite number of a size that means something, or raise `ValueError`."""
    try:
        number = Decimal(text if len(text) <= _MAX_CHARACTERS else "NaN")
    except InvalidOperation as error:
        raise ValueError(f"{text[:20]!r} is not a number") from error
    if not number.is_finite() or (number and abs(number.adjusted()) > _MAX_EXPONENT):
        raise ValueError(f"{text[:20]!r} is no possible figure")
    return number or Decimal(0)


def read_score(answer: Any) -> tuple[Decimal, int] | None:
    """Return a score with the nonce of its last change; None before the first one."""
    score = answer.score
    if score is None or not score.block_height:
        return None
    return read_decimal(score.score), int(score.block_height)


def read_threshold(answer: Any) -> Decimal | None:
    """Return the lowest score in the active set; None while there is none."""
    score = answer.score
    return None if score is None or not score.address else read_decimal(score.score)


def read_scores(answer: Any) -> dict[str, Decimal | None]:
    """Return the scores for a nonce by address; None is no finite number."""
    scores = answer.scores.scores if answer.scores else []
    return {str(score.address): _decimal_or_none(score.score) for score in scores}


def read_inferences(answer: Any) -> dict[str, Decimal | None]:
    """Return the admitted inferences by address; None instead of one with several labels."""
    inferences = answer.inferences.inferences if answer.inferences else []
    return {str(each.inferer): _only(each.values) for each in inferences}


def read_forecasts(answer: Any) -> dict[str, Decimal | None]:
    """Return who forecast, each with None: a forecast has a value for each inferer."""
    forecasts = answer.forecasts.forecasts if answer.forecasts else []
    return {str(each.forecaster): None for each in forecasts}


def read_network_value(answer: Any) -> Decimal | None:
    """Return the network's combined inference; None instead of one with several labels."""
    return _only([each.value for each in answer.network_inferences.combined_value])


def read_reward_fraction(answer: Any) -> Decimal | None:
    """Return a share in the rewards; None before the first one."""
    return None if answer.not_found else read_decimal(answer.reward_fraction)


def read_losses(answer: Any, address: str) -> Losses:
    """Return the losses for a nonce, or none before it is scored."""
    bundle = answer.loss_bundle
    if bundle is None or not bundle.inferer_values:
        return Losses()
    workers = [*bundle.inferer_values, *bundle.forecaster_values]
    own: Mapping[str, str] = {each.worker: each.value for each in workers}
    return Losses(
        own=_decimal_or_none(own[address]) if address in own else None,
        network=_decimal_or_none(bundle.combined_value),
        naive=_decimal_or_none(bundle.naive_value),
    )


def _only(values: list[str]) -> Decimal | None:
    return _decimal_or_none(values[0]) if len(values) == 1 else None


def _decimal_or_none(text: str) -> Decimal | None:
    try:
        return read_decimal(text)
    except ValueError:
        return None
