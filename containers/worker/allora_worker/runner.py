"""Runs the worker as a process, which handles signals and always ends."""

from __future__ import annotations

import asyncio
import signal

from .errors import ExitCode
from .networks import network_of
from .service import Service
from .settings import Settings
from .timings import Timings
from .wallet import load_wallet, lock_wallet
from .watchdog import Watchdog, end_process, end_process_in


def run(settings: Settings, timings: Timings, port: int) -> int:
    """Work until a signal or a lasting refusal, and return the exit code.

    Raises `CannotStartError` if the wallet or the port cannot be used.
    """
    lock_wallet(settings.secrets_dir)  # until the process ends
    return asyncio.run(_run(settings, timings, port))


async def _run(settings: Settings, timings: Timings, port: int) -> int:
    service = Service(settings, network_of(settings), load_wallet(settings.secrets_dir), timings)
    loop = asyncio.get_running_loop()

    def stop(*_: object) -> None:
        end_process_in(timings.stop, ExitCode.STOPPED)
        loop.call_soon_threadsafe(service.stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        # Unlike loop.add_signal_handler, this works while the loop stands still.
        signal.signal(number, stop)
    watchdog = Watchdog(timings.watchdog, lambda: end_process(ExitCode.CRASHED))
    ticking = asyncio.create_task(watchdog.run())
    code = await service.run(port)
    ticking.cancel()
    end_process_in(timings.stop, code)  # unless the interpreter ends by itself
    return code
