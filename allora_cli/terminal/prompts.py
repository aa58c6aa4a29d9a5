"""Questions at a terminal, on stderr. Ctrl-C and Ctrl-D end the command with exit code 130."""

from __future__ import annotations

import getpass
import sys
import warnings
from dataclasses import dataclass

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terminal import console


def at_terminal() -> bool:
    """Return whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


@dataclass(frozen=True)
class Answers:
    """Answers to a workflow's questions: from the terminal, or yes in advance (`--yes`)."""

    yes: bool

    def require_possible(self) -> None:
        """Raise an OperatorError if a question could not be answered."""
        if not (self.yes or at_terminal()):
            raise OperatorError(
                ErrorCode.NOT_A_TERMINAL,
                "This asks before it changes anything, and there is no terminal to answer at. "
                "Nothing was changed. To answer yes in advance: add --yes.",
            )

    def confirm(self, question: str) -> bool:
        """Return whether to go on; see `confirm`."""
        return confirm(question, yes=self.yes)


def confirm(question: str, *, yes: bool = False) -> bool:
    """Return the answer to a yes-or-no question; no for Enter alone, yes without asking for `yes`.

    Raises:
        OperatorError: there is no terminal.
    """
    if yes:
        return True
    while True:
        answer = ask(f"{question} [y/N]", instead="To answer with yes: add --yes.").lower()
        if answer in {"y", "yes"}:
            return True
        if answer in {"", "n", "no"}:
            return False
        console.err.print("Type y or n.", markup=False)


def ask(question: str, *, instead: str = "") -> str:
    """Return the answer to a question, stripped.

    Raises:
        OperatorError: there is no terminal; `instead` says how to answer without one.
    """
    _require_terminal(question, instead)
    console.err.print(f"{question}: ", end="", markup=False)
    # `input` may write to stdout.
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise _no_text(question) from None
    if not line:
        console.err.print()
        raise KeyboardInterrupt
    return line.strip()


def ask_hidden(question: str) -> str:
    """Return the answer to a question, typed without being shown.

    Raises:
        OperatorError: there is no terminal, or it cannot hide the answer.
    """
    _require_terminal(question)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(f"{question} (not shown): ")
    except getpass.GetPassWarning:
        raise _no_terminal(question) from None
    except EOFError:
        console.err.print()
        raise KeyboardInterrupt from None
    except KeyboardInterrupt:
        console.err.print()
        raise
    except UnicodeDecodeError:
        raise _no_text(question) from None


def hidden_or_stdin(question: str) -> str:
    """Return a secret from the terminal, or all of standard input without the final newline."""
    if at_terminal():
        return ask_hidden(question)
    try:
        return sys.stdin.buffer.read().decode().rstrip("\r\n") if sys.stdin else ""
    except UnicodeDecodeError:
        raise _no_text(question) from None


def _require_terminal(question: str, instead: str = "") -> None:
    if not at_terminal():
        raise _no_terminal(question, instead)


def _no_terminal(question: str, instead: str = "") -> OperatorError:
    return OperatorError(
        ErrorCode.NOT_A_TERMINAL,
        f"{question}: there is no terminal to answer at. {instead}".rstrip(),
    )


def _no_text(question: str) -> OperatorError:
    # Without the bytes; `from None`, because the exception has them too.
    return OperatorError(
        ErrorCode.SECRET_VALUE, f"{question}: the input is not text. Nothing was changed."
    )
