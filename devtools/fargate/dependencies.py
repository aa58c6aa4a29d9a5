"""When a container of a task may start: `dependsOn`.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from devtools.fargate.definition import Condition, Container


@dataclass(frozen=True)
class State:
    """What has become of a container that was started.

    Attributes:
        exit_code: None while it runs.
        is_healthy: None without a health check, or before its first verdict.
    """

    exit_code: int | None = None
    is_healthy: bool | None = None


class Turn(StrEnum):
    """Whether a container may start."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


def turn_of(container: Container, states: Mapping[str, State]) -> Turn:
    """Return whether a container may start.

    Args:
        container: One that was not started yet.
        states: Those of the containers that were, by name.
    """
    turns = {_turn(condition, states.get(name)) for name, condition in container.depends_on.items()}
    return next((turn for turn in (Turn.NEVER, Turn.LATER) if turn in turns), Turn.NOW)


def _turn(condition: Condition, state: State | None) -> Turn:
    if state is None:
        return Turn.LATER
    has_ended = state.exit_code is not None
    is_met, is_lost = {
        Condition.START: (True, False),
        Condition.COMPLETE: (has_ended, False),
        Condition.SUCCESS: (state.exit_code == 0, has_ended),
        Condition.HEALTHY: (state.is_healthy is True, has_ended),
    }[condition]
    if is_met:
        return Turn.NOW
    return Turn.NEVER if is_lost else Turn.LATER


def end_of(container: Container, state: State) -> str | None:
    """Return why a task with a container in this state has to stop, in ECS's words; or None."""
    if not container.essential:
        return None
    if state.exit_code is not None:
        return f"Essential container in task exited: {container.name} with code {state.exit_code}"
    if state.is_healthy is False:
        return f"Task failed container health checks: {container.name}"
    return None
