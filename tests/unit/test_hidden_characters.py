"""Nothing that the command prints is obeyed by a terminal, whoever wrote it."""

from __future__ import annotations

import io
import json
import sys

import pytest
from rich.table import Table
from rich.text import Text

from allora_cli import __main__ as command
from allora_cli.errors import ExitCode
from allora_cli.terminal import console
from allora_cli.terminal.arguments import hidden_character

NASTY = "a\x1b[2J\x9b31m\u202eb\u200bc"
SEEN = r"a\x1b[2J\x9b31m\u202eb\u200bc"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_whatever_is_printed_is_shown_and_not_obeyed(is_terminal: bool) -> None:  # noqa: FBT001
    out = console.SafeConsole(
        file=io.StringIO(), force_terminal=is_terminal, width=120, highlight=False
    )
    table = Table.grid()
    table.add_row(Text(NASTY, "bold"), NASTY)
    for each in (NASTY, Text(NASTY), table):
        out.print(each, markup=False)
    printed = out.file.getvalue()  # type: ignore[attr-defined]
    assert printed.count(SEEN) == 2  # a column is as wide as it was measured
    assert not set("\x9b\u202e\u200b") & set(printed)
    assert "\x1b[2J" not in printed


def test_colours_of_our_own_and_foreign_letters_stay() -> None:
    out = console.SafeConsole(file=io.StringIO(), force_terminal=True, color_system="standard")
    out.print("für 東京 ✔", style="red", markup=False)
    assert out.file.getvalue() == "\x1b[31mfür 東京 ✔\x1b[0m\n"  # type: ignore[attr-defined]


def test_json_is_printed_in_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    console.result({"name": NASTY})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert "\x1b" not in printed
    assert json.loads(printed) == {"name": NASTY}


@pytest.mark.parametrize("argument", ["v1\x1b[2J", "v1\u200b", "\u202ev1", "v\n1", "v1\u00a0"])
def test_an_argument_that_is_not_what_it_looks_like_is_refused(
    argument: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["allora", "update", f"--model-ref={argument}"])
    assert command.main() == ExitCode.USAGE
    said = capsys.readouterr().err
    assert repr(argument)[1:-1] in said
    assert argument not in said


@pytest.mark.parametrize("character", ["\u3164", "\ufe0f", "\U000e0100"])
def test_a_character_that_python_calls_printable_can_be_hidden(character: str) -> None:
    said = hidden_character(["update", f"v1{character}"])
    assert said is not None
    assert f"'v1{ascii(character)[1:-1]}'" in said
    assert character not in said


def test_a_secret_with_a_hidden_character_is_not_repeated() -> None:
    said = hidden_character([f"ghp_{'a1' * 18}\u200b"])
    assert said is not None
    assert "a1a1" not in said


def test_other_arguments_are_taken_as_they_are() -> None:
    assert hidden_character(["update", "--model-ref", "v1", "für 東京 🚀"]) is None
