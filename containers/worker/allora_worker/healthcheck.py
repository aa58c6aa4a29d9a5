"""`python -m allora_worker.healthcheck`: what Docker asks to see whether the worker does well.

It does well when `/health` says so, at the operator's door. A worker that the network refuses, or
whose endpoint does not work, is unhealthy, although its process lives.
"""

from __future__ import annotations

import http.client
import os
import sys
from contextlib import closing, suppress
from pathlib import Path

from .operators_door import Caller, paths
from .settings import state_dir_of


def is_healthy(state_dir: Path) -> bool:
    """Whether the worker with this state directory says that it is healthy."""
    return any(_says_so(path) for path in paths(state_dir))


def _says_so(path: Path) -> bool:
    with suppress(OSError, http.client.HTTPException), closing(Caller(path)) as caller:
        caller.request("GET", "/health")
        return caller.getresponse().status == http.client.OK
    return False


if __name__ == "__main__":
    sys.exit(0 if is_healthy(state_dir_of(os.environ)) else 1)
