"""The image's health check: prints the answer of `/health`, and fails unless its status is 200."""

from __future__ import annotations

import http.client
import os
import sys

from .settings import DEFAULT_PORT

_TIMEOUT = 18.0


def main() -> int:
    """Ask the server in this container; return 0 when the model predicts."""
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(os.environ.get("FORGE_PORT") or DEFAULT_PORT), timeout=_TIMEOUT
    )
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        print(answer.read().decode())
    except (OSError, http.client.HTTPException) as error:
        print(error)
        return 1
    return 0 if answer.status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
