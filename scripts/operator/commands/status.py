"""`allora status`."""

from __future__ import annotations

from typing import Annotated

import typer

from scripts.operator import screen
from scripts.operator.office import open_office
from scripts.operator.trouble import ExitCode


def status(
    *,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="Show it anew every 10 seconds; Ctrl-C ends it, with exit code 0. "
            "With --json one document a line.",
        ),
    ] = False,
    plot: Annotated[
        bool, typer.Option("--plot", help="Draw the last day's submission windows by hour.")
    ] = False,
    json: screen.Json = False,
) -> None:
    """Shows whether the worker earns: host, containers, topics, wallet, alarms and cost.

    Exit code 0: healthy; 3: not, and the first line says why. Times are UTC.
    Example: pipenv run allora status --watch
    """
    from scripts.operator import status_views  # noqa: PLC0415 - pydantic models, and prices
    from scripts.operator.status import Observer  # noqa: PLC0415

    observer = Observer(open_office())
    if watch:
        status_views.watch(observer, with_plot=plot, json=json)
        return
    with screen.working("Asking AWS"):
        seen = observer.look()
    if not status_views.show(seen, with_plot=plot, json=json):
        raise typer.Exit(ExitCode.UNHEALTHY)
