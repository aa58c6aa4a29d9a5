"""What is expensive to make is kept between runs, under a name that changes with its recipe."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_DEFAULT = "~/.cache/allora-test-host"


def directory() -> Path:
    """Where everything is kept: ALLORA_TEST_CACHE, or a folder in the user's own cache."""
    path = Path(os.environ.get("ALLORA_TEST_CACHE") or _DEFAULT).expanduser()
    path.mkdir(parents=True, exist_ok=True)
    return path


class AnotherRunError(Exception):
    """Somebody else boots hosts on this machine, with the same names and addresses."""


@contextmanager
def only_run() -> Iterator[None]:
    """Keeps others away, and gives up when they were first.

    Raises:
        AnotherRunError: they were.
    """
    with (directory() / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherRunError("Another run is under way on this machine.") from None
        yield


def kept(name: str, recipe: Any, make: Callable[[Path], None]) -> Path:
    """The file or directory that `make` makes of a recipe, from the cache when it is there.

    Args:
        name: what it is; older versions of the same name are removed.
        recipe: all that it depends on, in terms of JSON.
        make: gets the path that it has to write to. When it fails, nothing is kept.
    """
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    path = directory() / f"{name}-{digest}"
    if path.exists():
        return path
    draft = directory() / f"{name}.draft"
    remove(draft)
    make(draft)
    for older in directory().glob(f"{name}-" + "?" * len(digest)):
        remove(older)
    draft.rename(path)
    return path


def remove(path: Path) -> None:
    """Removes a file or a whole directory, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
