"""The operator's door: a socket where `/health` answers, whatever port 9010 has to endure.

Docker's health check asks there, and the host through the directory that it mounts. No stranger
can reach it.
"""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from .errors import CannotStartError

_NAME: Final = "health.sock"
_SECONDS: Final = 5.0


def paths(state_dir: Path) -> tuple[Path, Path]:
    """Where the socket may be: the second one is for a worker without a state directory."""
    return state_dir / _NAME, Path(gettempdir()) / f"allora-{_NAME}"


def bind(state_dir: Path) -> socket.socket:
    """A socket at the first of `paths` that can be had, to listen on.

    Raises:
        CannotStartError: Another process answers there, or neither path can be had.
    """
    first, second = paths(state_dir)
    try:
        return _bind(first)
    except OSError:  # an image that is run by hand has no such directory
        pass
    try:
        return _bind(second)
    except OSError as error:
        raise CannotStartError(
            f"neither {first} nor {second} can be made: {error}",
            "set STATE_DIR to a directory that the worker may write to",
        ) from None


def _bind(path: Path) -> socket.socket:
    _remove_stale(path)
    door = socket.socket(socket.AF_UNIX)
    try:
        door.bind(str(path))
    except OSError:
        door.close()
        raise
    return door


def _remove_stale(path: Path) -> None:
    """Removes what a process that was killed has left."""
    try:
        connect(path).close()
    except FileNotFoundError:
        pass
    except ConnectionRefusedError:
        path.unlink()
    else:
        raise CannotStartError(
            f"another worker answers on {path}",
            "stop that one first, or set STATE_DIR to a directory of this one's own",
        )


def connect(path: Path) -> socket.socket:
    """A connection to whoever listens on the socket.

    Raises:
        OSError: Nobody does.
    """
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


class Caller(http.client.HTTPConnection):
    """Speaks HTTP through a socket of the host's own.

    Args:
        path: The socket.
    """

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Called by the first request."""
        self.sock = connect(self._path)
