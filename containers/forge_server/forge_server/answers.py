"""Turn what a model answers into what the worker reads: a number, or one for each label."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from .failures import Kind, ModelError

_THE_VALUE = ("prediction", "value")
"""Keys of a single number; other members are about it."""


def as_text(answer: Any) -> str:  # noqa: ANN401 - whatever a model returns
    """Return the answer as the worker reads it.

    Raises:
        ModelError: It is no finite number, nor a dict of labels and such numbers.
    """
    if not isinstance(answer, dict):
        return _number(answer)
    for key in _THE_VALUE:
        if key in answer:
            return _number(answer[key])
    if not answer or not all(isinstance(label, str) and label for label in answer):
        raise _refused("a dict whose keys are not labels")
    numbers = {label: _number(value) for label, value in answer.items()}
    return (
        "{" + ", ".join(f"{json.dumps(label)}: {number}" for label, number in numbers.items()) + "}"
    )


def _number(value: Any) -> str:  # noqa: ANN401
    value = _scalar(value)
    if value is None or isinstance(value, bool):
        raise _refused(str(value))
    try:
        number = (
            Decimal(value) if isinstance(value, (int, Decimal)) else Decimal(repr(float(value)))
        )
    except (ArithmeticError, TypeError, ValueError):
        raise _refused(f"an object of the type {type(value).__name__}") from None
    if not math.isfinite(number):
        raise ModelError(Kind.FAILED, f"The prediction is {number}, no finite number.")
    return str(number)


def _scalar(value: Any) -> Any:  # noqa: ANN401
    """Return the last value of a pandas Series, and the only one of a NumPy array."""
    if hasattr(value, "iloc") and getattr(value, "ndim", 0) == 1:
        if not len(value):
            raise _refused("an empty Series")
        value = value.iloc[-1]
    size = getattr(value, "size", None)
    if isinstance(size, int) and hasattr(value, "item"):
        if size != 1:
            raise _refused(f"{size} numbers where one is expected")
        value = value.item()
    return value


def _refused(what: str) -> ModelError:
    return ModelError(
        Kind.FAILED, f"The prediction is {what}: return a number, or a dict of labels."
    )
