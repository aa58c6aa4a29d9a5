"""Recordings of terminal sessions: of real programs in a real pseudo-terminal."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from devtools.terminal_recorder import record as recorder
from devtools.terminal_recorder.record import Answer, record
from devtools.terminal_recorder.recording import Recording
from devtools.terminal_recorder.screens import IDLE, LAST, LONGEST, Frame, Look, Size, show
from devtools.terminal_recorder.svg import LIMIT

SIZE = Size(40, 8)
SVG = "{http://www.w3.org/2000/svg}"

Run = Callable[..., Recording]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Records a Python program."""

    def run_(program: str, *answers: Answer, size: Size = SIZE) -> Recording:
        file = tmp_path / "program.py"
        file.write_text(program, encoding="utf-8")
        return record(
            [sys.executable, str(file)], os.environ, tmp_path, size, shown="allora", answers=answers
        )

    return run_


def last(recording: Recording) -> Frame:
    return show(recording.events, recording.size)[-1]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in parsed(svg).iter(f"{SVG}text")]


def seen_last(svg: str) -> list[str]:
    """What the last screen of a picture shows: the lines that it refers to."""
    root = parsed(svg)
    lines = {group.get("id"): group for group in root.iter(f"{SVG}g")}
    strip = next(group for group in root.iter(f"{SVG}g") if group.get("class") == "strip")
    top = -int(re.findall(r"-?\d+", strip.get("transform", ""))[1])
    shown = [use for use in strip if int(use.get("y", "")) >= top]
    return [
        "".join(text.text or "" for text in lines[use.get("href", "")[1:]].iter(f"{SVG}text"))
        for use in shown
    ]


def test_the_command_line_is_typed_before_the_output(run: Run) -> None:
    recording = run("print('ready')")
    assert last(recording).text == "$ allora\nready"
    assert recording.title == "allora"
    assert recording.exit_code == 0
    keys = [frame.text for frame in show(recording.events, SIZE)]
    assert keys[0] == "$"
    assert "$ all" in " ".join(keys)


def test_without_another_name_the_command_itself_is_shown(tmp_path: Path) -> None:
    recording = record(["printf", "%s", "two words"], os.environ, tmp_path, SIZE)
    assert last(recording).text == "$ printf %s 'two words'\ntwo words"


def test_the_program_has_a_terminal_of_the_size(run: Run) -> None:
    recording = run("import os, sys; print(sys.stdout.isatty(), *os.get_terminal_size())")
    assert "True 40 8" in last(recording).text


def test_colours_and_styles_are_kept(run: Run) -> None:
    recording = run(
        r"print('\x1b[1;31mred\x1b[0m  \x1b[38;2;1;2;3mtrue\x1b[0m  \x1b[2mfaint\x1b[0m  '"
        r"'\x1b[38;5;2mnumber\x1b[0m  \x1b[7mswap\x1b[0m  \x1b[1mb\x1b[22mplain')"
    )
    looks = {run.text: run.look for run in last(recording).lines[1]}
    assert looks["red"] == Look("red", bold=True)
    assert looks["true"] == Look("010203")
    assert looks["faint"] == Look("brightblack")
    assert looks["number"] == Look("00cd00")  # the 2 in it makes nothing faint
    assert looks["swap"] == Look("black", "white")
    assert looks["b"].bold
    assert looks["plain"] == Look()


def test_wide_characters_take_two_cells(run: Run) -> None:
    recording = run("print('a 数据 b')")
    line = last(recording).lines[1]
    assert [(run.text, run.column, run.cells) for run in line] == [
        ("a", 0, 1), ("数", 2, 2), ("据", 4, 2), ("b", 7, 1),
    ]  # fmt: skip


def test_a_character_that_is_written_in_two_halves_is_one(run: Run) -> None:
    recording = run(
        "import os, time\n"
        "for byte in '✔'.encode():\n"
        "    os.write(1, bytes([byte])); time.sleep(0.05)"
    )
    assert last(recording).text.endswith("✔")


def test_a_moved_cursor_overwrites(run: Run) -> None:
    recording = run(r"print('one\ntwo\nthree\x1b[2A\rTWO\x1b[K\x1b[2B')")
    assert last(recording).text.splitlines()[1:4] == ["TWO", "two", "three"]
    assert "\x1b[2A" in recording.text


def test_what_scrolls_away_is_gone(run: Run) -> None:
    recording = run("for number in range(20): print('line', number)")
    assert last(recording).text.splitlines() == [f"line {number}" for number in range(13, 20)]


def test_of_a_spinner_only_the_beginning_is_shown() -> None:
    spins = [(tick * 0.1, f"\r{'⠋⠙⠹⠸'[tick % 4]} waiting {tick // 10} s") for tick in range(600)]
    frames = show([*spins, (60.5, "\r\x1b[Kdone")], SIZE)
    waiting = [frame for frame in frames if "waiting" in frame.text]
    assert len({frame.text for frame in waiting}) == 8
    assert sum(frame.seconds for frame in waiting) == pytest.approx(IDLE)
    assert frames[-1].text == "done"


def test_waiting_is_cut_short_and_writing_is_not() -> None:
    frames = show([(0, "a"), (1, "b"), (600, "c")], SIZE)
    assert [(frame.text, frame.seconds) for frame in frames] == [
        ("a", 1), ("ab", IDLE), ("abc", LAST),
    ]  # fmt: skip


def test_what_is_long_is_played_faster() -> None:
    letters = (chr(ord("a") + number % 26) for number in range(1000))
    frames = show([(number * 1.5, f"{letter}\r\n") for number, letter in enumerate(letters)], SIZE)
    assert sum(frame.seconds for frame in frames) == pytest.approx(LONGEST)


def test_a_cast_is_an_asciicast_of_version_2(run: Run, tmp_path: Path) -> None:
    recording = run("print('\x1b[32m✔\x1b[0m')")
    cast = tmp_path / "new" / "session.cast"
    recording.save_cast(cast)
    header, *events = map(json.loads, cast.read_text(encoding="utf-8").splitlines())
    assert header == {
        "version": 2, "width": 40, "height": 8, "title": "allora",
        "env": {"TERM": "xterm-256color"},
    }  # fmt: skip
    assert {kind for _, kind, _ in events} == {"o"}
    times = [at for at, _, _ in events]
    assert times == sorted(times)
    assert all(isinstance(at, float) for at in times)
    again = Recording.load_cast(cast)
    assert again.text == recording.text
    assert last(again).lines == last(recording).lines


def test_a_recording_goes_on_after_another(run: Run) -> None:
    both = run("print('one')").then(run("print('two')"))
    assert last(both).text == "$ allora\none\n$ allora\ntwo"
    assert both.title == "allora; allora"
    times = [at for at, _ in both.events]
    assert times == sorted(times)


def test_a_picture_needs_nothing_from_elsewhere(run: Run) -> None:
    svg = run("print('a < b & c', chr(27) + '[44mblue' + chr(27) + '[0m')").svg()
    root = parsed(svg)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "style", "rect", "circle", "defs", "g", "use", "text",
    }  # fmt: skip
    ids = {element.get("id") for element in root.iter()}
    for use in root.iter(f"{SVG}use"):
        assert use.get("href", "")[1:] in ids
    for word in ("script", "url(", "@import", "@font-face", "http:", "https:", "javascript"):
        assert word not in svg.replace("http://www.w3.org/2000/svg", "")


def test_a_picture_ends_with_the_last_screen(run: Run) -> None:
    svg = run("print('a < b & c')\nimport time; time.sleep(0.2)\nprint('the end')").svg()
    assert seen_last(svg) == ["$ allora".replace(" ", ""), "a < b & c", "the end"]


def test_a_picture_moves_forward_and_stands_still_for_who_wants_that(run: Run) -> None:
    svg = run("import time\nfor n in 'abc': print(n, flush=True); time.sleep(0.2)").svg()
    at = [float(number) for number in re.findall(r"([\d.]+)%\{", svg)]
    assert at[0] == 0
    assert at[-1] == 100
    assert all(a < b for a, b in itertools.pairwise(at))
    shifts = [int(number) for number in re.findall(r"translateY\((-?\d+)px\)", svg)]
    assert all(a > b for a, b in itertools.pairwise(shifts[:-1]))
    assert shifts[-1] == shifts[-2]
    assert "prefers-reduced-motion:reduce){.strip{animation:none}" in svg


def test_a_long_recording_stays_small_and_keeps_its_end() -> None:
    words = ["".join(chr(97 + (n * k) % 26) for k in range(1, 90)) for n in range(1000)]
    events = [(n * 0.1, f"\x1b[3{n % 8}m{word}\r\n") for n, word in enumerate(words)]
    recording = Recording(Size(100, 30), tuple(events), "long")
    svg = recording.svg()
    assert LIMIT / 4 < len(svg.encode()) <= LIMIT
    assert seen_last(svg)[-1] == words[-1]


def test_nothing_recorded_is_no_picture() -> None:
    with pytest.raises(ValueError, match="nothing was recorded"):
        Recording(SIZE, (), "empty").svg()


def test_characters_that_xml_does_not_know_are_replaced() -> None:
    svg = Recording(SIZE, ((0, "a\ufffeb"),), "odd").svg()
    assert texts(svg) == ["a\ufffdb"]


SECRET = "correct horse battery staple"


def test_a_secret_is_not_recorded(run: Run, tmp_path: Path) -> None:
    recording = run(
        "import getpass; print(len(getpass.getpass('words: ')))",
        Answer("words: ", SECRET, secret=True),
    )
    assert str(len(SECRET)) in last(recording).text  # it has arrived
    cast = tmp_path / "session.cast"
    recording.save_cast(cast)
    for written in (cast.read_text(encoding="utf-8"), recording.svg()):
        assert SECRET not in written
        assert "horse" not in written


def test_a_secret_is_not_typed_where_it_would_be_seen(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder, "_SECRET", 0.2)
    with pytest.raises(ValueError, match="the terminal would show what is typed"):
        run("print(input('words: '))", Answer("words: ", SECRET, secret=True))


def test_answers_are_typed_in_their_order(run: Run) -> None:
    recording = run(
        "print('hello', input('who? '), input('and who? '))",
        Answer(r"who\? ", "Ada"),
        Answer(r"who\? ", "Bob"),
    )
    assert "who? Ada" in last(recording).text
    assert "hello Ada Bob" in last(recording).text


def test_a_question_that_never_comes_is_an_error(run: Run) -> None:
    with pytest.raises(ValueError, match="ended without 'sure'"):
        run("print('no question')", Answer("sure", "yes"))


@pytest.mark.parametrize(
    ("end", "code"),
    [("raise SystemExit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 128 + signal.SIGKILL)],
)
def test_the_exit_code_is_the_command_s(run: Run, end: str, code: int) -> None:
    assert run(end).exit_code == code


def test_the_command_line_tool_writes_both_files_and_goes_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = str(tmp_path / "v1.0")
    options = ["--output", name, "--columns", "50", "--rows", "9"]
    assert recorder.main([*options, "--shown", "first", "--", "echo", "one"]) == 0
    assert recorder.main([*options, "--continue", "--", "sh", "-c", "echo two; exit 4"]) == 4
    assert "v1.0.svg" in capfd.readouterr().err
    recording = Recording.load_cast(Path(f"{name}.cast"))
    assert recording.size == (50, 9)
    assert last(recording).text == "$ first\none\n$ sh -c 'echo two; exit 4'\ntwo"
    assert "two" in texts(Path(f"{name}.svg").read_text(encoding="utf-8"))
