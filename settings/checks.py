"""Validators that several settings share; each takes the raw text and raises `fault()`."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pydantic import BeforeValidator

from settings.errors import fault
from settings.shown import shown


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: similar known ones, or a full stop."""
    from difflib import get_close_matches  # noqa: PLC0415 - 8 ms that only a mistake costs

    folded = {name.casefold(): name for name in known}
    close = [folded[match] for match in get_close_matches(word.casefold(), folded, n=2, cutoff=0.7)]
    return f"; did you mean {' or '.join(close)}?" if close else "."


def matching(pattern: str, message: str, remedy: str) -> BeforeValidator:
    """Require a match of the whole text."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise fault(message, remedy)
        return text

    return BeforeValidator(check)


def one_of(*choices: str, aliases: Mapping[str, str] = MappingProxyType({})) -> BeforeValidator:
    """Require one of these words, case-insensitively; an alias maps to its word."""

    def check(text: str) -> str:
        folded = text.casefold()
        for choice in (*choices, *aliases):
            if choice.casefold() == folded:
                return aliases.get(choice, choice)
        raise fault(f"is none of {', '.join(choices)}{did_you_mean(text, choices)}")

    return BeforeValidator(check)


def whole_number(low: int, high: int, unit: str = "") -> BeforeValidator:
    """Require a whole number from `low` to `high`, both included."""
    limits = f"a whole number from {low} to {high}" + (f" ({unit})" if unit else "")

    def check(text: str) -> int:
        # int() alone would take "1_000", " 5" and the digits of other scripts
        if not re.fullmatch(r"[0-9]{1,20}", text) or not low <= int(text) <= high:
            raise fault(f"is not {limits}.")
        return int(text)

    return BeforeValidator(check)


def comma_list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list and strip its items; refuse empty and repeated ones."""
    items = tuple(item.strip() for item in text.split(","))
    if "" in items:
        raise fault("has an empty item.", "separate items by one comma each, with none at the end")
    for item in items:
        if items.count(item) > 1:
            raise fault(f"has {shown(item)} twice.", "list each item once")
    return items
