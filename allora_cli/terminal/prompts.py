"""Questions to whoever sits at the terminal. They go to stderr: stdout is for results.

Ctrl-C and Ctrl-D in a question end the command as Ctrl-C does everywhere: exit code 130.
"""

from __future__ import annotations

import getpass
import sys
import warnings
from dataclasses import dataclass

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terminal import console


def at_terminal() -> bool:
    """Whether somebody is there who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


@dataclass(frozen=True)
class Answers:
    """Answers to a workflow's questions: typed at the terminal, or yes in advance.

    Attributes:
        yes: whether `--yes` has answered all of them.
    """

    yes: bool

    def require_possible(self) -> None:
        """Raise an OperatorError when a question would find no terminal to answer at."""
        if not (self.yes or at_terminal()):
            raise OperatorError(
                ErrorCode.NOT_A_TERMINAL,
                "This asks before it changes anything, and there is no terminal to answer at. "
                "Nothing was changed. To approve the plan in advance: add --yes.",
            )

    def confirm(self, question: str) -> bool:
        """Return whether to go on; see `confirm`."""
        return confirm(question, yes=self.yes)


def confirm(question: str, *, yes: bool = False) -> bool:
    """Asks whether to go on; Enter alone means no.

    Args:
        question: without the question's [y/N].
        yes: the answer has been given already, by --yes.

    Raises:
        OperatorError: there is no terminal to ask at.
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
    """What is typed in, without the spaces around it.

    Args:
        question: without a colon at its end.
        instead: a sentence with the way to give the answer where there is no terminal.

    Raises:
        OperatorError: there is no terminal to ask at.
    """
    _require_terminal(question, instead)
    console.err.print(f"{question}: ", end="", markup=False)
    # Not `input`, which may write to stdout.
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise _no_text(question) from None
    if not line:
        console.err.print()
        raise KeyboardInterrupt
    return line.strip()


def ask_hidden(question: str, *, instead: str = "") -> str:
    """What is typed in without being shown.

    Args:
        question: without a colon at its end.
        instead: a sentence with the way to give the answer where there is no terminal.

    Raises:
        OperatorError: there is no terminal to ask at, or it cannot hide what is typed.
    """
    _require_terminal(question, instead)
    try:
        with warnings.catch_warnings():
            # A terminal that cannot hide what is typed is none for a secret.
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(f"{question} (not shown): ")
    except getpass.GetPassWarning:
        raise _no_terminal(question, instead) from None
    except EOFError:
        console.err.print()
        raise KeyboardInterrupt from None
    except KeyboardInterrupt:
        console.err.print()
        raise
    except UnicodeDecodeError:
        raise _no_text(question) from None


def hidden_or_stdin(question: str) -> str:
    """A secret: asked for at a terminal; elsewhere all of standard input, but its last line end."""
    if at_terminal():
        return ask_hidden(question)
    try:
        return sys.stdin.buffer.read().decode().rstrip("\r\n") if sys.stdin else ""
    except UnicodeDecodeError:
        raise _no_text(question) from None


def _require_terminal(question: str, instead: str) -> None:
    if not at_terminal():
        raise _no_terminal(question, instead)


def _no_terminal(question: str, instead: str) -> OperatorError:
    return OperatorError(
        ErrorCode.NOT_A_TERMINAL,
        f"{question}: there is no terminal to answer at. {instead}".rstrip(),
    )


def _no_text(question: str) -> OperatorError:
    # Without the bytes, and `from None`: an exception's arguments have them as well.
    return OperatorError(
        ErrorCode.SECRET_VALUE, f"{question}: what was given is not text. Nothing was changed."
    )
