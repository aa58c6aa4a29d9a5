"""Questions to the operator, at a real terminal."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIRM = "prompts.confirm('Destroy it?')"


def code(call: str) -> list[str]:
    """Answers go to stdout alone, with what the call returns."""
    return ["-c", f"from allora_cli.terminal import prompts\nprint('answer:', repr({call}))"]


def take_ctrl_c() -> None:
    """Undo what a script does for its jobs in the background: ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ask(call: str) -> Any:
    terminal = pexpect.spawn(
        sys.executable,
        code(call),
        cwd=str(ROOT),
        timeout=30,
        encoding="utf-8",
        preexec_fn=take_ctrl_c,
    )
    terminal.logfile_read = io.StringIO()
    return terminal


def end(terminal: Any) -> str:
    terminal.expect(pexpect.EOF)
    terminal.close()
    screen: str = terminal.logfile_read.getvalue()
    return screen


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y", True), ("YES", True), ("n", False), ("no", False), ("", False), (" y ", True)],
)
def test_confirm_takes_yes_and_no_and_enter_for_no(typed: str, answer: bool) -> None:  # noqa: FBT001
    terminal = ask(CONFIRM)
    terminal.expect_exact("Destroy it? [y/N]: ")
    terminal.sendline(typed)
    assert f"answer: {answer}" in end(terminal)


def test_confirm_asks_again_when_it_was_neither() -> None:
    terminal = ask(CONFIRM)
    terminal.expect_exact("[y/N]: ")
    terminal.sendline("maybe")
    terminal.expect_exact("Type y or n.")
    terminal.expect_exact("[y/N]: ")
    terminal.sendline("y")
    assert "answer: True" in end(terminal)


def test_ask_shows_what_is_typed_and_takes_spaces_away() -> None:
    terminal = ask("prompts.ask('Its name')")
    terminal.expect_exact("Its name: ")
    terminal.sendline("  some name ")
    screen = end(terminal)
    assert "answer: 'some name'" in screen


def test_ask_hidden_shows_nothing_and_keeps_spaces() -> None:
    terminal = ask("[len(prompts.ask_hidden('A secret'))]")
    terminal.expect_exact("A secret (not shown): ")
    terminal.waitnoecho()
    terminal.sendline(" canary ")
    screen = end(terminal)
    assert "answer: [8]" in screen
    assert "canary" not in screen


@pytest.mark.parametrize("key", ["c", "d"])
@pytest.mark.parametrize("call", [CONFIRM, "prompts.ask('A')", "prompts.ask_hidden('A')"])
def test_ctrl_c_and_ctrl_d_interrupt(call: str, key: str) -> None:
    terminal = ask(call)
    terminal.expect_exact(": ")
    terminal.sendcontrol(key)
    screen = end(terminal)
    assert "KeyboardInterrupt" in screen
    assert "answer:" not in screen


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (CONFIRM, "add --yes"),
        ("prompts.ask('A', instead='Add --b.')", "Add --b."),
        ("prompts.ask_hidden('A')", "no terminal"),
    ],
)
def test_without_a_terminal_the_way_to_answer_is_told(call: str, told: str) -> None:
    result = subprocess.run(
        [sys.executable, *code(call)],
        cwd=ROOT,
        input="y\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert "OperatorError" in result.stderr
    assert told in result.stderr
    assert result.stdout == ""


def test_yes_needs_no_terminal() -> None:
    call = "prompts.confirm('Destroy it?', yes=True)"
    result = subprocess.run(
        [sys.executable, *code(call)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == "answer: True\n"
    assert result.stderr == ""
