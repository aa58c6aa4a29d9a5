"""Submission windows: which nonces take submissions, and from whom."""

from __future__ import annotations

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
        start: The block in which it opened.
        end: The last block that takes submissions.
        announce: Whether it shows up in queries (`poll`), as an event, or as both.
        is_open: False once the last block is over, or it was closed before.
    """

    topic: int
    role: Role
    nonce: int
    start: int
    end: int
    announce: Announcement = "both"
    is_open: bool = True


@dataclass(frozen=True)
class Event:
    """Something that happened in a block, as the websocket reports it."""

    kind: str
    attributes: dict[str, str]


class Windows:
    """All windows that there have been, oldest first.

    Args:
        length: How many blocks after its first one a window is open.
    """

    def __init__(self, length: int) -> None:
        self.all: list[Window] = []
        self._length = length

    def open(self, topic: int, role: Role, height: int, announce: Announcement) -> Window:
        """Open a window in a block.

        A worker window is about its own block, and a reputer window about the newest nonce that
        workers are done with and reputers have not seen; without one, about its own block, too.
        """
        unscored = self.unscored(topic) if role == "reputer" else []
        nonce = unscored[-1] if unscored else height
        window = Window(topic, role, nonce, height, height + self._length, announce)
        self.all.append(window)
        return window

    def of(self, topic: int, role: Role) -> list[Window]:
        """Return a topic's windows for one role, open and closed."""
        return [each for each in self.all if (each.topic, each.role) == (topic, role)]

    def shown_as_open(self, topic: int, role: Role) -> list[Window]:
        """Return those of a topic's windows that a query finds."""
        return [each for each in self.of(topic, role) if each.is_open and each.announce != "event"]

    def unscored(self, topic: int) -> list[int]:
        """Return closed worker nonces newer than any that reputers have had a window for."""
        newest_scored = max((each.nonce for each in self.of(topic, "reputer")), default=0)
        return [
            each.nonce
            for each in self.of(topic, "worker")
            if not each.is_open and each.nonce > newest_scored
        ]

    def is_open(self, topic: int, role: Role, nonce: int) -> bool:
        """Return whether submissions for a nonce are taken."""
        return any(each.is_open and each.nonce == nonce for each in self.of(topic, role))


def opened(window: Window) -> Event:
    """Return the event of a window that has opened."""
    return _event(window, "Opened", window_end_block=window.end)


def closed(window: Window) -> Event:
    """Return the event of a window that has closed."""
    return _event(window, "Closed")


def _event(window: Window, what: str, **more: int) -> Event:
    numbers = {"topic_id": window.topic, "nonce_block_height": window.nonce, **more}
    return Event(
        f"emissions.v10.Event{window.role.title()}SubmissionWindow{what}",
        # Typed events carry JSON, in which a 64-bit number is a string:
        # https://protobuf.dev/programming-guides/json/
        {name: f'"{number}"' for name, number in numbers.items()},
    )
