"""Check the words of a command."""

from __future__ import annotations

from collections.abc import Iterable

from shared.visible_text import printable


def hidden_character(arguments: Iterable[str]) -> str | None:
    """Return a sentence about the first argument with a character that is not seen, or None.

    It would not be what it looks like, and messages that repeat it would obey it.
    """
    for argument in arguments:
        if argument != printable(argument):
            from settings.shown import shown  # noqa: PLC0415 - only a mistake costs its time

            seen = printable(shown(argument))
            return f"The argument {seen} has a character that is not seen. Type it anew."
    return None
