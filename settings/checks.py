"""Checks that several settings share.

Each takes the text as it is written and raises `fault()`. The message is the rest of a sentence
that begins with the value: "'12345' is not an AWS account id".
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pydantic import BeforeValidator

from settings.errors import fault
from settings.shown import shown


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown word: the known ones that are close, if any."""
    from difflib import get_close_matches  # noqa: PLC0415 - 8 ms that only a mistake costs

    folded = {name.casefold(): name for name in known}
    close = [folded[match] for match in get_close_matches(word.casefold(), folded, n=2, cutoff=0.7)]
    return f"; did you mean {' or '.join(close)}?" if close else "."


def matching(pattern: str, message: str, remedy: str) -> BeforeValidator:
    """Check that the whole text matches a regular expression."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise fault(message, remedy)
        return text

    return BeforeValidator(check)


def one_of(*choices: str, aliases: Mapping[str, str] = MappingProxyType({})) -> BeforeValidator:
    """Check for one of these words, in any case; an alias stands for the word that it maps to."""

    def check(text: str) -> str:
        folded = text.casefold()
        for choice in (*choices, *aliases):
            if choice.casefold() == folded:
                return aliases.get(choice, choice)
        raise fault(f"is none of {', '.join(choices)}{did_you_mean(text, choices)}")

    return BeforeValidator(check)


def whole_number(low: int, high: int, unit: str = "") -> BeforeValidator:
    """Check for a whole number between these two, both included."""
    limits = f"a whole number from {low} to {high}" + (f" ({unit})" if unit else "")

    def check(text: str) -> int:
        # int() alone would take "1_000", " 5" and the digits of other scripts
        if not re.fullmatch(r"[0-9]{1,20}", text) or not low <= int(text) <= high:
            raise fault(f"is not {limits}.")
        return int(text)

    return BeforeValidator(check)


def comma_list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list of items, each once, without the blanks around them."""
    items = tuple(item.strip() for item in text.split(","))
    if "" in items:
        raise fault("has an empty item.", "separate items by one comma each, with none at the end")
    for item in items:
        if items.count(item) > 1:
            raise fault(f"has {shown(item)} twice.", "list each item once")
    return items
