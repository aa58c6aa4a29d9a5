"""The README's recorder: real commands in a real terminal, and the picture of it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from devtools.terminal_recorder.__main__ import (
    COLUMNS,
    LAST_SECONDS,
    PLAY_SECONDS,
    ROWS,
    record,
    render,
)
from devtools.terminal_recorder.tempo import shortened

ROOT = Path(__file__).parents[2]
SVG = "{http://www.w3.org/2000/svg}"
PROGRAM = r"""
import os, sys
print(sys.stdout.isatty(), *os.get_terminal_size())
print("\x1b[2mfaint\x1b[0m \x1b[1;2;31mred\x1b[0m \x1b[38;2;1;2;3mtrue colour\x1b[0m")
print("a < b & c ✔")
sys.exit(3)
"""


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of two commands, of which the first fails."""
    folder = tmp_path_factory.mktemp("recording")
    (folder / "program.py").write_text(PROGRAM, encoding="utf-8")
    cast = folder / "session.cast"
    program = shlex.join([sys.executable, str(folder / "program.py")])
    record(cast, [program, "echo 'two  words'"], os.environ, ROOT)
    return cast


def shown(cast: Path) -> str:
    _, *events = map(json.loads, cast.read_text("utf-8").splitlines())
    assert {kind for _, kind, _ in events} == {"o"}
    return "".join(text for _, _, text in events)


def test_commands_are_typed_and_run_in_a_terminal_of_the_size(cast: Path) -> None:
    header = json.loads(cast.read_text("utf-8").splitlines()[0])
    assert (header["version"], header["width"], header["height"]) == (2, COLUMNS, ROWS)
    text = shown(cast)
    output, second = text.split("$\x1b[0m ")[1:]
    assert output.startswith(f"{shlex.quote(sys.executable)} ")
    assert f"True {COLUMNS} {ROWS}\r\n" in output
    assert "a < b & c ✔" in output
    assert second == "echo 'two  words'\r\ntwo  words\r\n"


def test_faint_characters_are_grey_and_other_colours_stay(cast: Path) -> None:
    text = shown(cast)
    assert "\x1b[90mfaint" in text
    assert "\x1b[38;2;1;2;3mtrue colour" in text


def test_picture_needs_nothing_from_elsewhere(cast: Path) -> None:
    svg = cast.with_suffix(".svg")
    render(cast, svg)
    root = ET.parse(svg).getroot()  # noqa: S314 - our own
    texts = "".join(text.text or "" for text in root.iter(f"{SVG}text"))
    for words in ("True", "faint", "a < b & c ✔", "two  words"):
        assert words in texts
    ids = {element.get("id") for element in root.iter()}
    links = [use.get("{http://www.w3.org/1999/xlink}href", "") for use in root.iter(f"{SVG}use")]
    assert {link.removeprefix("#") for link in links} <= ids
    assert not list(root.iter(f"{SVG}script"))
    content = svg.read_text("utf-8")
    assert "prefers-reduced-motion" in content
    for word in ("url(", "@import", "@font-face", "javascript"):
        assert word not in content


def test_picture_in_the_repository_is_small() -> None:
    assert (ROOT / "docs/images/session.svg").stat().st_size < 400_000


def test_picture_in_the_repository_takes_at_most_twenty_seconds() -> None:
    (duration,) = set(
        re.findall(
            r"animation-duration: (\d+)ms", (ROOT / "docs/images/session.svg").read_text("utf-8")
        )
    )
    assert int(duration) <= 20_000
    assert PLAY_SECONDS + LAST_SECONDS <= 20


def test_long_pauses_are_shortened_and_then_all_is_played_faster() -> None:
    cast = '{"version": 2}\n[0.0, "o", "a"]\n[60.0, "o", "b"]\n[61.0, "o", "c"]\n'
    header, *events = map(json.loads, shortened(cast, 1).splitlines())
    assert header == {"version": 2}
    assert events == [[0.0, "o", "a"], [0.5, "o", "b"], [1.0, "o", "c"]]
    assert shortened(cast, 2).splitlines()[-1] == '[2.0, "o", "c"]'
    assert shortened(cast, 100).splitlines()[-1] == '[2.0, "o", "c"]'


def test_recording_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        record(tmp_path / "gone" / "session.cast", ["true"], os.environ, ROOT)
