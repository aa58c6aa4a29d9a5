"""Change a worker's values in `fleet.toml`, and keep everything else in it."""

from __future__ import annotations

import codecs
import json
import re
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.settings_file import replace_content
from settings.errors import SettingsError
from settings.fleet import Fleet
from settings.fleet_file import FLEET_FILE, fleet_file, load_fleet
from settings.loader import chosen_file


@dataclass(frozen=True)
class FleetDraft:
    """A valid fleet that is not in force yet.

    Attributes:
        env_file: The settings that belong to it.
        original: The content of the file in force when the draft was made.
    """

    env_file: Path
    fleet: Fleet
    original: bytes

    @property
    def content(self) -> bytes:
        """Return the new content."""
        return self.env_file.with_name(FLEET_FILE).read_bytes()


class FleetFile:
    """A worker's table in the file.

    Args:
        path: Of the file.
        env_file: The settings file beside it; None if there is none.
        worker: The worker's name.
    """

    def __init__(self, path: Path, env_file: Path | None, worker: str) -> None:
        self.path = path
        self._env_file = env_file
        self._worker = worker

    @classmethod
    def in_force(cls, worker: str) -> FleetFile:
        """Return the file that the fleet is read from; raise an OperatorError if missing."""
        env_file = chosen_file()
        path = fleet_file(env_file)
        if path is None:
            raise OperatorError(
                ErrorCode.FLEET_FILE, f"There is no {FLEET_FILE} beside the settings file."
            )
        return cls(path, env_file, worker)

    def value(self, variable: str) -> str | None:
        """Return a variable's value in the worker's table, or None."""
        document = tomllib.loads(self.path.read_text("utf-8-sig"))
        value = document["workers"][self._worker].get(variable)
        return None if value is None else str(value)

    @contextmanager
    def draft(self, changes: Mapping[str, str]) -> Iterator[FleetDraft]:
        """Yield a temporary copy with other values.

        Raises:
            OperatorError: The file is written in a way that is not changed here.
            SettingsError: The fleet would be invalid.
        """
        original = self.path.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            env_file = Path(folder) / ".env"
            env_file.write_bytes(self._env_file.read_bytes() if self._env_file else b"")
            env_file.with_name(FLEET_FILE).write_bytes(changed(original, self._worker, changes))
            try:
                fleet = load_fleet(env_file)
            except SettingsError as error:
                raise SettingsError(str(self.path), error.problems) from None
            assert fleet is not None  # noqa: S101 - it was written above
            yield FleetDraft(env_file, fleet, original)

    def replace_by(self, draft: FleetDraft) -> None:
        """Write a draft's content, as a whole or not at all."""
        replace_content(self.path, draft.content, draft.original)


def changed(content: bytes, worker: str, changes: Mapping[str, str]) -> bytes:
    """Return a file's content (UTF-8) with other values in a worker's table.

    Raises:
        OperatorError: More than the values would change: the table is written in another way.
    """
    mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
    text = content.removeprefix(mark).decode()
    wanted = tomllib.loads(text)
    wanted["workers"][worker] |= changes
    lines = {variable: f"{variable} = {json.dumps(value)}" for variable, value in changes.items()}
    for variable, line in lines.items():
        text = _with_value(text, worker, line, variable)
    if not _says(text, wanted):
        raise OperatorError(
            ErrorCode.SETTINGS,
            f"The table of {worker} in {FLEET_FILE} is written in a way that this command does not "
            "change. Nothing was changed. Set it there yourself, then allora deploy: "
            f"{'; '.join(lines.values())}",
        )
    return mark + text.encode()


def _says(text: str, wanted: object) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


_NEXT_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)


def _with_value(text: str, worker: str, line: str, variable: str) -> str:
    """Return the text with a line in the worker's table; unchanged if there is no such table."""
    name = re.escape(worker)
    header = re.compile(
        rf"""^[ \t]*\[[ \t]*workers[ \t]*\.[ \t]*(["']?){name}\1[ \t]*\][^\r\n]*(\r?\n|$)""",
        re.MULTILINE,
    )
    found = header.search(text)
    if found is None:
        return text
    ending = found[2] or "\n"
    begin, after = found.end(), _NEXT_TABLE.search(text, found.end())
    end = after.start() if after else len(text)
    table = text[begin:end]
    present = re.compile(rf"^[ \t]*{re.escape(variable)}[ \t]*=[^\r\n]*", re.MULTILINE)
    if present.search(table):
        table = present.sub(lambda _: line, table, count=1)
    else:
        gap = "" if found[2] else ending
        table = f"{gap}{line}{ending}{table}"
    return text[:begin] + table + text[end:]
