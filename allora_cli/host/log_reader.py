"""Read and follow the logs of the host's parts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from allora_cli.aws.queries import PATIENCE, Unknown, asked
from allora_cli.aws.session import one_sentence_errors
from allora_cli.context import Context
from allora_cli.host import log_events
from allora_cli.host.log_events import Line
from allora_cli.host.parts import Part
from allora_cli.terminal.text import clamp
from allora_cli.terraform.deployment import find_deployment, require_deployment

POLL_SECONDS: Final = 2.0
_LONGEST_PAUSE_SECONDS: Final = 30.0
_DEPLOYMENT_SECONDS: Final = 10.0
"""How often it is looked whether the host was replaced."""

_LATE: Final = timedelta(seconds=60)
"""How much later than a line an older one may arrive: Docker and the host send theirs in batches,
and CloudWatch's readers see them a little later."""

_SETTLED: Final = timedelta(seconds=10)
"""After which a line is shown at once: those that could come before it are there."""

_NOTE: Final = 160

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def parse_since(text: str, now: datetime) -> datetime:
    """Return the time of `15m`, `2h`, `1d` (ago), or `2026-11-22T10:00` (UTC by default).

    Raises:
        ValueError: it is neither.
    """
    if ago := re.fullmatch(r"([0-9]{1,6})([smhdw])", text.strip()):
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    at = datetime.fromisoformat(text.strip())
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """A line, and whose.

    Attributes:
        origin: where it comes from, by the names that JSON has.
        label: whose it is, where lines of several are shown; empty otherwise.
    """

    origin: Mapping[str, str]
    line: Line
    label: str = ""


@dataclass(frozen=True)
class Note:
    """Something that happened while following, for people."""

    text: str


class Follower:
    """Takes each line of a stream once, in order of time.

    CloudWatch shows lines late, and several in one millisecond. So it is read again from a minute
    before the newest line on; what was there already is known by its id. A line that is only just
    there waits for the next poll, so that an older one may overtake it.

    Args:
        read: the lines since a time; all of them for None.
        since: the earliest lines' time.
    """

    def __init__(
        self, read: Callable[[datetime | None], Iterable[Line]], since: datetime | None
    ) -> None:
        self._read = read
        self._since = since
        self._from = since
        self._seen: dict[str, datetime] = {}
        self._waiting: list[Line] = []

    def poll(self, now: datetime) -> list[Line]:
        """Return the lines that are new, oldest first."""
        # All of them, before anything is taken note of: the connection may break halfway.
        found = [line for line in self._read(self._from) if line.id not in self._seen]
        new = list({line.id: line for line in found}.values())
        settled = max((line.at for line in self._waiting), default=None)
        if settled is None or settled < now - _SETTLED:
            settled = now - _SETTLED
        self._remember(new, now)
        lines = sorted([*self._waiting, *new], key=lambda line: line.at)
        self._waiting = [line for line in lines if line.at > settled]
        return [line for line in lines if line.at <= settled]

    def rest(self) -> list[Line]:
        """Return the lines that wait."""
        lines, self._waiting = self._waiting, []
        return lines

    def _remember(self, lines: list[Line], now: datetime) -> None:
        self._seen |= {line.id: line.at for line in lines}
        if not self._seen:
            return
        # A clock that was ahead may have been put right.
        begin = min(max(self._seen.values()), now) - _LATE
        self._seen = {id_: at for id_, at in self._seen.items() if at >= begin}
        self._from = max(begin, self._since) if self._since else begin


class Reader(Protocol):
    """Reads a log."""

    @property
    def whose(self) -> str:
        """Return whose log it is, for people."""

    @property
    def option(self) -> str:
        """Return what `allora status` takes to show the same, as `Context.option`."""

    def read(self, since: datetime | None) -> Iterator[Entry]:
        """Yield all lines."""

    def follow(self, since: datetime | None) -> Iterator[list[Entry] | Note]:
        """Yield lines as they come; never end."""

    def rest(self) -> list[Entry]:
        """Return the lines that the follower has not given yet."""


def poll_forever(poll: Callable[[], list[Entry]]) -> Iterator[list[Entry] | Note]:
    """Yield what each poll finds; pause longer while AWS does not answer.

    Raises:
        OperatorError: what does not pass by itself.
    """
    pause = POLL_SECONDS
    while True:
        entries = asked(poll)
        if isinstance(entries, Unknown):
            if not entries.is_passing:
                raise entries.error
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            yield Note(f"{clamp(str(entries.error), _NOTE)} It is tried again in {pause:.0f} s.")
        else:
            pause = POLL_SECONDS
            yield entries
        time.sleep(pause)


class LogReader:
    """The log of one part of a worker's host; a `Reader`.

    Args:
        context: whose worker.
        part: whose log.

    Attributes:
        instance_id: the host's.

    Raises:
        OperatorError: nothing is deployed, or AWS does not answer.
    """

    def __init__(self, context: Context, part: Part) -> None:
        self._context = context
        self._logs = context.session.client("logs", config=PATIENCE)
        is_boot = part is Part.BOOT
        self._group = context.names.log_groups["host" if is_boot else part]
        self._suffix = "/boot" if is_boot else ""
        with one_sentence_errors():
            self.instance_id = require_deployment(context).instance_id
        self._follower = self._new_follower(None)
        self._is_deployed = True

    @property
    def whose(self) -> str:
        """Return whose log it is, for people."""
        return f"the host {self.instance_id}"

    @property
    def option(self) -> str:
        """Return what `allora status` takes to show the same, as `Context.option`."""
        return self._context.option

    def read(self, since: datetime | None) -> Iterator[Entry]:
        """Yield all lines of the host.

        Raises:
            OperatorError: AWS does not give them.
        """
        with one_sentence_errors():
            for line in self._read(self.instance_id, since):
                yield self._entry(line)

    def follow(self, since: datetime | None) -> Iterator[list[Entry] | Note]:
        """Yield lines as they come, also those of a host that replaces this one; never end.

        The first list is what there is already. After Ctrl-C, `rest` has what waits to be shown.

        Raises:
            OperatorError: what does not pass by itself; or the deployment is gone.
        """
        self._follower = self._new_follower(since)
        looked_at = time.monotonic()
        for news in poll_forever(self._poll):
            yield news
            if time.monotonic() - looked_at >= _DEPLOYMENT_SECONDS:
                looked_at = time.monotonic()
                yield from self._change_host(since)

    def rest(self) -> list[Entry]:
        """Return the lines that the follower has not given yet."""
        return self._entries(self._follower.rest())

    def _change_host(self, since: datetime | None) -> Iterator[list[Entry] | Note]:
        deployment = asked(lambda: find_deployment(self._context))
        if isinstance(deployment, Unknown):
            return  # Logs may be read all the same.
        if deployment is None:
            if self._is_deployed:
                yield Note("The worker is not deployed any more. This may be the log's end.")
            self._is_deployed = False
            return
        self._is_deployed = True
        if deployment.instance_id == self.instance_id:
            return
        last = asked(self._poll)
        yield [] if isinstance(last, Unknown) else last
        yield self.rest()
        yield Note(f"The host {self.instance_id} was replaced by {deployment.instance_id}.")
        self.instance_id = deployment.instance_id
        self._follower = self._new_follower(since)

    def _new_follower(self, since: datetime | None) -> Follower:
        instance_id = self.instance_id
        return Follower(lambda begin: self._read(instance_id, begin), since)

    def _read(self, instance_id: str, since: datetime | None) -> Iterator[Line]:
        stream = f"{instance_id}{self._suffix}"
        return log_events.read(self._logs, self._group, stream, since=since)

    def _poll(self) -> list[Entry]:
        return self._entries(self._follower.poll(datetime.now(UTC)))

    def _entries(self, lines: list[Line]) -> list[Entry]:
        return [self._entry(line) for line in lines]

    def _entry(self, line: Line) -> Entry:
        return Entry({"instance_id": self.instance_id}, line)
