"""The loss functions of reputers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from allora_sdk.loss_methods import (
    absolute_error_loss,
    log_cosh_loss,
    make_zptae_loss,
    make_ztae_loss,
    squared_error_loss,
)

from .czar import czar_loss
from .errors import RefusedError
from .windows import Topic

_Loss = Callable[[float, float], float]
"""From the truth and a prediction."""

# The SDK's names and aliases (allora_sdk/loss_methods/defaults.py).
_PLAIN: Final[Mapping[str, _Loss]] = {
    "sqe": squared_error_loss,
    "mse": squared_error_loss,
    "se": squared_error_loss,
    "squared_error": squared_error_loss,
    "abse": absolute_error_loss,
    "mae": absolute_error_loss,
    "ae": absolute_error_loss,
    "absolute_error": absolute_error_loss,
    "logcosh": log_cosh_loss,
    "log_cosh": log_cosh_loss,
    "logcosh_loss": log_cosh_loss,
}


def _czar_with(std: float) -> _Loss:
    return lambda truth, predicted: czar_loss(truth, predicted, std)


# Measured in standard deviations of the truth, which are not on the chain.
_SCALED: Final[Mapping[str, Callable[[float], _Loss]]] = {
    "czar": _czar_with,
    "ztae": make_ztae_loss,
    "ztae_loss": make_ztae_loss,
    "z_transformed_absolute_error": make_ztae_loss,
    "zptae": make_zptae_loss,
    "zptae_loss": make_zptae_loss,
    "z_power_tanh_absolute_error": make_zptae_loss,
}
# The SDK has a function for these, with parameters of which the chain tells nothing: a guess could
# cost the reputer's stake.
_UNCERTAIN: Final = frozenset(
    {"huber", "huber_loss", "bce", "bce_loss", "binary_cross_entropy", "poisson", "poisson_loss"}
)
_REMEDY: Final = (
    "choose a topic with mse, mae, logcosh, czar, ztae or zptae, or another ALLORA_WORKER_ROLE"
)
_SMALLEST: Final = 1e-100  # as make_reputer_function of the SDK: no logarithm of zero


@dataclass(frozen=True)
class Truth:
    """What came true, as the model server says."""

    value: Decimal
    std: Decimal | None = None
    """The standard deviation of such values, above 0, for the losses that are measured in it."""


@dataclass(frozen=True)
class LossMethod:
    """How a topic measures losses."""

    name: str
    needs_std: bool
    _with: Callable[[float], _Loss]

    def log_loss(self, truth: Truth, predicted: float) -> float:
        """Return log10 of a prediction's loss, as the chain wants it."""
        loss = self._with(float(truth.std or 1))
        return math.log10(loss(float(truth.value), predicted) + _SMALLEST)


def loss_method(topic: Topic) -> LossMethod:
    """Return how a topic measures losses, or raise `RefusedError`."""
    name = topic.loss_method.strip().lower()
    loss = f"topic {topic.topic_id} measures losses with {topic.loss_method!r}"
    if topic.labels is not None:
        raise RefusedError(f"{loss} over several labels, which is not published; {_REMEDY}")
    if plain := _PLAIN.get(name):
        return LossMethod(name, needs_std=False, _with=lambda _: plain)
    if scaled := _SCALED.get(name):
        return LossMethod(name, needs_std=True, _with=scaled)
    why = (
        "whose parameters are not on the chain" if name in _UNCERTAIN else "which is not published"
    )
    raise RefusedError(f"{loss}, {why}; {_REMEDY}")
