"""Read ``KEY=VALUE`` lines with their line numbers, without interpolation of ``$``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from settings.errors import Problem, SettingsError

_NEWLINE = re.compile(r"\r\n|\r|\n")
_UNCLOSED_QUOTE = re.compile(r"[^=#\s]+\s*=\s*['\"]")


@dataclass(frozen=True)
class Entry:
    """A ``KEY=VALUE`` entry."""

    key: str
    value: str
    """Without its quotes; escapes inside quotes are resolved."""
    line: int
    """First line of the entry, from 1."""


@dataclass(frozen=True)
class EnvText:
    """Parsed ``KEY=VALUE`` lines."""

    entries: tuple[Entry, ...]
    """In the order of the text; a key may occur twice."""
    problems: tuple[Problem, ...]
    """The invalid lines, not quoted: one may hold a secret."""
    complete: bool
    """False after an unclosed quote: the rest was not read."""


def read_env_file(path: Path) -> EnvText:
    """Read a UTF-8 settings file, with or without a byte order mark.

    Raises:
        SettingsError: The file cannot be read, or is not UTF-8.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        remedy = "check that the file exists and that you may read it"
        reason = error.strerror or type(error).__name__
        raise SettingsError(
            str(path), [Problem(str(path), f"cannot be read: {reason}.", remedy)]
        ) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(_NEWLINE.findall(raw[: error.start].decode("latin-1"))) + 1
        problem = Problem("", "this is not UTF-8 text.", "save the file as UTF-8", line)
        raise SettingsError(str(path), [problem]) from None
    return parse_env_text(text)


def parse_env_text(text: str) -> EnvText:
    """Parse text in the syntax of python-dotenv (https://github.com/theskumar/python-dotenv)."""
    entries: list[Entry] = []
    problems: list[Problem] = []
    for binding, line in _bindings(text):
        if not binding.error and binding.key is None:
            continue  # a comment or an empty line
        if binding.error and _UNCLOSED_QUOTE.match(binding.original.string.lstrip()):
            problems.append(_unclosed_quote(line))
            return EnvText(tuple(entries), tuple(problems), complete=False)
        if binding.error or binding.key is None or binding.value is None:
            problems.append(Problem("", "this is not KEY=VALUE.", "begin a comment with #", line))
        else:
            entries.append(Entry(binding.key, binding.value, line))
    return EnvText(tuple(entries), tuple(problems), complete=True)


def _unclosed_quote(line: int) -> Problem:
    return Problem(
        "",
        "this value has a quote that is not closed, or text after the closing one; "
        "nothing from here on was read.",
        "close it; a quote inside a value is written \\' or \\\", or use the other kind around it",
        line,
    )


def _bindings(text: str) -> Iterator[tuple[Binding, int]]:
    """Yield bindings with the line of the key; the parser counts from the blank lines before it."""
    for binding in parse_stream(StringIO(text, newline=None)):
        written = binding.original.string
        blank = written[: len(written) - len(written.lstrip())]
        yield binding, binding.original.line + len(_NEWLINE.findall(blank))
