"""Settings that are being chosen, checked by the rules of a deployment."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from allora_cli.settings_file import quoted
from settings import Settings, SettingsError, load_settings
from settings.errors import Problem

_UNANSWERED = {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "us-east-1"}
"""Values of the required settings while others are checked."""


class Draft:
    """Variables with accepted values."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def problem_with(self, variable: str, value: str) -> Problem | None:
        """Return why a variable cannot have this value beside the accepted ones, or None."""
        values = _UNANSWERED | self.values | {variable: value}
        try:
            load_text(lines_of(values))
        except SettingsError as error:
            answered = {variable, *self.values}
            return next((each for each in error.problems if each.variable in answered), None)
        return None

    def settings(self, changes: Mapping[str, str] | None = None) -> Settings:
        """Return the settings, with some changes.

        Raises:
            SettingsError: they are invalid, or incomplete.
        """
        return load_text(lines_of(self.values | dict(changes or {})))


def load_text(text: str) -> Settings:
    """Return the settings that a file with this text has.

    Raises:
        SettingsError: they are invalid.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / ".env"
        file.write_text(text, encoding="utf-8")
        try:
            return load_settings(file)
        except SettingsError as error:  # without the name of a file that nobody can look at
            raise SettingsError("The new settings", error.problems) from None


def lines_of(values: Mapping[str, str]) -> str:
    """Return a settings file's lines with these values."""
    return "".join(f"{variable}={quoted(value)}\n" for variable, value in values.items())
