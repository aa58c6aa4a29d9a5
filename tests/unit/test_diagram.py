"""The parts of a diagram share the room as they should, and their texts are wrapped."""

from __future__ import annotations

import pytest

from allora_cli.diagram.parts import Part


def texts(line: str, width: int) -> list[str]:
    card = Part(lines=[line])
    card.put(0, range(width))
    return card.texts()[1]


@pytest.mark.parametrize(
    ("line", "width", "lines"),
    [
        ("short", 120, ["short"]),
        ("", 120, []),
        ("one two three", 70, ["one two", "three"]),
        ("model-restarts, no-submission", 120, ["model-restarts,", "no-submission"]),
        ("a/" + "x" * 20, 84, ["a/" + "x" * 8, "x" * 8, "xxxx"]),
        ("ghcr.io/organisation/image:1.0", 110, ["ghcr.io/", "organisation/", "image:1.0"]),
    ],
)
def test_lines_are_broken_where_one_would(line: str, width: int, lines: list[str]) -> None:
    assert texts(line, width) == lines


def test_the_parts_that_grow_share_the_room_that_is_left() -> None:
    a, b, c = Part(width=50), Part(width=50, grows=False), Part(width=60)
    row = Part(style="", content=[a, b, c, Part(absent=True)], gap=10)
    assert row.least(0) == 180
    row.put(0, range(100, 301))
    assert [part.spans[0] for part in (a, b, c)] == [
        range(100, 160), range(170, 220), range(230, 301),
    ]  # fmt: skip


def test_a_box_is_as_wide_as_its_title_and_its_content_fills_it() -> None:
    card = Part(width=10)
    box = Part("A title that is much wider than the card", style="vpc", content=[card])
    box.put(0, range(box.least(0)))
    assert box.least(0) > 200
    assert card.spans[0] == range(12, box.least(0) - 12)


def test_a_narrower_card_is_higher() -> None:
    card = Part(lines=["a rather long line of words"])
    card.put(0, range(150))
    high = card.least(1)
    card.put(0, range(300))
    assert card.least(1) < high


def test_a_part_stands_at_the_height_of_another() -> None:
    card = Part("Card", ["line"])
    actor = Part("Actor", level=card)
    column = Part(style="", column=True, content=[actor, Part("Above"), card])
    column.put(0, range(200))
    for _ in range(2):
        column.put(1, range(500))
    assert sum(actor.spans[1][:: len(actor.spans[1]) - 1]) // 2 in card.spans[1]
    assert len(actor.spans[1]) == actor.least(1)
