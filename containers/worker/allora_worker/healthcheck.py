"""Docker's health check: `python -m allora_worker.healthcheck` asks `/health` on the local socket.

A worker that the network refuses, or whose endpoint fails, is unhealthy. With `--alive`, any answer
will do: a new process would not bring back a chain that is away.
"""

from __future__ import annotations

import http.client
import os
import sys
from contextlib import closing, suppress
from pathlib import Path

from .health_socket import UnixConnection, paths
from .settings import state_dir_of


def is_healthy(state_dir: Path) -> bool:
    """Return whether the worker with this state directory is healthy."""
    return any(_status_at(path) == http.client.OK for path in paths(state_dir))


def is_alive(state_dir: Path) -> bool:
    """Return whether the worker with this state directory answers."""
    return any(_status_at(path) is not None for path in paths(state_dir))


def _status_at(path: Path) -> int | None:
    with suppress(OSError, http.client.HTTPException), closing(UnixConnection(path)) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status
    return None


if __name__ == "__main__":
    check = is_alive if "--alive" in sys.argv[1:] else is_healthy
    sys.exit(0 if check(state_dir_of(os.environ)) else 1)
