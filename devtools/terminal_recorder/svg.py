"""Frames as one animated SVG, which plays in an `<img>`: CSS alone moves a strip of all screens.

Each different line is there once, and each screen refers to its lines. Whoever shows no animation,
or wants none, sees the last screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from devtools.terminal_recorder.screens import Frame, Line, Look, Run, Size

LIMIT = 300_000
"""Bytes that the picture should not exceed; frames are left out for it."""

_CELL = 8
"""A character's width in pixels; texts are stretched to it, whatever the viewer's font."""
_ROW = 18
_SIZE = 13
_PADDING = 16
_BAR = 34
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"

_GROUND = "#0F1720"
_TEXT = "#D7DEE7"
_COLOURS = {
    "black": "#1B2733",
    "red": "#FF6B6B",
    "green": "#4ED08A",
    "brown": "#F0C45A",
    "blue": "#6CA8FF",
    "magenta": "#D98BFF",
    "cyan": "#4FD1E0",
    "white": "#D7DEE7",
    "brightblack": "#7B8A9A",
    "brightred": "#FF8F8F",
    "brightgreen": "#7BE3A9",
    "brightbrown": "#FFDB85",
    "brightblue": "#95C1FF",
    "bfightmagenta": "#E6B0FF",  # pyte's spelling
    "brightmagenta": "#E6B0FF",
    "brightcyan": "#83E3EE",
    "brightwhite": "#FFFFFF",
}
_HEADER = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} \
{height}" role="img" aria-labelledby="title">
<title id="title">{title}</title>"""
_LETTERS = f'fill="{_TEXT}" font-size="{_SIZE}" font-family="{_FONTS}" xml:space="preserve"'


def render(frames: Sequence[Frame], size: Size, title: str) -> str:
    """The picture; with fewer frames where it would become too large.

    Raises:
        ValueError: there is not one frame.
    """
    if not frames:
        raise ValueError("nothing was recorded")
    picture = _picture(frames, size, title)
    least = 0.0
    while len(picture.encode()) > LIMIT and len(frames) > 1:
        share = LIMIT / len(picture.encode())
        seconds = sum(frame.seconds for frame in frames[:-1])
        least = max(least * 1.2, seconds / (share * len(frames)))
        frames = _thinned(frames, least)
        picture = _picture(frames, size, title)
    return picture


def _thinned(frames: Sequence[Frame], least: float) -> list[Frame]:
    """Frames that last at least some seconds each; the last one is always there."""
    kept: list[Frame] = []
    waiting = 0.0
    for frame in frames[:-1]:
        waiting += frame.seconds
        if waiting >= least:
            kept.append(Frame(frame.lines, waiting))
            waiting = 0.0
    last = frames[-1]
    return [*kept, Frame(last.lines, last.seconds + waiting)]


def _picture(frames: Sequence[Frame], size: Size, title: str) -> str:
    width = size.columns * _CELL + 2 * _PADDING
    screen = max(_used(frame) for frame in frames) * _ROW
    height = _BAR + screen + _PADDING
    lines = _Lines()
    screens = [_screen(frame, lines, number * screen) for number, frame in enumerate(frames)]
    # Where no animation is shown, the attribute counts.
    last = f"translate(0 {-(len(frames) - 1) * screen})"
    parts = [
        _HEADER.format(width=width, height=height, title=escape(title)),
        f"<style>{_style(frames, screen)}</style>",
        f'<rect width="{width}" height="{height}" rx="9" fill="{_GROUND}"/>',
        *(
            f'<circle cx="{20 + 20 * index}" cy="17" r="5.5" fill="{colour}"/>'
            for index, colour in enumerate(("#FF5F57", "#FEBC2E", "#28C840"))
        ),
        "<defs>",
        *lines.definitions(),
        "</defs>",
        f'<svg x="{_PADDING}" y="{_BAR}" width="{width - 2 * _PADDING}" height="{screen}">',
        f'<g class="strip" transform="{last}" {_LETTERS}>',
        *screens,
        "</g>",
        "</svg>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _style(frames: Sequence[Frame], screen: int) -> str:
    """The strip jumps from screen to screen. Safari wants the timing function in each keyframe."""
    total = sum(frame.seconds for frame in frames)
    keys = []
    at = 0.0
    for number, frame in enumerate(frames):
        keys.append(
            f"{at / total * 100:.3f}%{{transform:translateY({-number * screen}px);"
            "animation-timing-function:step-end}"
        )
        at += frame.seconds
    keys.append(f"100%{{transform:translateY({-(len(frames) - 1) * screen}px)}}")
    return (
        f".strip{{animation:play {total:.2f}s step-end infinite}}"
        f"@keyframes play{{{''.join(keys)}}}"
        "@media (prefers-reduced-motion:reduce){.strip{animation:none}}"
    )


def _used(frame: Frame) -> int:
    """How many rows are not empty at the end."""
    return max((row for row, line in enumerate(frame.lines, 1) if line), default=1)


class _Lines:
    """The different lines, each with an id."""

    def __init__(self) -> None:
        self._ids: dict[Line, str] = {}

    def id(self, line: Line) -> str:
        return self._ids.setdefault(line, f"l{len(self._ids)}")

    def definitions(self) -> Iterator[str]:
        for line, id_ in self._ids.items():
            yield f'<g id="{id_}">{"".join(map(_run, line))}</g>'


def _screen(frame: Frame, lines: _Lines, y: int) -> str:
    uses = (
        f'<use href="#{lines.id(line)}" y="{y + row * _ROW}"/>'
        for row, line in enumerate(frame.lines)
        if line
    )
    return "".join(uses)


def _run(run: Run) -> str:
    x, width = run.column * _CELL, run.cells * _CELL
    look = run.look
    ground = ""
    if look.bg != "default":
        ground = f'<rect x="{x}" width="{width}" height="{_ROW}" fill="{_colour(look.bg)}"/>'
    if not run.text.strip():
        return ground
    return (
        f'{ground}<text x="{x}" y="{_ROW - 5}"{_attributes(look)} textLength="{width}" '
        f'lengthAdjust="spacingAndGlyphs">{escape(_printable(run.text))}</text>'
    )


def _attributes(look: Look) -> str:
    return "".join(
        (
            f' fill="{_colour(look.fg)}"' if look.fg != "default" else "",
            ' font-weight="bold"' if look.bold else "",
            ' font-style="italic"' if look.italic else "",
            ' text-decoration="underline"' if look.underlined else "",
        )
    )


def _colour(name: str) -> str:
    return _COLOURS.get(name, f"#{name}")


def _printable(text: str) -> str:
    """What XML 1.0 cannot hold is shown as a replacement character."""
    return "".join(c if c >= " " and c not in "\ufffe\uffff" else "\ufffd" for c in text)
