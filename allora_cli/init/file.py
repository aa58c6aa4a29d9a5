"""Write a new settings file that explains itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.init.draft import lines_of
from allora_cli.new_file import draft_beside, give_name
from settings.loader import DEFAULT_FILE, PROJECT, chosen_file


def new_path() -> Path:
    """Return the file to write.

    Raises:
        OperatorError: there is a settings file.
    """
    path = chosen_file() or PROJECT / DEFAULT_FILE
    if path.exists():
        raise _exists(path)
    return path


def write(path: Path, text: str) -> None:
    """Write a new file that only its owner may read: as a whole or not at all.

    Raises:
        OperatorError: there is one by now, or the folder cannot be written to.
    """
    try:
        with draft_beside(path, text.encode()) as draft:
            give_name(draft, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise OperatorError(
            ErrorCode.SETTINGS_FILE,
            f"{path} cannot be written: {error.strerror}. Check the folder, or name another file "
            "in ALLORA_ENV_FILE.",
        ) from error


def render(values: Mapping[str, str], comments: Mapping[str, str], date: str) -> str:
    """Return the file's text.

    Args:
        values: of the variables, in the order of the file.
        comments: of one or more lines, by the variable below; "" stands for the end.
        date: of today.
    """
    return "".join(_lines(values, comments, date))


def _lines(values: Mapping[str, str], comments: Mapping[str, str], date: str) -> Iterator[str]:
    yield f"# The settings of an Allora worker, written by `allora init` on {date}.\n"
    yield "# docs/configuration.md lists all settings. After a change: allora deploy\n"
    yield "# No secret belongs here: `allora wallet` and `allora secret` store them in AWS.\n"
    for variable, value in values.items():
        if comment := comments.get(variable):
            yield "\n"
            yield from (f"# {line}\n" for line in comment.splitlines())
        yield lines_of({variable: value})
    if comment := comments.get(""):
        yield "\n"
        yield from (f"# {line}\n" for line in comment.splitlines())


def _exists(path: Path) -> OperatorError:
    return OperatorError(
        ErrorCode.SETTINGS_FILE,
        f"{path} exists, and was not changed. To change a setting, edit it, and run `allora "
        f"deploy`. To begin anew: mv {path} {path}.old, and run `allora init` again.",
    )
