"""How reputers measure an error."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from allora_sdk.loss_methods import absolute_error_loss, log_cosh_loss, squared_error_loss

from .errors import RefusedError

# The SDK's names, with its aliases (allora_sdk/loss_methods/defaults.py), of those methods that
# have no parameters. The others have some that are not on the chain, so that a loss computed with
# a guess could cost the reputer its stake.
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
    """The function of truth and value that gives the loss's logarithm, which the chain expects.

    Raises:
        RefusedError: The topic's method needs parameters that the chain does not tell.
    """
    loss = _METHODS.get(method.strip().lower())
    if loss is None:
        raise RefusedError(
            f"the topic measures losses with {method!r}, and this worker can compute "
            f"{', '.join(sorted(_METHODS))}; choose another topic"
        )
    return lambda truth, value: math.log10(loss(truth, value) + _SMALLEST)
