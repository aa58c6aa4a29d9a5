"""Runs commands: what they print is in the error when they fail."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping

_PR_SET_PDEATHSIG = 1  # https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html


class CommandError(AssertionError):
    """A command of the test itself failed."""


def run(
    *command: str,
    timeout: float = 600,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """What the command printed, on both streams.

    Args:
        timeout: seconds after which it is killed.
        environment: instead of the test's own.

    Raises:
        CommandError: it failed or took too long.
    """
    try:
        result = subprocess.run(
            command,
            input=stdin.encode(),
            env=dict(environment if environment is not None else os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{' '.join(command)} took more than {timeout} s") from error
    output = result.stdout.decode(errors="replace")
    if result.returncode:
        raise CommandError(f"{' '.join(command)} ended with {result.returncode}:\n{output}")
    return output


def end_with_parent() -> None:
    """Have the kernel send SIGTERM to this process when the one that has started it ends."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM):
        raise OSError(ctypes.get_errno(), "prctl")
