"""Print logs: for people, as they are, or for scripts."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from allora_cli.host.log_format import is_for_machines, json_of, text_of
from allora_cli.host.log_reader import Entry, Note, Reader
from allora_cli.host.parts import Part
from allora_cli.terminal import console
from allora_cli.terminal.interrupts import CtrlC
from allora_cli.terminal.text import clean, moment


@dataclass(frozen=True)
class View:
    """How lines are shown.

    Attributes:
        part: whose lines.
        json: one JSON object for each line.
        raw: every line, and as it is.
    """

    part: Part
    json: bool = False
    raw: bool = False

    def shows(self, entry: Entry) -> bool:
        """Return whether this view shows it."""
        return self.raw or self.part is not Part.WORKER or not is_for_machines(entry.line)

    def print(self, entry: Entry) -> None:
        """Print a line at once."""
        if self.json:
            text = f"{json_of(self.part, entry.origin, entry.line)}\n"
        elif self.raw:
            # A file may have it as it is; a terminal obeys what is in it.
            line = entry.line.text
            text = f"{clean(line) if sys.stdout.isatty() else line}\n"
        else:
            # Not printed by rich, which would end the command when the reader has gone.
            with console.out.capture() as capture:
                console.out.print(text_of(self.part, entry.line, entry.label), end="\n")
            text = capture.get()
        sys.stdout.write(text)
        sys.stdout.flush()


def show(reader: Reader, view: View, since: datetime | None, count: int | None) -> None:
    """Print the lines that there are, the last `count` of them."""
    entries = reader.read(since)
    with _waiting(view.part):
        first = list(_take_first(entries, view, count))
    for entry in first:
        view.print(entry)
    if count is None:
        for entry in entries:
            if view.shows(entry):
                view.print(entry)
    if not first:
        console.err.print(_nothing(reader, view, since), markup=False)


def _take_first(entries: Iterable[Entry], view: View, count: int | None) -> Iterator[Entry]:
    """Yield what is needed before anything is printed: one line, or all for the last `count`."""
    shown = (entry for entry in entries if view.shows(entry))
    if count is not None:
        yield from deque(shown, maxlen=count)
    elif (entry := next(shown, None)) is not None:
        yield entry


def follow(reader: Reader, view: View, since: datetime | None, count: int | None) -> None:
    """Print the lines that there are, the last `count` of them, and those that come."""
    try:
        with CtrlC() as ctrl_c:
            _print_all(reader, view, since, count, ctrl_c)
    except KeyboardInterrupt:
        for entry in reader.rest():
            if view.shows(entry):
                view.print(entry)
        raise


def _print_all(
    reader: Reader, view: View, since: datetime | None, count: int | None, ctrl_c: CtrlC
) -> None:
    is_first = True
    for news in reader.follow(since):
        ctrl_c.check()
        if isinstance(news, Note):
            _tell(news.text)
            continue
        shown = [entry for entry in news if view.shows(entry)]
        if is_first and not shown:
            _tell(f"{_nothing(reader, view, since)}. Waiting for lines; Ctrl-C ends it.")
        if is_first and count is not None:
            shown = shown[len(shown) - min(count, len(shown)) :]
        is_first = False
        for entry in shown:
            view.print(entry)


def _nothing(reader: Reader, view: View, since: datetime | None) -> str:
    when = f" since {moment(since)}" if since else ""
    hint = " (metrics are hidden: --raw shows them)" if view.part is Part.WORKER else ""
    found = f"Nothing in the {view.part} log of {reader.whose}{when}{'' if view.raw else hint}."
    return (
        f"{found} How the worker does: allora status{reader.option}. What may be missing: allora "
        "doctor"
    )


def _tell(note: str) -> None:
    console.err.print(f"-- {note}", markup=False, style="dim")


@contextmanager
def _waiting(part: Part) -> Iterator[None]:
    """A spinner; not a line among the lines of others, where there is no terminal."""
    if not console.err.is_terminal:
        yield
        return
    with console.working(f"Reading the {part} log"):
        yield


@contextmanager
def until_nobody_reads() -> Iterator[None]:
    """End quietly when the reader has enough: `allora logs | head`."""
    try:
        yield
    except BrokenPipeError:
        # Python would complain when it flushes at its end:
        # https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
