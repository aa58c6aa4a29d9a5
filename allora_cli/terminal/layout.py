"""Wrap text between words; a word that is longer than a line, such as a URL, is kept whole.

rich would break it, or not wrap at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_NARROWEST = 44
"""Columns of a text beside its label: an address, and a blank."""
_INDENT = 2
_WORD = re.compile(r"\S+\s*")


def wrapped(text: Text, width: int) -> Text:
    """Return a text with line breaks between words; each continues below the line's first word."""
    return Text("\n").join(_lines(text, width))


def _lines(text: Text, width: int) -> Iterator[Text]:
    for line in text.split(allow_blank=True):
        if line.cell_len <= width:
            yield line
            continue
        indent = len(line.plain) - len(line.plain.lstrip())
        rest = line[indent:]
        *parts, last = rest.divide(_breaks(rest.plain, width - indent))
        for part in parts:
            part.rstrip()
            yield Text(" " * indent).append_text(part)
        yield Text(" " * indent).append_text(last)


def _breaks(line: str, width: int) -> Iterator[int]:
    """Yield the places of the words that begin another line."""
    used = 0
    for word in _WORD.finditer(line):
        if used and used + cell_len(word[0].rstrip()) > width:
            yield word.start()
            used = 0
        used += cell_len(word[0])


class Listing:
    """Labels, each with a text beside it, or below it where a word would not fit.

    Args:
        rows: label and text.
        gap: the least number of blanks between them.
    """

    def __init__(self, rows: Iterable[tuple[Text, Text]], *, gap: int = 2) -> None:
        self._rows = list(rows)
        self._gap = gap

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        width = options.max_width
        column = max((label.cell_len for label, _ in self._rows), default=0) + self._gap
        # A screen that is redrawn cuts what is wider.
        may_be_wider = options.overflow == "ignore"
        for label, text in self._rows:
            room = width - column
            if room < _NARROWEST or (may_be_wider and _longest_word(text) > room):
                yield _whole(label[len(label.plain) - len(label.plain.lstrip()) :])
                head, indent = Text(), _INDENT
            else:
                head, indent = label.copy(), column
            room = max(width - indent, 1)
            for line in _lines(text, room) if may_be_wider else text.wrap(console, room):
                head.append(" " * (indent - head.cell_len))
                yield _whole(head.append_text(line))
                head = Text()


def _longest_word(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)


def _whole(line: Text) -> Text:
    line.no_wrap, line.overflow = True, "ignore"
    return line
