"""Submission windows: which nonces take submissions, and from whom."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

Role = Literal["worker", "reputer"]
Announcement = Literal["both", "poll", "event"]


@dataclass
class Window:
    """A span of blocks in which submissions for one nonce are taken.

    Attributes:
        topic: The topic's id.
        role: Who may submit: workers (inferers and forecasters) or reputers.
        nonce: Height of the block that the submissions are about.
        start: The first block that takes submissions, as the node tells.
        end: The last block that takes submissions, as the node tells.
        opens: The same in the unit of the chain's durations: a height, or seconds since its start.
        closes: The same of the end.
        announce: Whether it shows up in queries (`poll`), as an event, or as both.
        is_scheduled: Whether it belongs to an epoch, with whose ends a reputers' window is closed.
        is_open: False before the first block, once the last block is over, or after it was closed.
        is_over: Whether the nonce is fulfilled, in the chain's term.
        is_told: Whether subscribers know of it.
    """

    topic: int
    role: Role
    nonce: int
    start: int
    end: int
    opens: float
    closes: float
    announce: Announcement = "both"
    is_scheduled: bool = False
    is_open: bool = True
    is_over: bool = False
    is_told: bool = False

    def takes_at(self, now: float) -> bool:
        """Return whether submissions are taken, first and last moment included."""
        return self.opens <= now <= self.closes


@dataclass(frozen=True)
class Event:
    """Something that happened in a block, as the websocket reports it."""

    kind: str
    attributes: dict[str, str]


class Windows:
    """All windows that there have been, oldest first."""

    def __init__(self) -> None:
        self.all: list[Window] = []

    def add(self, window: Window) -> None:
        """Add a window."""
        self.all.append(window)

    def of(self, topic: int, role: Role) -> list[Window]:
        """Return a topic's windows for one role, open and closed."""
        return [each for each in self.all if (each.topic, each.role) == (topic, role)]

    def find(self, topic: int, role: Role, nonce: int) -> Window | None:
        """Return the newest window for a nonce, or None."""
        found = [each for each in self.of(topic, role) if each.nonce == nonce]
        return found[-1] if found else None

    def shown_as_open(self, topic: int, role: Role) -> list[Window]:
        """Return those of a topic's windows that a query finds."""
        return [each for each in self.of(topic, role) if each.is_open and each.announce != "event"]

    def waiting(self, topic: int) -> list[Window]:
        """Return the reputers' windows that are still to come."""
        return [each for each in self.of(topic, "reputer") if not each.is_open and not each.is_over]

    def unscored(self, topic: int) -> list[int]:
        """Return closed worker nonces newer than any that reputers have had a window for."""
        newest_scored = max((each.nonce for each in self.of(topic, "reputer")), default=0)
        return [
            each.nonce
            for each in self.of(topic, "worker")
            if each.is_over and each.nonce > newest_scored
        ]


def opened(window: Window) -> Event:
    """Return the event of a window that has opened."""
    return _event(window, "Opened", window_end_block=window.end)


def closed(window: Window) -> Event:
    """Return the event of a window that has closed."""
    return _event(window, "Closed")


def _event(window: Window, what: str, **more: int) -> Event:
    return typed_event(
        f"emissions.v10.Event{window.role.title()}SubmissionWindow{what}",
        topic_id=window.topic,
        nonce_block_height=window.nonce,
        **more,
    )


def typed_event(kind: str, **values: int | str | list[str]) -> Event:
    """Return an event with its attributes in JSON, in which a 64-bit number is a string.

    https://protobuf.dev/programming-guides/json/
    """
    return Event(
        kind,
        {
            name: json.dumps(str(value) if isinstance(value, int) else value)
            for name, value in values.items()
        },
    )
