"""Signs for the cards: drawings of our own on 24 by 24 pixels, in the colour of their kind."""

from __future__ import annotations

from dataclasses import dataclass

_COMPUTE = "#ED7100"
_NETWORK = "#8C4FFF"
_STORAGE = "#7AA116"
_SECURITY = "#DD344C"
_WATCH = "#E7157B"
_OUTSIDE = "#37475A"
_CHAIN = "#1D6FE0"


@dataclass(frozen=True)
class Glyph:
    """A sign.

    Attributes:
        colour: of its ground; the drawing is white.
        strokes: path data of its lines.
        fills: path data of its areas.
    """

    colour: str
    strokes: str = ""
    fills: str = ""


GLYPHS = {
    "": Glyph(_OUTSIDE, "M6 12h12"),
    "person": Glyph(_OUTSIDE, "M6.5 18.5c0-6 11-6 11 0", "M12 5.5a3 3 0 1 1 0 6a3 3 0 1 1 0-6z"),
    "people": Glyph(
        _OUTSIDE,
        "M4.5 18c0-5 8-5 8 0M14 13.6c3-.6 5.5 1 5.5 4.4",
        "M8.5 6.5a2.5 2.5 0 1 1 0 5a2.5 2.5 0 1 1 0-5z"
        "M15.5 6.5a2.3 2.3 0 1 1 0 4.6a2.3 2.3 0 1 1 0-4.6z",
    ),
    "mail": Glyph(_OUTSIDE, "M5 7.5h14v9.5h-14zM5 8l7 5.5l7-5.5"),
    "chain": Glyph(
        _CHAIN,
        "M12 5l6 3.5v7l-6 3.5l-6-3.5v-7zM12 12l6-3.5M12 12v7M12 12l-6-3.5",
    ),
    "gateway": Glyph(_NETWORK, "M12 4.5v15M7 9.5l-2.5 2.5l2.5 2.5M17 9.5l2.5 2.5l-2.5 2.5M5 12h14"),
    "address": Glyph(
        _NETWORK,
        "M12 19.5c-4-4.5-5.5-6.5-5.5-9a5.5 5.5 0 0 1 11 0c0 2.5-1.5 4.5-5.5 9z",
        "M12 8.500a2 2 0 1 1 0 4a2 2 0 1 1 0-4z",
    ),
    "shield": Glyph(
        _SECURITY, "M12 4.500l6.5 2.300v4.700c0 4-2.7 6.7-6.5 8c-3.8-1.3-6.5-4-6.5-8v-4.700z"
    ),
    "key": Glyph(
        _SECURITY,
        "M11.5 12.500l7-7M16 8l2 2M8.5 12a3.5 3.5 0 1 1 0 7a3.5 3.5 0 1 1 0-7z",
    ),
    "person-badge": Glyph(
        _SECURITY, "M6 5h12v14h-12zM8.5 16c.5-3 6.5-3 7 0", "M12 8a2 2 0 1 1 0 4a2 2 0 1 1 0-4z"
    ),
    "container": Glyph(
        _COMPUTE, "M12 4.500l7 3.500v8l-7 3.500l-7-3.500v-8zM5 8l7 3.500l7-3.500M12 11.500v8"
    ),
    "brain": Glyph(_COMPUTE, "M5 18.500l4-6l3.5 3l6.5-9M15 6h4.200v4.200M5 5v14h14"),
    "disk": Glyph(
        _STORAGE,
        "M6 7.500v9c0 3 12 3 12 0v-9M6 12c0 3 12 3 12 0M6 7.500c0-3 12-3 12 0c0 3-12 3-12 0z",
    ),
    "object": Glyph(
        _STORAGE, "M7 4.500h7l3.5 3.500v11.500h-10.500zM14 4.500v4h3.500M10 12h4.500M10 15.500h4.5"
    ),
    "state": Glyph(_STORAGE, "M6.5 10.500h11v8.500h-11zM9 10.500v-2a3 3 0 0 1 6 0v2M12 13.500v2.5"),
    "terminal": Glyph(_WATCH, "M4.5 6h15v12.500h-15zM8 10l2.5 2.200l-2.5 2.300M12.5 15h4"),
    "drawer": Glyph(_SECURITY, "M5.5 5.500h13v13h-13zM5.5 12h13M10.5 8.800h3M10.5 15.200h3"),
    "log": Glyph(_WATCH, "M6 7h12M6 10.500h12M6 14h8M6 17.500h10"),
    "chart": Glyph(_WATCH, "M5 5v14h14M8.5 16v-4M12 16v-7M15.5 16v-5.5"),
    "alarm": Glyph(
        _WATCH, "M7 16c1.5-1.5 1-4.5 1.5-7c1-4.5 6-4.5 7 0c.5 2.5 0 5.5 1.5 7zM10.5 18.800h3"
    ),
    "topic": Glyph(_WATCH, "M5 10v4h3l6 4v-12l-6 4zM17 9.500c1.5 1.3 1.5 3.7 0 5"),
}
