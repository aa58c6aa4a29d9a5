"""Keeps what is expensive to make between runs, under a name that changes with its recipe.

`python3 -m tests.host.cache` says where it is and how big; with `--offer` it asks whether to remove
it. Needs nothing but Python.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_DEFAULT = "~/.cache/allora-test-host"
_BLOCK = 512  # of stat(2)


def directory() -> Path:
    """Where everything is kept: ALLORA_TEST_CACHE, or a folder in the user's own cache."""
    path = _path()
    path.mkdir(parents=True, exist_ok=True)
    return path


def _path() -> Path:
    return Path(os.environ.get("ALLORA_TEST_CACHE") or _DEFAULT).expanduser()


def kept(name: str, recipe: Any, make: Callable[[Path], None]) -> Path:
    """The file or directory that `make` makes of a recipe, from the cache when it is there.

    Args:
        name: what it is; older versions of the same name are removed.
        recipe: all that it depends on, in terms of JSON.
        make: gets the path that it has to write to. When it fails, nothing is kept.
    """
    digest = hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()[:16]
    path = directory() / f"{name}-{digest}"
    with one_at_a_time(name):
        if path.exists():
            return path
        draft = directory() / f"{name}.draft"
        remove(draft)
        make(draft)
        for older in directory().glob(f"{name}-" + "?" * len(digest)):
            remove(older)
        draft.rename(path)
    return path


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let one process make something; the others wait, and find it made."""
    with (directory() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove(path: Path) -> None:
    """Removes a file or a whole directory, if there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _offer_removal() -> None:
    if not _path().exists():
        return
    if not sys.stdin.isatty():
        print(f"Not removed: {_described()}. To remove it: rm -rf {shlex.quote(str(_path()))}")
    elif input(f"Remove {_described()}, too? [y/N] ").strip().lower() in ("y", "yes"):
        remove(_path())


def _described() -> str:
    files = (file.lstat() for file in _path().rglob("*"))
    size = sum(file.st_blocks * _BLOCK for file in files)
    return f"the cache of `make test-host`: {_path()}, {size / 1e6:.0f} MB"


if __name__ == "__main__":
    if sys.argv[1:] == ["--offer"]:
        _offer_removal()
    elif _path().exists():
        print(f"Kept for the next run, {_described()}")
