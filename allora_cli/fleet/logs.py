"""Read and follow the logs of a fleet's workers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from allora_cli.aws.queries import PATIENCE
from allora_cli.aws.session import one_sentence_errors
from allora_cli.context import FleetContext
from allora_cli.fleet.streams import Stream, prefix_of
from allora_cli.host import log_events
from allora_cli.host.log_events import Line
from allora_cli.host.log_reader import Entry, Follower, Note, poll_forever
from allora_cli.host.parts import Part


class FleetLogReader:
    """The log of one part of a fleet's tasks, those that have ended included; a `Reader`.

    Args:
        fleet: Whose log.
        part: Worker or model.
        worker: The only worker whose lines are read; empty for all.
    """

    def __init__(self, fleet: FleetContext, part: Part, worker: str = "") -> None:
        self._logs = fleet.session.client("logs", config=PATIENCE)
        self._group = fleet.names.log_groups[part]
        self._worker = worker
        self._follower = Follower(self._read, None)

    @property
    def whose(self) -> str:
        """Return whose log it is, for people."""
        return self._worker or "the fleet"

    @property
    def option(self) -> str:
        """Return what `allora status` takes to show the same, as `Context.option`."""
        return f" --worker {self._worker}" if self._worker else ""

    def read(self, since: datetime | None) -> Iterator[Entry]:
        """Yield all lines.

        Raises:
            OperatorError: AWS does not give them.
        """
        with one_sentence_errors():
            for line in self._read(since):
                yield self._entry(line)

    def follow(self, since: datetime | None) -> Iterator[list[Entry] | Note]:
        """Yield lines as they come, also those of new tasks and workers; never end.

        Raises:
            OperatorError: What does not pass by itself.
        """
        self._follower = Follower(self._read, since)
        return poll_forever(lambda: self._entries(self._follower.poll(datetime.now(UTC))))

    def rest(self) -> list[Entry]:
        """Return the lines that the follower has not given yet."""
        return self._entries(self._follower.rest())

    def _read(self, since: datetime | None) -> Iterator[Line]:
        prefix = prefix_of(self._worker) if self._worker else ""
        return log_events.read_streams(self._logs, self._group, prefix, since=since)

    def _entries(self, lines: list[Line]) -> list[Entry]:
        return [self._entry(line) for line in lines]

    def _entry(self, line: Line) -> Entry:
        stream = Stream.of(line.stream)
        return Entry(stream.as_dict(), line, "" if self._worker else stream.worker)
