"""The events of a host and of its worker, as their logs have them.

The names are those of `shared.host_events` and of the worker's `event_names`. Names that a newer
host may have besides are kept as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from allora_cli.host.log_events import Line
from allora_cli.terminal.text import cleaned
from shared.host_events import Event, State

_NOT_DONE: Final = {State.WAITING, State.FAILED}

Parsed = TypeVar("Parsed", bound=BaseModel)


class HostEvent(BaseModel):
    """An event of the host.

    Attributes:
        at: when it was reported.
        event: its name, of `shared.host_events.Event` or of a newer host.
        step: of the installation, from 1 on.
        of: how many steps the installation has.
        code: why it failed or waits.
        needs_operator: whether trying again does not help.
        message: one sentence for people.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    event: str
    state: State
    step: int | None = None
    of: int | None = None
    code: str | None = None
    needs_operator: bool = False
    message: str

    @property
    def is_obstacle(self) -> bool:
        """Whether something is in the way."""
        return self.state in _NOT_DONE

    @property
    def is_up(self) -> bool:
        """Whether worker and model run."""
        return self.state is State.DONE and self.event in {Event.WORKER, Event.INSTALLATION}

    @property
    def text(self) -> str:
        """What it says, after the step: "[4/6] Install packages: done"."""
        return f"[{self.step}/{self.of}] {self.message}" if self.step else self.message

    @property
    def sentence(self) -> str:
        """The text, after the state if something is in the way."""
        return f"{self.state}: {self.text}" if self.is_obstacle else self.text


class WorkerEvent(BaseModel):
    """An event of the worker.

    Attributes:
        at: when it was logged.
        event: its name.
        message: one sentence for people.
        address: the wallet's.
        topic: the topic's id.
        nonce: of a submission window.
    """

    model_config = ConfigDict(frozen=True)

    at: datetime
    event: str
    message: str = ""
    address: str | None = None
    topic: int | None = None
    nonce: int | None = None


def host_event(line: Line) -> HostEvent | None:
    """Return the event in a line of the boot log, or None if it is another's line."""
    return None if line.is_quoted else parse(HostEvent, line)


def last_host_event(lines: Sequence[Line]) -> HostEvent | None:
    """Return the newest event of a boot log, or None if it has none."""
    return next((event for line in reversed(lines) if (event := host_event(line))), None)


def worker_event(line: Line) -> WorkerEvent | None:
    """Return the event in a line of the worker's log, or None if it is another line."""
    return parse(WorkerEvent, line)


def parse(kind: type[Parsed], line: Line) -> Parsed | None:
    """Return a line's JSON object with the line's time, or None if it is of another kind."""
    try:
        return kind.model_validate(cleaned(line.fields) | {"at": line.at})
    except ValidationError:
        return None
