"""Change values in the settings file, and keep everything else in it."""

from __future__ import annotations

import codecs
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dotenv import set_key

from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings, SettingsError, load_settings
from settings.env_file import read_env_file
from settings.loader import DEFAULT_FILE, chosen_file

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]+")
"""A value that needs no quotes."""


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
                f"There is no settings file {path} to change. Begin with: "
                "cp samples/testnet.env .env",
            )
        return cls(path)

    def value(self, variable: str) -> str | None:
        """Return a variable's value in the file, or None."""
        entries = [entry for entry in read_env_file(self.path).entries if entry.key == variable]
        return entries[0].value if entries and entries[0].value else None

    @contextmanager
    def draft(self, changes: Mapping[str, str]) -> Iterator[Draft]:
        """Yield a temporary copy with other values.

        Raises:
            SettingsError: the settings would be invalid.
        """
        with tempfile.TemporaryDirectory() as folder:
            draft = Path(folder) / ".env"
            original = self.path.read_bytes()
            draft.write_bytes(changed(original, changes))
            try:
                settings = load_settings(draft)
            except SettingsError as error:
                raise SettingsError(str(self.path), error.problems) from None
            yield Draft(draft, settings, original)

    def replace_by(self, draft: Draft) -> None:
        """Write a draft's content, as a whole or not at all."""
        target = self.path.resolve()
        new = draft.path.read_bytes()
        present = target.read_bytes()
        if new == present:
            return
        if present != draft.original:
            raise OperatorError(
                ErrorCode.SETTINGS,
                f"{self.path} has been changed meanwhile, and was left as it is. Nothing was "
                "deployed. Run the same command again.",
            )
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f"{target.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(new)
            Path(name).chmod(target.stat().st_mode)
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
    """Return a settings file's content (UTF-8, any line endings) with other values."""
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = content.removeprefix(mark).decode()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "env"
        file.write_text(text.replace("\r\n", "\n"), encoding="utf-8")
        for variable, value in changes.items():
            quotes = "never" if _PLAIN.fullmatch(value) else "always"
            set_key(file, variable, value, quote_mode=quotes)
        new = file.read_text(encoding="utf-8")
    if "\r\n" in text:
        new = new.replace("\n", "\r\n")
    return mark + new.encode()
