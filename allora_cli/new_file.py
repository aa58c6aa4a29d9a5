"""Write a file as a whole or not at all, for its owner alone."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PRIVATE = 0o600


@contextmanager
def draft_beside(path: Path, content: bytes) -> Iterator[Path]:
    """Write a temporary file beside `path` that only the owner can read; remove it at the end.

    Raises:
        OSError: it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(  # noqa: PTH123 - Path.open takes no descriptor
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "wb"
        ) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def give_name(draft: Path, path: Path) -> None:
    """Give a draft its name, but never over a file.

    Raises:
        FileExistsError: there is a file of that name.
        OSError: the name cannot be given.
    """
    try:
        path.hardlink_to(draft)  # unlike a rename, fails if the file exists
    except FileExistsError:
        raise
    except OSError:
        # Most memory sticks have a file system without links.
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        draft.rename(path)
