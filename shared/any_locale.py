"""Print in any locale, with ASCII for characters that its encoding lacks."""

from __future__ import annotations

import codecs
import io
import sys
from typing import TextIO

_SPELT = {
    "✔": "[ok]",
    "✘": "[x]",
    "…": "...",
    "→": "->",
    "•": "*",
    "×": "x",
    "²": "2",
    "±": "+-",
    **dict.fromkeys("’‘", "'"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("–—─", "-"),
    **dict.fromkeys("│┤├╷╵", "|"),
}


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_SPELT.get(character, "?") for character in lacking), error.end


def print_in_any_locale(*streams: TextIO) -> None:
    """Replace characters that streams (by default stdout and stderr) cannot encode by ASCII."""
    codecs.register_error("spell", _spell)
    for stream in streams or (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spell")
