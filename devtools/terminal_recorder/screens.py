"""What a terminal shows, from moment to moment, as one would like to watch it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

import pyte

IDLE = 2.0
"""Seconds that nothing new may last; the rest of it is left out."""
LONGEST = 90.0
"""Seconds that the whole may last; what is longer is played faster."""
LAST = 6.0
"""Seconds that the last screen stays."""
_TOGETHER = 0.06
"""Seconds within which what is written is shown at once."""

_BUSY = re.compile(r"[\u2800-\u28ff]|\d+")
"""What a spinner and a clock change: it is no news."""


class Size(NamedTuple):
    """A terminal's size in characters."""

    columns: int
    rows: int


class Look(NamedTuple):
    """How characters look. Colours are pyte's names, or six hexadecimal digits."""

    fg: str = "default"
    bg: str = "default"
    bold: bool = False
    italic: bool = False
    underlined: bool = False


class Run(NamedTuple):
    """Neighbouring characters that look alike.

    Attributes:
        column: of the first one.
        cells: how many columns they take.
        text: the characters.
        look: how they look.
    """

    column: int
    cells: int
    text: str
    look: Look


Line = tuple[Run, ...]


@dataclass(frozen=True)
class Frame:
    """What is on the screen for some time.

    Attributes:
        lines: each row of the terminal.
        seconds: how long.
    """

    lines: tuple[Line, ...]
    seconds: float

    @property
    def text(self) -> str:
        """What can be read, a line for each row."""
        rows = []
        for line in self.lines:
            row = ""
            for run in line:
                row = row.ljust(run.column) + run.text
            rows.append(row)
        return "\n".join(rows).rstrip()


def show(events: Iterable[tuple[float, str]], size: Size) -> list[Frame]:
    """The frames, without waiting times that are too long."""
    shown = _without_idleness(list(_shots(events, size)))
    total = sum(seconds for _, seconds in shown)
    faster = min(1.0, (LONGEST - LAST) / total) if total else 1.0
    frames = [Frame(lines, seconds * faster) for lines, seconds in shown]
    return [*frames[:-1], Frame(frames[-1].lines, LAST)] if frames else []


Shot = tuple[float, tuple[Line, ...]]


def _shots(events: Iterable[tuple[float, str]], size: Size) -> Iterator[Shot]:
    """The screen after each time that something was written."""
    screen = _Screen(*size)
    stream = pyte.Stream(screen)
    begun: float | None = None
    for at, text in events:
        if begun is not None and at - begun > _TOGETHER:
            yield begun, screen.shown()
            begun = None
        begun = at if begun is None else begun
        stream.feed(text)
    if begun is not None:
        yield begun, screen.shown()


def _without_idleness(shots: list[Shot]) -> list[tuple[tuple[Line, ...], float]]:
    """Each screen with its seconds; of a spinner that runs for long, the beginning."""
    kept: list[tuple[tuple[Line, ...], float]] = []
    news, quiet = "", 0.0
    for (at, lines), following in zip_longest(shots, shots[1:]):
        said = _BUSY.sub("", Frame(lines, 0).text)
        if said != news:
            news, quiet = said, 0.0
        seconds = min(following[0] - at if following else 0.0, IDLE - quiet)
        quiet += seconds
        if seconds <= 0 and following:
            continue
        if kept and kept[-1][0] == lines:
            kept[-1] = (lines, kept[-1][1] + seconds)
        else:
            kept.append((lines, seconds))
    return kept


class _Screen(pyte.Screen):
    """Pyte's, which knows no faint characters: here they are grey."""

    def __init__(self, columns: int, lines: int) -> None:
        self._shown: list[Line] = [()] * lines
        super().__init__(columns, lines)

    def shown(self) -> tuple[Line, ...]:
        """The rows; only those that have changed are read anew."""
        for row in self.dirty:
            cells = self.buffer[row]
            self._shown[row] = _line(tuple(cells[column] for column in range(self.columns)))
        self.dirty.clear()
        return tuple(self._shown)

    def select_graphic_rendition(self, *attrs: int) -> None:
        super().select_graphic_rendition(*_without_faint(attrs))


_FAINT, _NOT_BOLD, _GREY, _DEFAULT = 2, 22, 90, 39
_EXTENDED = {38, 48}


def _without_faint(attributes: tuple[int, ...]) -> Iterator[int]:
    rest = list(attributes)
    while rest:
        attribute = rest.pop(0)
        if attribute in _EXTENDED and rest:
            # Its arguments are numbers as well: 5 and a colour, or 2 and three parts of one.
            arguments = 2 if rest[0] == 5 else 4  # noqa: PLR2004
            yield from (attribute, *rest[:arguments])
            del rest[:arguments]
        elif attribute == _FAINT:
            yield _GREY
        elif attribute == _NOT_BOLD:
            yield from (_NOT_BOLD, _DEFAULT)
        else:
            yield attribute


@lru_cache(maxsize=4096)  # what scrolls is read again and again
def _line(cells: tuple[pyte.screens.Char, ...]) -> Line:
    runs: list[Run] = []
    for column, cell in enumerate(cells):
        if not cell.data:  # the second half of a wide character
            last = runs[-1]
            runs[-1] = last._replace(cells=last.cells + 1)
            continue
        look = _look(cell)
        if cell.data == " " and look.bg == "default" and not look.underlined:
            continue
        # A wide character is a run by itself: a viewer's font may have another width for it.
        is_wide = column + 1 < len(cells) and not cells[column + 1].data
        if runs and not is_wide and _goes_on(runs[-1], column, look):
            last = runs[-1]
            gap = column - last.column - last.cells
            text = last.text + " " * gap + cell.data
            runs[-1] = Run(last.column, last.cells + gap + 1, text, look)
        else:
            runs.append(Run(column, 1, cell.data, look))
    return tuple(runs)


def _goes_on(run: Run, column: int, look: Look) -> bool:
    """Whether a character belongs to the run before it, from which one space may part it."""
    is_wide = run.cells != len(run.text)
    return run.look == look and not is_wide and column - run.column - run.cells <= 1


def _look(cell: pyte.screens.Char) -> Look:
    fg, bg = (cell.bg, cell.fg) if cell.reverse else (cell.fg, cell.bg)
    if cell.reverse:
        fg = "black" if fg == "default" else fg
        bg = "white" if bg == "default" else bg
    return Look(fg, bg, cell.bold, cell.italics, cell.underscore)
