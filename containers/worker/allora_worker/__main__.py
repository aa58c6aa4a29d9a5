"""Entry point: `python -m allora_worker` reads the environment and works."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping

from . import reports
from .contract import PORT
from .errors import CannotStartError, ExitCode
from .event_names import Event
from .settings import load_settings
from .timings import Timings
from .watchdog import end_process


def main(environ: Mapping[str, str], timings: Timings, port: int) -> int:
    """Run the worker with the settings in `environ`; return its `ExitCode`."""
    for number in (signal.SIGTERM, signal.SIGINT):  # until the runner handles them
        signal.signal(number, lambda *_: end_process(ExitCode.STOPPED))
    reports.set_up()
    try:
        settings = load_settings(environ)
        # The SDK takes seconds to import; wrong settings are reported before.
        from .runner import run  # noqa: PLC0415

        return run(settings, timings, port)
    except CannotStartError as error:
        print(f"allora-worker: cannot start: {error}", file=sys.stderr)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the process ends with a reason
        reports.error(Event.CRASHED, f"allora-worker: a fault of the worker: {error!r}", trace=True)
        return ExitCode.CRASHED


if __name__ == "__main__":
    sys.exit(main(os.environ, Timings(), PORT))
