"""What a request asks for: a price, a log return or a volatility, and how far ahead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from .horizon import HOUR, MINUTE, parse_horizon

TOPIC_FORM = re.compile(r"[0-9]{1,20}")
"""A topic's number."""

LONGEST_VOLATILITY = 4 * HOUR
"""Seconds of the longest horizon of a volatility: the exchanges give five hours of minutes."""

_SHORTEST_VOLATILITY = 5 * MINUTE


class Kind(StrEnum):
    """What can be forecast."""

    PRICE = "price"
    LOG_RETURN = "log-return"
    VOLATILITY = "volatility"


class CannotServeError(ValueError):
    """This server cannot answer; the text says why."""


@dataclass(frozen=True, slots=True)
class Task:
    """What to forecast."""

    kind: Kind
    horizon: float
    """Seconds to look ahead."""


def task_of(kind: str, horizon: str) -> Task:
    """Return the task for a kind and a horizon, such as `log-return` and `8h`.

    Raises:
        CannotServeError: This server makes no such forecasts.
    """
    if kind not in list(Kind):
        raise CannotServeError(
            f"this server forecasts {', '.join(Kind)}, and no {kind}; bring your own model for it"
        )
    try:
        return checked(Task(Kind(kind), parse_horizon(horizon)))
    except CannotServeError:
        raise
    except ValueError as error:
        raise CannotServeError(str(error)) from None


def checked(task: Task) -> Task:
    """Return a task, or raise `CannotServeError` if its horizon suits no forecast of its kind."""
    if (
        task.kind is Kind.VOLATILITY
        and not _SHORTEST_VOLATILITY <= task.horizon <= LONGEST_VOLATILITY
    ):
        raise CannotServeError(
            f"this server forecasts volatilities over 5min to 4h, not over {task.horizon:g} s;"
            " bring your own model for it"
        )
    return task
