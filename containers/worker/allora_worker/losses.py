"""The loss functions of reputers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from allora_sdk.loss_methods import absolute_error_loss, log_cosh_loss, squared_error_loss

from .errors import RefusedError

# The SDK's names and aliases (allora_sdk/loss_methods/defaults.py) of the methods without
# parameters. Those of the others are not on the chain, and a guess could cost the reputer's stake.
_METHODS: Final[Mapping[str, Callable[[float, float], float]]] = {
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
_SMALLEST: Final = 1e-100  # as make_reputer_function of the SDK: no logarithm of zero


def log_loss(method: str) -> Callable[[float, float], float]:
    """Return the function from truth and value to log10 of the loss, or raise `RefusedError`."""
    loss = _METHODS.get(method.strip().lower())
    if loss is None:
        raise RefusedError(
            f"the topic measures losses with {method!r}, and this worker can compute "
            f"{', '.join(sorted(_METHODS))}; choose another topic"
        )
    return lambda truth, value: math.log10(loss(truth, value) + _SMALLEST)
