"""Ends processes for certain, those included that they have started."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

import psutil

_POLL_SECONDS: Final = 0.05
_KILL_SECONDS: Final = 5


def kill_tree(root: int) -> None:
    """Kill a process and its descendants. Each is stopped first, so that it starts no other."""
    tree: list[psutil.Process] = []
    with suppress(psutil.NoSuchProcess):
        tree.append(psutil.Process(root))
    for process in tree:  # it grows meanwhile
        with suppress(psutil.NoSuchProcess):
            process.suspend()
            tree += process.children()
    end(tree, seconds=0)


def end(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Wait until processes have ended, and kill those that have not in time.

    `psutil.wait_procs` fails where one ends at the wrong moment (7.2, Linux 6).
    """
    running = _wait(processes, seconds)
    for process in running:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _wait(running, _KILL_SECONDS)


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    deadline = time.monotonic() + seconds
    running = [each for each in processes if _runs(each)]
    while running and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        running = [each for each in running if _runs(each)]
    return running


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
