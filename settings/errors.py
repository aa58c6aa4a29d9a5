"""Errors and warnings about settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

from shared.visible_text import printable


@dataclass(frozen=True)
class Problem:
    """An error or a warning about one setting; holds no secret."""

    variable: str
    """Empty for a line without a variable."""
    message: str
    remedy: str = ""
    """The command to type or the value to write instead."""
    line: int | None = None
    """In the settings file."""
    origin: str = ""
    """Source of a variable without a line, such as "environment"."""

    def __str__(self) -> str:
        """Return the problem and, on a second line, its remedy, with control characters escaped."""
        place = f"line {self.line}" if self.line else self.origin
        # Names are ASCII: a letter of another alphabet would look right and be wrong.
        variable = self.variable.encode("ascii", "backslashreplace").decode()
        if not variable:
            head = place
        elif place:
            head = f"{variable} ({place})"
        else:
            head = variable
        sentence = printable(f"{head}: {self.message}")
        return sentence + (f"\n    -> {printable(self.remedy)}" if self.remedy else "")


class SettingsError(Exception):
    """The settings cannot be used; its text is the complete report for the user.

    Args:
        source: Name of the file or environment that was read.
        problems: At least one.
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line or 0))
        count = len(self.problems)
        needs = "1 setting needs" if count == 1 else f"{count} settings need"
        head = f"{printable(source)}: {needs} your attention. Nothing was created or changed."
        body = (f"  {problem}".replace("\n", "\n  ") for problem in self.problems)
        super().__init__("\n".join([head, "", *body]))


def fault(message: str, remedy: str = "", variable: str = "") -> PydanticCustomError:
    """Return the error that a validator raises.

    Args:
        message: The rest of a sentence that begins with the value.
        remedy: The command to type or the value to write instead.
        variable: The variable at fault, if it is not the validated one.
    """
    # pydantic's error fails on text that is not UTF-8
    context = {"message": printable(message), "remedy": printable(remedy), "variable": variable}
    return PydanticCustomError("fault", "{message}", context)


def warn(info: ValidationInfo, message: str, remedy: str = "", variable: str = "") -> None:
    """Add a warning to the list that `load_settings` passes as the validation context."""
    if info.context is not None:
        info.context.append(Problem(variable or str(info.field_name), message, remedy))
