"""The parts of a picture, and their places in SVG pixels.

As in CSS's flexbox, each part of a row or column takes the room that it needs, and those that grow
share what is left. First all widths are set, then all heights.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

PADDING = 12
LINE = 16
"""Height of a line of text."""
SIGN = 32
"""Side of a card's sign, with the gap to its text."""
_BOX_TITLE = 22
_CHARACTER = 5.8
"""Width of a character in the usual sans-serif fonts."""


@dataclass(eq=False)
class Part:
    """A box if it has content, else a card.

    Attributes:
        lines: texts below a card's title, or beside a box's title.
        sign: a card's symbol in picture.svg.
        style: a CSS class in picture.svg; "" for an invisible part.
        width: a card's least width.
        upright: whether a card's sign stands above its text.
        absent: whether it is left out of its box.
        grows: whether it takes a share of the room left in its row or column.
        level: the part at whose height it stands.
        types: the types of Terraform resources that it stands for.
        spans: from left to right, and from top to bottom; set by `put`.
    """

    title: str = ""
    lines: Sequence[str] = ()
    sign: str = ""
    style: str = "outside"
    width: int = 164
    upright: bool = False
    content: Sequence[Part] = ()
    absent: bool = False
    column: bool = False
    gap: int = 16
    grows: bool = True
    level: Part | None = None
    types: Sequence[str] = ()
    spans: list[range] = field(default_factory=lambda: [range(0), range(0)])

    def __post_init__(self) -> None:
        self.inner = [part for part in self.content if not part.absent]

    def parts(self) -> Iterator[Part]:
        """Yield it and all parts in it, the outer ones first."""
        yield self
        for part in self.inner:
            yield from part.parts()

    def texts(self) -> tuple[list[str], list[str]]:
        """Return a card's title and lines, wrapped for its width."""
        sign = SIGN if self.sign and not self.upright else 0
        room = len(self.spans[0]) - 2 * PADDING - sign
        lines = [part for line in self.lines for part in _wrap(line, room)]
        return _wrap(self.title, room * 5 // 6), lines

    def least(self, axis: int) -> int:
        """Return the width (0) that it needs, or the height (1) once the widths are set."""
        if not self.inner:
            texts = LINE * sum(map(len, self.texts())) + (SIGN if self.upright else 0)
            return texts + 2 * PADDING if axis else self.width
        title = _CHARACTER * (1.3 * len(self.title) + len(", ".join(self.lines)))
        return max(self._needed(axis), 0 if axis else int(title)) + sum(self._frame(axis))

    def _needed(self, axis: int) -> int:
        """Return the room that the content needs."""
        lengths = [part.least(axis) for part in self.inner]
        if axis == self.column:
            return sum(lengths) + self.gap * (len(lengths) - 1)
        return max(lengths, default=0)

    def _frame(self, axis: int) -> tuple[int, int]:
        """Return the room before the content and after it."""
        padding = PADDING if self.style else 0
        return padding + (_BOX_TITLE if axis and self.title else 0), padding

    def put(self, axis: int, span: range) -> None:
        """Place it and its content along one axis."""
        if axis and self.level:
            start = middle(self.level.spans[1]) - self.least(1) // 2
            span = range(start, start + self.least(1))
        self.spans[axis] = span
        before, after = self._frame(axis)
        start, stop = span.start + before, span.stop - after
        room, shares = stop - start - self._needed(axis), sum(part.grows for part in self.inner)
        for part in self.inner:
            if axis != self.column:
                part.put(axis, range(start, stop))
                continue
            share = room // shares if part.grows else 0
            room, shares = room - share, shares - part.grows
            end = start + part.least(axis) + share
            part.put(axis, range(start, end))
            start = end + self.gap


@dataclass(eq=False)
class Arrow:
    """A connection: vertical between parts one above the other, else horizontal.

    Attributes:
        label: what a vertical arrow carries.
        at: the label's distance from the tail or, if negative, from the head.
        shift: how far a vertical arrow lies right of the middle.
        level: the part at whose height a horizontal arrow lies; the head, if None.
        quiet: whether it is a relation instead of traffic.
    """

    tail: Part
    head: Part
    label: str = ""
    at: int = 22
    shift: int = 0
    level: Part | None = None
    quiet: bool = False

    def points(self) -> list[tuple[int, int]]:
        """Return the ends, and the bends between them if it is not straight."""
        (x1, y1), (x2, y2) = self.tail.spans, self.head.spans
        if _common(y1, y2):
            y = middle((self.level or self.head).spans[1])
            start, end = (x1.stop, x2.start) if x1.stop <= x2.start else (x1.start, x2.stop)
            return [(start, y), (end, y)]
        start, end = (y1.stop, y2.start) if y1.stop <= y2.start else (y1.start, y2.stop)
        if len(common := _common(x1, x2)) > 2 * PADDING:
            x = middle(common) + self.shift
            return [(x, start), (x, end)]
        x, bend = x2.start + PADDING, start + (20 if start < end else -20)
        return [(middle(x1), start), (middle(x1), bend), (x, bend), (x, end)]


def middle(span: range) -> int:
    """Return the middle of a span."""
    return (span.start + span.stop) // 2


def _common(a: range, b: range) -> range:
    return range(max(a.start, b.start), min(a.stop, b.stop))


class _Wrapper(textwrap.TextWrapper):
    wordsep_re = re.compile(r"(\s+|[^\s/-]*(?:/(?=\S{6})|-(?=\S{12})))")
    """Where a line may end: at spaces, and in long names and paths."""


def _wrap(text: str, room: int) -> list[str]:
    width = max(int(room / _CHARACTER), 6)
    long = rf"([^\s/-]{{{width * 5 // 6}}})(?=[^\s/-]{{4}})"  # may be of wide letters or digits
    return _Wrapper(width).wrap(re.sub(long, r"\1 ", text))
