"""Where the arrows go: straight where two things face each other, else with two bends.

No arrow crosses a card or a title, as far as there is a way round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from allora_cli.diagram.cards import Arrow, Box, Card, Picture, Rect
from allora_cli.diagram.layout import title_rect

Point = tuple[int, int]
Taken = dict[tuple[int, int], list[int]]
"""The x of the arrows that end at a thing, by the thing and the y of its side."""

_FROM_CORNER = 14
_APART = 24
"""Between the ends of arrows on one side of a thing."""
_BEFORE_HEAD = 20
"""From the last bend to the thing."""


@dataclass(frozen=True)
class Route:
    """An arrow's way.

    Attributes:
        arrow: whose way it is.
        points: the ends, and the bends between them.
    """

    arrow: Arrow
    points: tuple[Point, ...]


def find_routes(picture: Picture) -> list[Route]:
    """The ways of all arrows, in their order."""
    titles = [title_rect(box) for box in picture.account.boxes() if box.title]
    obstacles = [*(card.place for card in picture.cards()), *titles]
    taken: Taken = {}
    routes = {}
    # Straight ones first: they have less choice.
    for arrow in sorted(picture.arrows, key=_bends):
        points = (
            _down(arrow, obstacles, taken, _share(arrow, picture.arrows))
            if arrow.down
            else _across(arrow)
        )
        for thing, point in ((arrow.tail, points[0]), (arrow.head, points[-1])):
            x, y = point
            taken.setdefault((id(thing), y), []).append(x)
        routes[id(arrow)] = Route(arrow, points)
    return [routes[id(arrow)] for arrow in picture.arrows]


def _bends(arrow: Arrow) -> bool:
    return arrow.down and not _common(arrow)


def _common(arrow: Arrow) -> range:
    """The x at which a vertical line meets both."""
    tail, head = arrow.tail.place, arrow.head.place
    return range(max(tail.x, head.x) + _FROM_CORNER, min(tail.right, head.right) - _FROM_CORNER + 1)


def _share(arrow: Arrow, arrows: list[Arrow]) -> tuple[int, int]:
    """Which part of their common side the arrow takes, of all between the same two."""
    both = {arrow.tail, arrow.head}
    alike = [other for other in arrows if {other.tail, other.head} == both]
    return alike.index(arrow) + 1, len(alike) + 1


def _across(arrow: Arrow) -> tuple[Point, ...]:
    tail, head = arrow.tail.place, arrow.head.place
    y = (arrow.level or arrow.head).place.middle[1]
    if tail.right <= head.x:
        return ((tail.right, y), (head.x, y))
    return ((tail.x, y), (head.right, y))


def _down(
    arrow: Arrow,
    obstacles: list[Rect],
    taken: Taken,
    share: tuple[int, int],
) -> tuple[Point, ...]:
    tail, head = arrow.tail.place, arrow.head.place
    falls = tail.bottom <= head.y
    start, end = (tail.bottom, head.y) if falls else (tail.y, head.bottom)
    between = range(min(start, end), max(start, end))
    starts = taken.get((id(arrow.tail), start), [])
    ends = taken.get((id(arrow.head), end), [])
    if common := _common(arrow):
        part, parts = share
        wished = common[len(common) * part // parts]
        x = _free(common, wished, starts + ends, _in_way(obstacles, between))
        return ((x, start), (x, end))
    # Beside the level of the tail, there is room between the rows.
    bend = start + _BEFORE_HEAD if falls else start - _BEFORE_HEAD
    tail_x = _free(_side(arrow.tail), tail.middle[0], starts, [])
    beyond = range(min(bend, end), max(bend, end))
    head_x = _free(_side(arrow.head), tail_x, ends, _in_way(obstacles, beyond))
    return ((tail_x, start), (tail_x, bend), (head_x, bend), (head_x, end))


def _side(thing: Card | Box) -> range:
    return range(thing.place.x + _FROM_CORNER, thing.place.right - _FROM_CORNER + 1)


def _in_way(obstacles: Iterable[Rect], rows: range) -> list[Rect]:
    return [o for o in obstacles if o.y < rows.stop and o.bottom > rows.start and o.width]


def _free(candidates: range, wished: int, used: list[int], obstacles: list[Rect]) -> int:
    """The x nearest to the wished one that is neither taken nor blocked."""

    def cost(x: int) -> tuple[bool, bool, int, int]:
        blocked = any(o.x - 6 < x < o.right + 6 for o in obstacles)
        crowded = any(abs(x - other) < _APART for other in used)
        return blocked, crowded, abs(x - wished), x

    return min(candidates, key=cost)
