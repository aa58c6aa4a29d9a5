"""Change values in the settings file, and keep everything else in it."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from dotenv.parser import parse_stream

from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings, SettingsError, load_settings
from settings.env_file import read_env_file
from settings.fleet_file import FLEET_FILE
from settings.loader import DEFAULT_FILE, HOW_TO_BEGIN, chosen_file

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
"""A value that needs no quotes."""

_NEWLINE = re.compile(r"\r\n|\r|\n")
_HEAD = re.compile(r"\s*(?:export[^\S\r\n]+)?(?:'[^']+'|[^=#\s]+)[^\S\r\n]*=[^\S\r\n]*")
_QUOTED = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
_LINE = re.compile(r"[^\r\n]*")


class SettingsFile:
    """A settings file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def in_force(cls) -> SettingsFile:
        """Return the file that the settings are read from; raise an OperatorError if missing."""
        path = chosen_file() or DEFAULT_FILE
        if not path.exists():
            raise OperatorError(
                ErrorCode.SETTINGS,
                f"There is no settings file {path} to change. Begin with: {HOW_TO_BEGIN}",
            )
        if not path.is_file():
            raise OperatorError(
                ErrorCode.SETTINGS,
                f"{path} is no regular file, and this command changes none other. Change the value "
                "where it comes from, then: allora update",
            )
        return cls(path)

    def value(self, variable: str) -> str | None:
        """Return a variable's value in the file, or None."""
        entries = [entry for entry in read_env_file(self.path).entries if entry.key == variable]
        return entries[0].value if entries and entries[0].value else None

    @contextmanager
    def draft(
        self, changes: Mapping[str, str], options: Mapping[str, str] = MappingProxyType({})
    ) -> Iterator[Draft]:
        """Yield a temporary copy with other values.

        Args:
            changes: new values by variable.
            options: the command's option for each variable, which an error blames.

        Raises:
            SettingsError: the settings would be invalid.
        """
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / ".env"
            original = self.path.read_bytes()
            draft.write_bytes(changed(original, changes))
            _copy_fleet(self.path.parent, draft.parent)
            try:
                settings = load_settings(draft)
            except SettingsError as error:
                problems = [
                    replace(problem, line=None, origin=options[problem.variable])
                    if problem.variable in options.keys() & changes.keys()
                    else problem
                    for problem in error.problems
                ]
                raise SettingsError(str(self.path), problems) from None
            yield Draft(draft, settings, original)

    def replace_by(self, draft: Draft) -> None:
        """Write a draft's content, as a whole or not at all."""
        replace_content(self.path, draft.path.read_bytes(), draft.original)


def _copy_fleet(source: Path, target: Path) -> None:
    """Have a draft's workers too: without them, a plan would destroy them."""
    with suppress(FileNotFoundError):
        (target / FLEET_FILE).write_bytes((source / FLEET_FILE).read_bytes())


def replace_content(path: Path, new: bytes, original: bytes) -> None:
    """Write a file as a whole or not at all.

    Raises:
        OperatorError: its content is not the original one any more.
    """
    target = path.resolve()
    present = target.read_bytes()
    if new == present:
        return
    if present != original:
        raise OperatorError(
            ErrorCode.SETTINGS,
            f"{path} has been changed meanwhile, and was left as it is. Nothing was deployed. Run "
            "the same command again.",
        )
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(new)
        status = target.stat()
        Path(name).chmod(status.st_mode)
        with suppress(PermissionError):  # only root may give a file to its owner
            os.chown(name, status.st_uid, status.st_gid)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


@dataclass(frozen=True)
class Draft:
    """A valid settings file that is not in force yet.

    Attributes:
        original: the content of the file in force when the draft was made.
    """

    path: Path
    settings: Settings
    original: bytes


def changed(content: bytes, changes: Mapping[str, str]) -> bytes:
    """Return a settings file's content (UTF-8) with other values; all else stays, byte for byte."""
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = content.removeprefix(mark).decode()
    for variable, value in changes.items():
        text = _with_value(text, variable, value)
    return mark + text.encode()


def _with_value(written: str, variable: str, value: str) -> str:
    # newline="" keeps the line endings.
    entries = list(parse_stream(StringIO(written, newline="")))
    if any(entry.key == variable for entry in entries):
        return "".join(
            _edited(entry.original.string, value)
            if entry.key == variable
            else entry.original.string
            for entry in entries
        )
    ending = next(iter(_NEWLINE.findall(written)), "\n")
    begin = "" if not written or written.endswith(("\r", "\n")) else ending
    return f"{written}{begin}{variable}={quoted(value)}{ending}"


def _edited(entry: str, value: str) -> str:
    """Return an entry as the user wrote it, with another value."""
    head = _HEAD.match(entry)
    if head is None:  # a name without a value, which `settings` refuses
        return entry
    rest = entry[head.end() :]
    old, tail = _split_value(rest, is_spaced=head[0][-1].isspace())
    gap = " " if not old and tail.startswith("#") else ""
    return f"{head[0]}{quoted(value, old[:1])}{gap}{tail}"


def _split_value(rest: str, *, is_spaced: bool) -> tuple[str, str]:
    """Split what follows `=` as python-dotenv does: the value, and the comment and line ending."""
    if quoted := _QUOTED.match(rest):
        end = quoted.end()
    elif is_spaced and rest.startswith("#"):
        end = 0
    else:
        end = len(re.sub(r"\s+#.*", "", _LINE.match(rest)[0]).rstrip())  # type: ignore[index]
    return rest[:end], rest[end:]


def quoted(value: str, quote: str = "") -> str:
    """Return a value as it is written in the file.

    Args:
        value: the value.
        quote: the kind of quotes; by default single ones, where it needs some.
    """
    if quote not in {"'", '"'}:
        if _PLAIN.fullmatch(value):
            return value
        quote = "'"
    return quote + value.replace("\\", "\\\\").replace(quote, f"\\{quote}") + quote
