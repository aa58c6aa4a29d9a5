"""The picture as SVG: no script, no font and no image of elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import escape, quoteattr

from allora_cli.diagram.cards import Box, Card, Origin, Picture, Rect, Style
from allora_cli.diagram.fonts import text_width
from allora_cli.diagram.glyphs import GLYPHS
from allora_cli.diagram.layout import (
    LEGEND,
    LINE_HEIGHT,
    LINE_SIZE,
    MARGIN,
    PADDING,
    SIGN,
    TITLE_HEIGHT,
    TITLE_SIZE,
    lay_out,
    text_lines,
    title_lines,
)
from allora_cli.diagram.routes import Point, Route, find_routes

_INK = "#16202C"
_SOFT = "#566270"
_LINE = "#3C4A5A"
_QUIET = "#93A0AF"
_BORDER = "#C4CDD6"
_COMMON = "#1D6FE0"
# The system's own sans-serif font; the widths are those of the last one.
_FONTS = "Helvetica, Arial, 'DejaVu Sans', sans-serif"

_HEADER = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} \
{height}" role="img" aria-labelledby="title" font-family="{fonts}">
<title id="title">{title}</title>
<defs>
<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" \
markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L10 5L0 9.5z" fill="{line}"/></marker>
<marker id="quiet-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" \
markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L10 5L0 9.5z" fill="{quiet}"/></marker>
</defs>
<rect x="0.5" y="0.5" width="{inner_width}" height="{inner_height}" rx="10" fill="#FFFFFF" \
stroke="#DDE3E9"/>
"""


def draw(picture: Picture) -> str:
    """Lays a picture out and draws it. The same picture gives the same text everywhere."""
    whole = lay_out(picture)
    routes = find_routes(picture)
    header = _HEADER.format(
        width=whole.width,
        height=whole.height,
        inner_width=whole.width - 1,
        inner_height=whole.height - 1,
        fonts=_FONTS,
        title=escape(f"{picture.title}: {picture.subtitle}"),
        line=_LINE,
        quiet=_QUIET,
    )
    parts = [
        *_heading(picture),
        *(part for box in picture.account.boxes() for part in _frame(box)),
        *(_arrow(route) for route in routes),
        *(part for card in picture.cards() for part in _card(card)),
        *(part for box in picture.account.boxes() for part in _box_title(box)),
        *_labels(picture, routes),
        *_legend(picture, whole),
    ]
    return header + "\n".join(parts) + "\n</svg>\n"


def _text(
    x: int,
    y: int,
    text: str,
    size: int,
    *,
    colour: str = _INK,
    bold: bool = False,
    anchor: str = "",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    middle = f' text-anchor="{anchor}"' if anchor else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{weight}{middle}>'
        f"{escape(text)}</text>"
    )


def _heading(picture: Picture) -> Iterator[str]:
    yield _text(MARGIN, MARGIN + 18, picture.title, 20, bold=True)
    yield _text(MARGIN, MARGIN + 38, picture.subtitle, 13, colour=_SOFT)


def _rect(place: Rect, attributes: str, radius: int = 8) -> str:
    return (
        f'<rect x="{place.x}" y="{place.y}" width="{place.width}" height="{place.height}" '
        f'rx="{radius}" {attributes}/>'
    )


def _frame(box: Box) -> Iterator[str]:
    if box.style is Style.BARE:
        return
    dashes = ' stroke-dasharray="6 4"' if box.style.dashed else ""
    attributes = f'fill="{box.style.fill}" stroke="{box.style.stroke}" stroke-width="1.5"{dashes}'
    yield _rect(box.place, attributes, 10)


def _box_title(box: Box) -> Iterator[str]:
    if not box.title:
        return
    x, y = box.place.x + PADDING, box.place.y + 18
    yield _text(x, y, box.title, TITLE_SIZE, colour=box.style.stroke, bold=True)
    if box.note:
        beside = x + text_width(box.title, TITLE_SIZE, bold=True) + 8
        yield _text(beside, y, box.note, LINE_SIZE, colour=_SOFT)
    if box.below:
        yield _text(x, y + LINE_HEIGHT, box.below, LINE_SIZE, colour=_SOFT)


def _border(origin: Origin) -> str:
    if origin is Origin.OUTSIDE:
        return f'stroke="{_QUIET}" stroke-dasharray="4 3"'
    if origin is Origin.COMMON:
        return f'stroke="{_COMMON}" stroke-width="1.5"'
    return f'stroke="{_BORDER}"'


def _card(card: Card) -> Iterator[str]:
    place = card.place
    yield _rect(place, f'fill="#FFFFFF" {_border(card.origin)}')
    if card.upright:
        yield from _upright(card)
        return
    lines = text_lines(card)
    height = 13 + (4 + len(lines) * LINE_HEIGHT if lines else 0)
    top = place.y + (place.height - height) // 2
    yield from _sign(
        card.glyph,
        place.x + PADDING - 2,
        max(top - 2, place.y + 8) if lines else place.middle[1] - SIGN // 2,
    )
    x = place.x + PADDING + SIGN + 6
    yield _text(x, top + 12, card.title, TITLE_SIZE, bold=True)
    for number, line in enumerate(lines):
        yield _text(x, top + 29 + number * LINE_HEIGHT, line, LINE_SIZE, colour=_SOFT)


def _upright(card: Card) -> Iterator[str]:
    """In the middle between the arrows, which cross at other heights."""
    titles, lines = title_lines(card), text_lines(card)
    x, y = card.place.middle
    top = y - (SIGN + 10 + len(titles) * TITLE_HEIGHT + len(lines) * LINE_HEIGHT) // 2
    yield from _sign(card.glyph, x - SIGN // 2, top)
    y = top + SIGN + 2
    for title in titles:
        y += TITLE_HEIGHT
        yield _text(x, y, title, TITLE_SIZE, bold=True, anchor="middle")
    for line in lines:
        y += LINE_HEIGHT
        yield _text(x, y + 2, line, LINE_SIZE, colour=_SOFT, anchor="middle")


def _sign(name: str, x: int, y: int) -> Iterator[str]:
    glyph = GLYPHS[name]
    yield f'<g transform="translate({x} {y})">'
    yield f'<rect width="{SIGN}" height="{SIGN}" rx="5" fill="{glyph.colour}"/>'
    if glyph.fills:
        yield f'<path d="{glyph.fills}" fill="#FFFFFF"/>'
    if glyph.strokes:
        yield (
            f'<path d="{glyph.strokes}" fill="none" stroke="#FFFFFF" stroke-width="1.5" '
            'stroke-linecap="round" stroke-linejoin="round"/>'
        )
    yield "</g>"


def _arrow(route: Route) -> str:
    path = _path(route.points)
    if route.arrow.quiet:
        look = f'stroke="{_QUIET}" stroke-dasharray="4 3" marker-end="url(#quiet-head)"'
    else:
        look = f'stroke="{_LINE}" marker-end="url(#head)"'
    return f'<path d={quoteattr(path)} fill="none" stroke-width="1.4" {look}/>'


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _labels(picture: Picture, routes: list[Route]) -> Iterator[str]:
    """Each in the first room between two rows that its arrow comes through, beside it."""
    rooms = [range(picture.operator.place.bottom, picture.account.place.y)]
    for upper, lower in itertools.pairwise(picture.account.content):
        rooms.append(range(upper.place.bottom, lower.place.y))
    for route in routes:
        if route.arrow.label:
            yield _label(route, rooms, [other for other in routes if other is not route])


def _label(route: Route, rooms: list[range], others: list[Route]) -> str:
    (x, start), (_, end) = route.points[0], route.points[-1]
    between = range(min(start, end), max(start, end) + 1)
    room = next((r for r in rooms if r.start in between and r.stop in between), between)
    y = (room.start + room.stop) // 2 + 5
    if len(route.points) > 2:  # noqa: PLR2004 - above the level part
        y = route.points[1][1] - 5
    width = text_width(route.arrow.label, LINE_SIZE) + 10
    crowded = any(x < other.points[0][0] < x + width and _runs_at(other, y) for other in others)
    beside, anchor = (x - 7, "end") if crowded else (x + 7, "start")
    colour = _SOFT if route.arrow.quiet else _INK
    halo = 'stroke="#FFFFFF" stroke-width="3" paint-order="stroke" stroke-linejoin="round"'
    return (
        f'<text x="{beside}" y="{y}" font-size="{LINE_SIZE}" fill="{colour}" '
        f'text-anchor="{anchor}" {halo}>{escape(route.arrow.label)}</text>'
    )


def _runs_at(route: Route, y: int) -> bool:
    ends = (route.points[0][1], route.points[-1][1])
    return route.arrow.down and min(ends) <= y <= max(ends)


def _legend(picture: Picture, whole: Rect) -> Iterator[str]:
    y = whole.height - MARGIN - LEGEND // 2 + 4
    x = picture.account.place.x
    for origin, text in (
        (Origin.NODE, "stack allora-single-node"),
        (Origin.COMMON, "stack allora-common: outlives the host"),
        (Origin.OUTSIDE, "not made by Terraform"),
    ):
        yield _rect(Rect(x, y, 22, 14), f'fill="#FFFFFF" {_border(origin)}', 3)
        yield _text(x + 30, y + 11, text, LINE_SIZE, colour=_SOFT)
        x += 30 + text_width(text, LINE_SIZE) + 28
