"""Shows the progress of a host: a live checklist at a terminal, lines elsewhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Final, Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from allora_cli.deploy.progress import Progress, Source, Step
from allora_cli.terminal.text import clamp

_ACTIVITY: Final = 200
_DRAWN_A_SECOND: Final = 8
_RECENT: Final = timedelta(minutes=5)
"""How long before the wait the lines are that are shown: the host begins before cdktf ends."""


class Checklist:
    """What is done, what is under way, and what is in the way.

    Args:
        progress: what is shown.
        console: where to.
        began: since when somebody has been waiting; only what was done later gets its seconds.
    """

    def __init__(self, progress: Progress, console: Console, began: datetime) -> None:
        self._progress = progress
        self._console = console
        self._began = began
        self._spinner = Spinner("dots")
        self._live: Live | None = None
        self._told: set[Step] = set()
        self._shown_activities = 0
        self._obstacles: set[tuple[Source, str, bool]] = set()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(
                console=self._console,
                refresh_per_second=_DRAWN_A_SECOND,
                get_renderable=self._render,
            )
            self._live.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._live:
            if error is None:
                self._live.refresh()
            self._live.stop()

    def update(self) -> None:
        """Shows what has changed."""
        for obstacle in self._progress.obstacles.values():
            if obstacle.kind not in self._obstacles:
                self._obstacles.add(obstacle.kind)
                if not self._live:
                    self.tell(f"{obstacle.source}: {obstacle.text}", style="yellow")
        if self._live:
            return
        for at, activity in self._progress.activities[self._shown_activities :]:
            if at >= self._began - _RECENT:
                self._console.print(f"  {clamp(activity, _ACTIVITY)}", markup=False)
        self._shown_activities = len(self._progress.activities)
        for step in self._progress.steps:
            if step in self._progress.done and step not in self._told:
                self._told.add(step)
                self._console.print(f"✔ {step}{self._seconds(step)}", markup=False)

    def tell(self, text: str, style: str = "") -> None:
        """Says something once, above the checklist."""
        self._console.print(f"! {text}", markup=False, style=style)

    def _seconds(self, step: Step) -> str:
        seconds = self._progress.seconds(step)
        if not seconds or self._progress.done[step] < self._began:
            return ""
        return f" ({seconds:.0f} s)"

    def _render(self) -> Group:
        table = Table.grid(padding=(0, 1))
        table.add_column(width=1)
        table.add_column(overflow="fold")
        current = self._progress.current
        for step in self._progress.steps:
            if step in self._progress.done:
                table.add_row(Text("✔", "green"), Text(f"{step}{self._seconds(step)}"))
            elif step is current:
                table.add_row(self._spinner, Text(step, "bold"))
                if self._progress.activity:
                    activity = clamp(self._progress.activity, _ACTIVITY)
                    table.add_row("", Text(activity, "dim"))
            else:
                table.add_row("", Text(step, "dim"))
        obstacles = [
            Text(f"! {obstacle.source}: {obstacle.text}", "yellow")
            for obstacle in self._progress.obstacles.values()
        ]
        return Group(table, *obstacles)
