"""Where everything comes: rows and columns, measured from within, placed from without."""

from __future__ import annotations

import re
from collections.abc import Iterator

from allora_cli.diagram.cards import Box, Card, Picture, Rect, Style
from allora_cli.diagram.fonts import text_width

TITLE_SIZE = 13
TITLE_HEIGHT = 16
LINE_SIZE = 12
LINE_HEIGHT = 16
SIGN = 24
"""Side of a card's sign."""
PADDING = 12
MARGIN = 20
HEADING = 56
"""Height of the picture's title and subtitle."""
LEGEND = 40

_ACTOR_GAP = 44
_OPERATOR_GAP = 44
_BOX_TITLE = 22


def lay_out(picture: Picture) -> Rect:
    """Gives every card and box its place; returns the picture's own."""
    account = picture.account
    actors_width = max(_size(actor)[0] for actor, _ in picture.actors) if picture.actors else 0
    left = MARGIN + (actors_width + _ACTOR_GAP if picture.actors else 0)
    width, height = _size(account)
    picture.operator.width = width
    operator_height = _size(picture.operator)[1]
    top = MARGIN + HEADING
    picture.operator.place = Rect(left, top, width, operator_height)
    _place(account, Rect(left, top + operator_height + _OPERATOR_GAP, width, height))
    for actor, beside in picture.actors:
        actor_height = _size(actor)[1]
        y = beside.place.middle[1] - actor_height // 2
        actor.place = Rect(MARGIN, y, actors_width, actor_height)
    return Rect(0, 0, account.place.right + MARGIN, account.place.bottom + LEGEND + MARGIN)


def text_lines(card: Card) -> list[str]:
    """A card's lines, broken for its width."""
    room = card.width - 2 * PADDING - (0 if card.upright else SIGN + 8)
    return [part for line in card.lines for part in break_line(line, room)]


def title_lines(card: Card) -> list[str]:
    """The title of an upright card, broken for its width."""
    return break_line(card.title, card.width - 8, size=TITLE_SIZE, bold=True)


def break_line(text: str, room: int, *, size: int = LINE_SIZE, bold: bool = False) -> list[str]:
    """Breaks a text at spaces.

    A word that is too long for the room is broken after `/`, `-`, `.` or `@`, and else anywhere.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text, room):
        if line and text_width((line + piece).rstrip(), size, bold=bold) > room:
            lines.append(line.rstrip())
            line = ""
        line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str, room: int) -> Iterator[str]:
    for word in (f"{word} " for word in text.split(" ")):
        if text_width(word, LINE_SIZE) <= room:
            yield word
            continue
        for part in re.findall(r"[^/.@-]*[/.@-]+|[^/.@-]+$", word):
            yield from [part] if text_width(part, LINE_SIZE) <= room else part


def title_rect(box: Box) -> Rect:
    """Where a box's title and note are; of no size when it has none."""
    if not box.title:
        return Rect(box.place.x, box.place.y, 0, 0)
    return Rect(box.place.x + 8, box.place.y + 4, _title_width(box), 17)


def _title_width(box: Box) -> int:
    note = text_width(box.note, LINE_SIZE) + 8 if box.note else 0
    return text_width(box.title, TITLE_SIZE, bold=True) + note + 8


def _size(part: Card | Box) -> tuple[int, int]:
    return _card_size(part) if isinstance(part, Card) else _box_size(part)


def _card_size(card: Card) -> tuple[int, int]:
    lines = len(text_lines(card)) * LINE_HEIGHT
    if card.upright:
        titles = len(title_lines(card)) * TITLE_HEIGHT
        return card.width, 2 * PADDING + SIGN + titles + 10 + lines
    width = max(card.width, text_width(card.title, TITLE_SIZE, bold=True) + SIGN + 2 * PADDING + 6)
    return width, max(2 * PADDING + 13 + (lines + 4 if lines else 0), SIGN + 20)


def _box_size(box: Box) -> tuple[int, int]:
    sizes = [_size(part) for part in box.content]
    widths, heights = [w for w, _ in sizes], [h for _, h in sizes]
    gaps = box.gap * max(len(sizes) - 1, 0)
    inner = (
        (max(widths, default=0), sum(heights) + gaps)
        if box.column
        else (sum(widths) + gaps, max(heights, default=0))
    )
    frame = 0 if box.style is Style.BARE else 2 * PADDING
    width = max(inner[0] + frame, _title_width(box) + 8 if box.title else 0)
    return width, inner[1] + frame + _above(box)


def _above(box: Box) -> int:
    titles = _BOX_TITLE if box.title else 0
    return box.above + titles + (LINE_HEIGHT if box.below else 0)


def _place(part: Card | Box, place: Rect) -> None:
    part.place = place
    if isinstance(part, Card):
        return
    frame = 0 if part.style is Style.BARE else PADDING
    x, y = place.x + frame, place.y + frame + _above(part)
    inner = Rect(x, y, place.right - frame - x, place.bottom - frame - y)
    if part.column:
        _place_column(part, inner)
    else:
        _place_row(part, inner)


def _place_row(box: Box, inner: Rect) -> None:
    widths = [_size(part)[0] for part in box.content]
    room = inner.width - sum(widths) - box.gap * (len(widths) - 1)
    x = inner.x
    shares = sum(part.grows for part in box.content)
    for part, least in zip(box.content, widths, strict=True):
        width = least
        if part.grows:
            width += room // shares
            room -= room // shares
            shares -= 1
        _place(part, Rect(x, inner.y, width, inner.height))
        x += width + box.gap


def _place_column(box: Box, inner: Rect) -> None:
    heights = [_size(part)[1] for part in box.content]
    room = inner.height - sum(heights) - box.gap * (len(heights) - 1)
    y = inner.y
    shares = sum(part.grows for part in box.content)
    for part, least in zip(box.content, heights, strict=True):
        height = least
        if part.grows:
            height += room // shares
            room -= room // shares
            shares -= 1
        _place(part, Rect(inner.x, y, inner.width, height))
        y += height + box.gap
