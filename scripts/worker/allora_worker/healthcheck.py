"""`python -m allora_worker.healthcheck`: what Docker asks to see whether the worker does well.

It does well when `/health` says so. A worker that the network refuses, or whose endpoint does not
work, is unhealthy, although its process lives.
"""

from __future__ import annotations

import http.client
import sys
from typing import Final

PORT: Final = 9010
"""On which the worker answers."""
_SECONDS: Final = 5.0


def is_healthy(port: int) -> bool:
    """Whether the worker on this host says that it is healthy."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy(PORT) else 1)
