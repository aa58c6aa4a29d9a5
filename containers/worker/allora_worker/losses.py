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

from . import loss_names
from .czar import czar_loss
from .errors import RefusedError
from .windows import Topic

_Loss = Callable[[float, float], float]
"""From the truth and a prediction."""


def _czar_with(std: float) -> _Loss:
    return lambda truth, predicted: czar_loss(truth, predicted, std)


_PLAIN: Final[Mapping[str, _Loss]] = {
    **dict.fromkeys(loss_names.SQUARED, squared_error_loss),
    **dict.fromkeys(loss_names.ABSOLUTE, absolute_error_loss),
    **dict.fromkeys(loss_names.LOG_COSH, log_cosh_loss),
}
# Measured in standard deviations of the truth, which are not on the chain.
_SCALED: Final[Mapping[str, Callable[[float], _Loss]]] = {
    **dict.fromkeys(loss_names.CZAR, _czar_with),
    **dict.fromkeys(loss_names.ZTAE, make_ztae_loss),
    **dict.fromkeys(loss_names.ZPTAE, make_zptae_loss),
}
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
    has_labels = topic.labels is not None
    if why := loss_names.obstacle(topic.topic_id, topic.loss_method, has_labels=has_labels):
        raise RefusedError(f"{why}; {loss_names.REMEDY}")
    name = loss_names.canonical(topic.loss_method)
    if plain := _PLAIN.get(name):
        return LossMethod(name, needs_std=False, _with=lambda _: plain)
    return LossMethod(name, needs_std=True, _with=_SCALED[name])
