"""Settle one setting after the other: by its option, by an answer, or by its default."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.init.draft import Draft
from allora_cli.terminal import console, prompts

Check = Callable[[str], str | None]
"""Returns why a value cannot be used, or None."""

_NEEDED: Final = "An answer is needed."


@dataclass(frozen=True)
class Question:
    """What is asked about a setting.

    Attributes:
        variable: the setting.
        option: the option that answers it.
        text: the question, without a default.
    """

    variable: str
    option: str
    text: str


class Interview:
    """The settings, as far as they are settled.

    Args:
        given: values of options, by variable.
        asks: whether there is somebody to ask; otherwise defaults are taken.

    Attributes:
        draft: the accepted values.
    """

    def __init__(self, given: Mapping[str, str], *, asks: bool) -> None:
        self._given = given
        self.asks = asks
        self.draft = Draft()

    def is_given(self, variable: str) -> bool:
        """Return whether an option answers the question."""
        return variable in self._given

    def settle(
        self, question: Question, default: str | None, *, check: Check = lambda _: None
    ) -> str:
        """Settle a setting, and return its value; "" leaves it out.

        Args:
            question: what is asked.
            default: the answer of Enter alone; None if there is none. Only where it is "" may an
                option leave the setting out.
            check: a check beside that of the settings.

        Raises:
            OperatorError: an option has a wrong value; or it is needed, as there is no default.
        """
        given = self._given.get(question.variable, default)
        if self.asks and question.variable not in self._given:
            value = self._ask(question, default, check)
        elif given is None:
            raise self.wrong(question.option, f"{question.text}: there is no default.")
        elif not given and default != "":
            raise self.wrong(question.option, _NEEDED)
        elif reason := self._refusal(question, given, check):
            raise self.wrong(question.option, reason)
        else:
            value = given
        self.accept(question.variable, value)
        return value

    @staticmethod
    def wrong(option: str, reason: str) -> OperatorError:
        """Return the error of an option that is wrong, or missing."""
        return OperatorError(
            ErrorCode.USAGE,
            f"{option}: {reason} Nothing was written. See: allora init --help",
            exit_code=ExitCode.USAGE,
        )

    def accept(self, variable: str, value: str) -> None:
        """Set a variable without a question; "" leaves it out."""
        if value:
            self.draft.values[variable] = value

    def choose(self, text: str, choices: Mapping[str, str]) -> str:
        """Return the key of one of several choices; of the first one, if nobody is asked.

        Args:
            text: the question.
            choices: descriptions by key.
        """
        keys = list(choices)
        if not self.asks:
            return keys[0]
        self.tell(f"  {number}  {shown}" for number, shown in enumerate(choices.values(), 1))
        while True:
            answer = prompts.ask(f"{text}, 1 to {len(keys)} [1]") or "1"
            if answer in keys:
                return answer
            if answer.isdecimal() and 1 <= int(answer) <= len(keys):
                return keys[int(answer) - 1]
            self.tell([f"  Type a number from 1 to {len(keys)}."])

    def tell(self, lines: Iterable[str]) -> None:
        """Show lines before a question, if somebody is asked."""
        if self.asks:
            console.err.print(*lines, sep="\n", markup=False)

    def _ask(self, question: Question, default: str | None, check: Check) -> str:
        shown = "" if default is None else f" [{default or 'none'}]"
        while True:
            answer = prompts.ask(f"{question.text}{shown}") or default
            if answer is None:
                reason: str | None = _NEEDED
            elif (reason := self._refusal(question, answer, check)) is None:
                return answer
            self.tell([f"  {reason}"])

    def _refusal(self, question: Question, value: str, check: Check) -> str | None:
        if not value:
            return None
        problem = self.draft.problem_with(question.variable, value)
        if problem:
            return f"{problem.message} {_as_sentence(problem.remedy)}".strip()
        return check(value)


def _as_sentence(remedy: str) -> str:
    return f"({remedy})" if remedy else ""
