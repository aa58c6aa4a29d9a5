"""Runs commands: what they print is in the error when they fail."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping


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
