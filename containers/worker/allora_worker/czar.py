"""The CZAR loss, with which the network measures predicted log returns.

Composite Zero-Agnostic Return: defined in
https://research.allora.network/t/czar-loss-function-for-returns-prediction-topics/155, and computed
by the network's reputers with the parameters below
(https://github.com/allora-network/allora-sdk-py/tree/main/example_reputer_realistic).
"""

from __future__ import annotations

from math import atan, exp, inf, log1p, pi, sqrt
from typing import Final

ALPHA: Final = 0.01
"""The share of the quadratic term, from 0 to 1."""
_EPSILON: Final = 1.0
"""The return, in standard deviations, up to which the loss is softened."""
_TAU: Final = 0.05
"""How smoothly the softening ends."""


def czar_loss(truth: float, predicted: float, std: float, alpha: float = ALPHA) -> float:
    """Return the loss of a predicted return.

    Args:
        truth: The return that came true.
        predicted: The predicted return.
        std: The standard deviation of such returns, above 0.
        alpha: The share of the quadratic term.
    """
    sign = -1.0 if truth < 0 else 1.0
    size = abs(truth) / std
    return _Curve(alpha).loss(size, sign * predicted / std)


class _Curve:
    """The loss in standard deviations, for a return that is not negative."""

    def __init__(self, alpha: float) -> None:
        self._shift = alpha / sqrt(3)  # of the curve's steepest part
        self._scale = 1 + self._shift**2

    def loss(self, truth: float, predicted: float) -> float:
        return self._of_error(truth, predicted) + self._softening(truth)

    def _of_error(self, truth: float, predicted: float) -> float:
        if predicted <= 0:  # the wrong direction
            linear = self._distance(truth) - predicted
            return linear + self._curvature(0.0) * predicted**2 / 2
        if predicted <= truth:
            return self._distance(truth) - self._distance(predicted)
        beyond = predicted - truth
        slope = self._scale / (1 + (truth + self._shift) ** 2)
        curvature = min(self._curvature(truth), self._curvature(0.0))
        return slope * beyond + curvature * beyond**2 / 2

    def _distance(self, truth: float) -> float:
        """Return the loss of predicting no return at all."""
        end = pi / 2 if truth == inf else atan(truth + self._shift)
        return self._scale * (end - atan(self._shift))

    def _curvature(self, truth: float) -> float:
        shifted = truth + self._shift
        return self._scale * 2 * shifted / (1 + shifted**2) ** 2

    def _softening(self, truth: float) -> float:
        """Return what is added so that predicting nothing costs about as much at any return."""
        most = self._distance(_EPSILON)
        width = _TAU * abs(1 - self._distance(inf) / most)
        left = 1 - self._distance(truth) / most
        return most * _softplus(left / width) / _softplus(1 / width)


def _softplus(x: float) -> float:
    return max(x, 0.0) + log1p(exp(-abs(x)))
