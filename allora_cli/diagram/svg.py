"""Draw a picture as SVG: without scripts, and without fonts or images from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template
from xml.sax.saxutils import escape

from allora_cli.diagram.parts import LINE, PADDING, SIGN, Arrow, Part, middle

_TEMPLATE = Path(__file__).with_name("picture.svg")
_MARGIN, _TOP = 20, 76


def draw(title: str, subtitle: str, root: Part, arrows: Sequence[Arrow]) -> str:
    """Place the parts and draw them; the same ones give the same text everywhere."""
    root.put(0, range(_MARGIN, _MARGIN + root.least(0)))
    for _ in range(2):  # again for the parts that stand at the height of later ones
        root.put(1, range(_TOP, _TOP + root.least(1)))
    parts = list(root.parts())
    body = [
        *(_rect(part, "box") for part in parts if part.inner and part.style),
        *(_arrow(arrow) for arrow in arrows),
        *(element for part in parts if part.style and not part.inner for element in _card(part)),
        *(_box_title(part) for part in parts if part.inner and part.title),
        *(_label(arrow) for arrow in arrows if arrow.label),
    ]
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(title),
        subtitle=escape(subtitle),
        width=root.spans[0].stop + _MARGIN,
        height=root.spans[1].stop + _MARGIN,
        body="\n".join(body),
    )


def _rect(part: Part, kind: str) -> str:
    x, y = part.spans
    size = f'width="{len(x)}" height="{len(y)}" rx="8"'
    return f'<rect x="{x.start}" y="{y.start}" {size} class="{kind} {part.style}"/>'


def _text(x: int, y: int, text: str, style: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" class="{style}">{escape(text)}{more}</text>'


def _box_title(box: Part) -> str:
    note = f'<tspan dx="8" class="note">{escape(", ".join(box.lines))}</tspan>'
    x, y = box.spans[0].start + PADDING, box.spans[1].start + 18
    return _text(x, y, box.title, f"box-title {box.style}", note)


def _card(card: Part) -> Iterator[str]:
    yield _rect(card, "card")
    titles, lines = card.texts()
    above = SIGN if card.upright else 0
    y = middle(card.spans[1]) - (LINE * len(titles + lines) + above) // 2
    sign_x, anchor = card.spans[0].start + PADDING, "start"
    x = sign_x + SIGN if card.sign else sign_x
    if card.upright:
        x, sign_x, anchor = middle(card.spans[0]), middle(card.spans[0]) - 12, "middle"
    if card.sign:
        yield f'<use href="#{card.sign}" x="{sign_x}" y="{y}"/>'
    for number, text in enumerate(titles + lines):
        style = f"{anchor} title" if number < len(titles) else anchor
        yield _text(x, y + above + 12 + LINE * number, text, style)


def _arrow(arrow: Arrow) -> str:
    path = "M" + "L".join(f"{x} {y}" for x, y in arrow.points())
    return f'<path d="{path}" class="arrow{" quiet" if arrow.quiet else ""}"/>'


def _label(arrow: Arrow) -> str:
    (x, start), (_, end), *more = arrow.points()
    at = arrow.at if start < end else -arrow.at
    y = end - 5 if more else (start if arrow.at > 0 else end) + at + 5
    if arrow.shift < 0:
        return _text(x - 7, y, arrow.label, "label end")
    return _text(x + 7, y, arrow.label, "label")
