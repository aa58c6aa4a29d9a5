"""Entry point: `python -m forge_server` serves until a signal."""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType

from .log import log
from .process import Model
from .server import Server
from .settings import read_settings


def main() -> int:
    """Serve; the model is loaded meanwhile."""
    settings = read_settings(os.environ)
    model = Model(settings)
    server = Server(settings, model)

    def stop(_number: int, _frame: FrameType | None) -> None:
        log("info", "stopping")
        model.stop()
        os._exit(0)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    log("info", f"listening on port {server.server_port} for predictions of {settings.model.name}")
    threading.Thread(target=model.prepare, daemon=True).start()
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
