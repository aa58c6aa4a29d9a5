"""The command's own surface: help, version, completion, and what is said about wrong options."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.main import get_command

from allora_cli.__main__ import main
from allora_cli.app import app
from allora_cli.errors import ExitCode
from shared.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("boto3", "bip_utils", "settings.model")
"""Modules that would make help and completion slow."""


def paths() -> Iterator[tuple[str, ...]]:
    """Yield the words of the command, and of all its subcommands."""
    yield ()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        yield (name,)
        yield from ((name, each) for each in getattr(command, "commands", ()))


@dataclass(frozen=True)
class Command:
    """Runs `allora` in this process, and reads what it prints."""

    patch: pytest.MonkeyPatch
    captured: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str]:
        """Return exit code and standard output, at 80 columns."""
        self.patch.setenv("COLUMNS", "80")
        self.patch.setattr(sys, "argv", ["allora", *arguments])
        return main(), self.captured.readouterr().out


@pytest.fixture
def allora(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(monkeypatch, capsys)


def python(program: str, environment: dict[str, str] | None = None) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("arguments", [["--help"], ["status", "--help"], ["--version"]], ids=str)
def test_help_imports_nothing_slow(arguments: list[str]) -> None:
    program = (
        f"import sys; sys.argv[1:] = {arguments}\n"
        "from allora_cli.__main__ import main\n"
        "assert main() == 0\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    assert python(program).splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("shell", "typed"),
    [
        ("bash", {"COMP_WORDS": "allora des", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "allora des"}),
        (
            "fish",
            {"_TYPER_COMPLETE_ARGS": "allora des", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        ),
    ],
)
def test_each_shell_completes_and_imports_nothing_slow(shell: str, typed: dict[str, str]) -> None:
    program = (
        "import sys\n"
        "from allora_cli.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as end: assert end.code == 0\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    *completed, slow = python(
        program, {**typed, "_ALLORA_COMPLETE": f"complete_{shell}"}
    ).splitlines()
    assert "destroy" in "".join(completed)
    assert "status" not in "".join(completed)
    assert slow == "[]"


def test_commands_are_listed_by_phase_in_the_order_of_their_use(allora: Command) -> None:
    code, shown = allora.run("--help")
    assert code == ExitCode.OK
    phases = re.findall(r"^(\w+):$", shown, re.MULTILINE)
    assert phases == ["Prepare", "Deploy", "Operate", "Leave", "Options"]
    listed = re.findall(r"^  (\w+) ", shown, re.MULTILINE)
    assert listed.index("wallet") < listed.index("deploy") < listed.index("destroy")


@pytest.mark.parametrize("arguments", [[], ["wallet"], ["secret"]], ids=str)
def test_a_command_of_commands_alone_shows_its_help(allora: Command, arguments: list[str]) -> None:
    code, shown = allora.run(*arguments)
    assert code == ExitCode.OK
    assert shown == allora.run(*arguments, "-h")[1]


@pytest.mark.parametrize("words", [words for words in paths() if words], ids=" ".join)
def test_each_command_has_an_example_in_a_line_of_its_own(
    allora: Command, words: tuple[str, ...]
) -> None:
    shown = allora.run(*words, "--help")[1]
    assert "Commands:" in shown or re.search(
        rf"^  Example: allora {' '.join(words)}\b", shown, re.M
    )


@pytest.mark.parametrize("words", list(paths()), ids=" ".join)
def test_help_has_no_types_of_flags(allora: Command, words: tuple[str, ...]) -> None:
    for option in ("-h", "--help"):
        assert "bool" not in allora.run(*words, option)[1].lower()


def test_version(allora: Command) -> None:
    assert allora.run("--version") == (ExitCode.OK, f"allora {VERSION}\n")
    assert f" {VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["deploy", "--timeout", "x"], "--timeout: 'x' is not a number. See: allora deploy --help"),
        (["deploy", "--timeout=-1"], "--timeout: '-1' is less than 0. See: allora deploy --help"),
        (["logs", "-n", "1.5"], "--lines: '1.5' is not a whole number. See: allora logs --help"),
        (
            ["logs", "wrker"],
            "part: 'wrker' is not one of 'worker', 'model', 'boot'. See: allora logs --help",
        ),
        (["restore"], "Missing argument 'file'. See: allora restore --help"),
        (["deploi"], "No such command 'deploi'. Did you mean 'deploy'? See: allora --help"),
        (
            ["logs", "--flow"],
            "No such option: --flow (Possible options: --follow). See: allora logs --help",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_are_named_with_the_help(
    allora: Command, arguments: list[str], message: str
) -> None:
    code, shown = allora.run(*arguments, "--json")
    assert code == ExitCode.USAGE
    assert json.loads(shown) == {"error": {"trouble": "usage", "message": message}}
