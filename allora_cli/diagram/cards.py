"""What a picture consists of: cards in boxes, and arrows between them. Lengths are SVG pixels."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import NamedTuple


class Rect(NamedTuple):
    """Where something is; `x` and `y` are its left upper corner."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The right side's x."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The lower side's y."""
        return self.y + self.height

    @property
    def middle(self) -> tuple[int, int]:
        """The middle's x and y."""
        return self.x + self.width // 2, self.y + self.height // 2

    def grown(self, by: int) -> Rect:
        """With a margin on each side."""
        return Rect(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)


NOWHERE = Rect(0, 0, 0, 0)


class Origin(StrEnum):
    """Who makes a thing, which its border shows."""

    NODE = "node"
    COMMON = "common"
    """The stack `allora-common`: it outlives the host."""
    OUTSIDE = "outside"
    """Terraform does not make it: a person, a service, what is there already."""


@dataclass(eq=False)
class Card:
    """One thing, or several alike.

    Attributes:
        title: what it is.
        lines: what is worth knowing about it.
        glyph: its sign (glyphs.py).
        origin: who makes it.
        width: at least; texts are broken for it.
        grows: whether it takes its share of a row's room.
        upright: the sign above the text, for a narrow card.
        place: set by the layout.
    """

    title: str
    lines: list[str] = field(default_factory=list)
    glyph: str = ""
    origin: Origin = Origin.NODE
    width: int = 150
    grows: bool = True
    upright: bool = False
    place: Rect = NOWHERE


class Style(Enum):
    """How a box looks: the colours of its border and ground, and whether the border is dashed."""

    BARE = ("none", "none", False)
    """Not seen: it only keeps its content together."""
    ACCOUNT = ("#37475A", "#FFFFFF", False)
    VPC = ("#8C4FFF", "#FAF8FF", False)
    SUBNET = ("#7AA116", "#F5F9EE", False)
    SECURITY_GROUP = ("#DD344C", "#FFFFFF", True)
    INSTANCE = ("#ED7100", "#FFF6EC", False)
    BUCKET = ("#7AA116", "#F7FAF1", False)
    WATCH = ("#E7157B", "#FEF7FB", False)

    @property
    def stroke(self) -> str:
        """The border's colour."""
        return self.value[0]

    @property
    def fill(self) -> str:
        """The ground's colour."""
        return self.value[1]

    @property
    def dashed(self) -> bool:
        """Whether the border is dashed."""
        return self.value[2]


@dataclass(eq=False)
class Box:
    """A frame around cards and other boxes.

    Attributes:
        title: at its left upper corner.
        note: smaller, after the title.
        content: from left to right, or from top to bottom.
        style: how it looks.
        column: from top to bottom.
        below: a line below the title.
        gap: between its parts.
        above: room above the content, beside that for a title.
        grows: whether it takes its share of a row's room.
        place: set by the layout.
    """

    title: str = ""
    note: str = ""
    content: list[Card | Box] = field(default_factory=list)
    style: Style = Style.BARE
    column: bool = False
    below: str = ""
    gap: int = 16
    above: int = 0
    grows: bool = True
    place: Rect = NOWHERE

    def cards(self) -> list[Card]:
        """All cards in it, however deep."""
        return [
            card
            for part in self.content
            for card in (part.cards() if isinstance(part, Box) else [part])
        ]

    def boxes(self) -> list[Box]:
        """It, and all boxes in it, the outer ones first."""
        inner = [box for part in self.content if isinstance(part, Box) for box in part.boxes()]
        return [self, *inner]


@dataclass(eq=False)
class Arrow:
    """From one thing to another.

    Attributes:
        tail: where it begins.
        head: where it ends.
        label: in a few words, what goes along it.
        down: it leaves at the lower side or the upper one, not at the left or right one.
        level: a card at whose height it lies, so that a way through several things is straight.
        quiet: a relation, not traffic: dashed.
    """

    tail: Card | Box
    head: Card | Box
    label: str = ""
    down: bool = False
    level: Card | None = None
    quiet: bool = False


@dataclass(eq=False)
class Picture:
    """The whole of it.

    Attributes:
        title: its heading.
        subtitle: below the heading.
        operator: who runs the commands, above the account.
        account: the AWS account and region, with all that is in it.
        actors: what lies outside, each with the card at whose height it stands.
        arrows: between any two of them.
    """

    title: str
    subtitle: str
    operator: Card
    account: Box
    actors: list[tuple[Card, Card]]
    arrows: list[Arrow]

    def cards(self) -> list[Card]:
        """All cards."""
        return [self.operator, *(actor for actor, _ in self.actors), *self.account.cards()]
