"""The steps of a host on the screen: a live checklist at a terminal, lines elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from allora_cli.deploy.events import HostActivity, HostProgress, ObstacleMet, StepProgress
from allora_cli.deploy.progress import Step
from allora_cli.terminal.text import clamp, duration

_ACTIVITY: Final = 200
_DRAWN_A_SECOND: Final = 8
_NEEDS_YOU: Final = "  It needs you. The wait goes on for a few minutes, in case you are at it."


class Checklist:
    """What is done, what is under way, and what is in the way.

    Args:
        console: where to show it.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._spinner = Spinner("dots")
        self._progress = HostProgress((), "", ())
        self._printed: set[Step] = set()
        self._live: Live | None = None

    def start(self) -> None:
        """Begin to draw, where there is a terminal."""
        if self._console.is_terminal and self._live is None:
            self._live = Live(
                console=self._console,
                refresh_per_second=_DRAWN_A_SECOND,
                get_renderable=self._render,
            )
            self._live.start()

    def stop(self) -> None:
        """Leave what was drawn last on the screen."""
        if self._live:
            self._live.stop()
            self._live = None

    def show(self, event: HostProgress | HostActivity | ObstacleMet) -> None:
        """Show what has changed."""
        if isinstance(event, HostProgress):
            self._progress = event
        if self._live:
            return
        match event:
            case HostProgress():
                self._print_done(event)
            case HostActivity():
                self._console.print(f"  {clamp(event.text, _ACTIVITY)}", markup=False)
            case ObstacleMet():
                self._console.print(f"! {event.source}: {event.text}", markup=False, style="yellow")
                if event.needs_operator:
                    self._console.print(_NEEDS_YOU, markup=False, style="yellow")

    def _print_done(self, progress: HostProgress) -> None:
        for each in progress.steps:
            if each.is_done and each.step not in self._printed:
                self._printed.add(each.step)
                self._console.print(f"✔ {_done(each)}", markup=False)

    def _render(self) -> Group:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        current = next((each for each in self._progress.steps if not each.is_done), None)
        for each in self._progress.steps:
            if each.is_done:
                table.add_row(Text("✔", "green"), Text(_done(each)))
            elif each is current:
                table.add_row(self._spinner, Text(each.step, "bold"))
                if self._progress.activity:
                    table.add_row("", Text(clamp(self._progress.activity, _ACTIVITY), "dim"))
            else:
                table.add_row("", Text(each.step, "dim"))
        obstacles = [
            # The console wraps nothing: a live display would cut an address at the screen's edge.
            Text(f"! {each.source}: {each.text}", "yellow", no_wrap=False, overflow="fold")
            for each in self._progress.obstacles
        ]
        if any(each.needs_operator for each in self._progress.obstacles):
            obstacles.append(Text(_NEEDS_YOU, "yellow", no_wrap=False, overflow="fold"))
        return Group(table, *obstacles)


def _done(progress: StepProgress) -> str:
    if progress.seconds is None or progress.seconds < 1:
        return progress.step
    return f"{progress.step} ({duration(timedelta(seconds=progress.seconds))})"
