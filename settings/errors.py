"""Errors and warnings about settings, each with its remedy."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from settings.shown import printable


@dataclass(frozen=True)
class Problem:
    """An error or a warning about one setting.

    Attributes:
        variable: Name of the variable; empty when the problem is about a line that has none.
        message: What is wrong. Never holds the value of a secret.
        remedy: What to type or to write instead; empty when the message says it all.
        line: Line number in the settings file; None for a variable that is not in it.
        origin: Where a variable without a line comes from, e.g. "environment".
    """

    variable: str
    message: str
    remedy: str = ""
    line: int | None = None
    origin: str = ""

    def __str__(self) -> str:
        """The problem on one line, the remedy on the next; what cannot be printed is escaped."""
        place = f"line {self.line}" if self.line else self.origin
        if not self.variable:
            head = place
        elif place:
            head = f"{self.variable} ({place})"
        else:
            head = self.variable
        sentence = printable(f"{head}: {self.message}")
        return sentence + (f"\n    -> {printable(self.remedy)}" if self.remedy else "")


class SettingsError(Exception):
    """The settings cannot be used; its text is the complete report for the user.

    Attributes:
        problems: Every problem of this load, in the order of the file.
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        """Collect the problems.

        Args:
            source: What was read, e.g. ".env".
            problems: At least one.
        """
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        count = len(self.problems)
        needs = "1 setting needs" if count == 1 else f"{count} settings need"
        head = f"{printable(source)}: {needs} your attention. Nothing was created or changed."
        body = (f"  {problem}".replace("\n", "\n  ") for problem in self.problems)
        super().__init__("\n".join([head, "", *body]))


def fault(message: str, remedy: str = "", variable: str = "") -> PydanticCustomError:
    """Make the error that a validator raises.

    Args:
        message: What is wrong, as the rest of a sentence that begins with the value.
        remedy: What to type or to write instead.
        variable: The variable to blame, where it is not the one that is being validated.
    """
    # what pydantic cannot write as UTF-8 breaks its error
    context = {"message": printable(message), "remedy": printable(remedy), "variable": variable}
    return PydanticCustomError("fault", "{message}", context)


def warn(info: ValidationInfo, message: str, remedy: str = "", variable: str = "") -> None:
    """Record a warning; `load_settings` passes the list that collects them.

    Args:
        info: What pydantic gives to the validator.
        message: A sentence.
        remedy: What to type or to write instead.
        variable: The variable that it is about, where it is not the one that is being validated.
    """
    if info.context is not None:
        info.context.append(Problem(variable or str(info.field_name), message, remedy))
