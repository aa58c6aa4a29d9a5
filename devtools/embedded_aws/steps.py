"""Shows what a command does: a line for each step, with its time."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from devtools.embedded_aws.interrupts import Interrupted


class Steps:
    """The command's screen.

    At a terminal, the step that runs shows how long it has been running. Elsewhere, and where `CI`
    or `NO_COLOR` is set, there is nothing but text.
    """

    def __init__(self) -> None:
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # for plain locales
        names = ("CI", "NO_COLOR")
        plain = not sys.stdout.isatty() or any(os.environ.get(name) for name in names)
        self._console = Console(
            force_terminal=False if plain else None, highlight=False, soft_wrap=True, markup=False
        )

    def say(self, text: str = "", style: str | None = None) -> None:
        """Print a paragraph."""
        self._console.print(text, style=style)

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while it runs, and how long it took."""
        began = time.monotonic()
        if not self._console.is_terminal:
            self._console.print(f"  • {title} …", end="")
        outcome = " failed after"
        try:
            with self._clock(title):
                yield
            outcome = ""
        except Interrupted:
            outcome = " interrupted after"
            raise
        finally:
            if self._console.is_terminal:
                self._console.print(f"  • {title} …", end="")
            self._console.print(f"{outcome} {time.monotonic() - began:.0f} s")

    def _clock(self, title: str) -> AbstractContextManager[object]:
        if not self._console.is_terminal:
            return nullcontext()
        clock = Progress(
            TextColumn(" "),
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        clock.add_task(title, total=None)
        return clock
