"""The Unix socket of `/health`, for Docker's health check and the host.

It answers whatever load the public port has.
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
    """Return the socket's paths: in the state directory, or, without one, for temporary files."""
    return state_dir / _NAME, Path(gettempdir()) / f"allora-{_NAME}"


def bind(state_dir: Path) -> socket.socket:
    """Return a socket bound to the first of `paths` that can be created.

    Raises:
        CannotStartError: Another process answers there, or neither path can be created.
    """
    problems = []
    for path in paths(state_dir):  # an image that is run by hand has no state directory
        try:
            return _bind(path)
        except OSError as error:
            problems.append(f"{path}: {error}")
    raise CannotStartError(
        f"no socket can be created ({'; '.join(problems)})",
        "set STATE_DIR to a directory that the worker may write to",
    )


def _bind(path: Path) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: Path) -> None:
    """Remove the socket of a process that was killed."""
    try:
        connect(path).close()
    except FileNotFoundError:
        pass
    except ConnectionRefusedError:
        path.unlink()
    else:
        raise CannotStartError(
            f"another worker answers on {path}",
            "stop that one first, or set STATE_DIR to another directory",
        )


def connect(path: Path) -> socket.socket:
    """Return a connection to a socket, or raise `OSError` if no process listens."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(_SECONDS)
    try:
        connection.connect(str(path))
    except OSError:
        connection.close()
        raise
    return connection


class UnixConnection(http.client.HTTPConnection):
    """Sends HTTP requests to a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        """Connect, for the first request."""
        self.sock = connect(self._path)
