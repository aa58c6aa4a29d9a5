"""Docker's health check: `python -m allora_worker.healthcheck` asks `/health` on the local socket.

A worker that the network refuses, or whose endpoint fails, is unhealthy.
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
    return any(_is_healthy_at(path) for path in paths(state_dir))


def _is_healthy_at(path: Path) -> bool:
    with suppress(OSError, http.client.HTTPException), closing(UnixConnection(path)) as connection:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy(state_dir_of(os.environ)) else 1)
