"""`allora status`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.errors import ExitCode
from allora_cli.terminal import console


def status(
    *,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            "-w",
            help="Refresh every 10 seconds; Ctrl-C ends it, with exit code 0. With --json, one "
            "document a line.",
        ),
    ] = False,
    plot: Annotated[
        bool,
        typer.Option(
            "--plot", help="Draw submission windows, rewards and scores of the last day by hour."
        ),
    ] = False,
    json: console.Json = False,
) -> None:
    """Show whether the worker earns: host, containers, topics, wallet, alarms and cost.

    The first line is the network's verdict, because a transaction that the chain accepts may still
    earn nothing.

    Exit code 0: it earns, or nothing is known to prevent it; 3: it does not, for the reason in the
    first line. Times are UTC.

    Example: allora status --watch
    """
    from allora_cli.context import open_context
    from allora_cli.status import output
    from allora_cli.status.collect import Observer

    observer = Observer(open_context())
    if watch:
        output.watch(observer, with_plot=plot, json=json)
        return
    with console.working("Asking AWS"):
        seen = observer.look()
    if not output.show(seen, with_plot=plot, json=json):
        raise typer.Exit(ExitCode.UNHEALTHY)
