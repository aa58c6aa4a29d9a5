"""`allora status`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.worker_option import Worker
from allora_cli.errors import ExitCode
from allora_cli.terminal import console

if TYPE_CHECKING:
    from allora_cli.context import Context, FleetContext


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
    worker: Worker = None,
    json: console.Json = False,
) -> None:
    """Show whether the worker earns: host, containers, topics, wallet, alarms and cost.

    Of a fleet, a line a worker, those that need attention first.

    The first line is the network's verdict, because a transaction that the chain accepts may still
    earn nothing.

    Exit code 0: it earns, or nothing is known to prevent it; 3: it does not, for the reason in the
    first line. Times are UTC.

    Example: allora status --watch
    """
    from allora_cli.context import meant_fleet, open_context

    context = open_context(worker)
    fleet = meant_fleet(context, worker)
    if fleet:
        _refuse_plot(plot=plot)
        is_healthy = _fleet(fleet, worker or "", watch=watch, json=json)
    else:
        is_healthy = _host(context, watch=watch, plot=plot, json=json)
    if not is_healthy:
        raise typer.Exit(ExitCode.UNHEALTHY)


def _host(context: Context, *, watch: bool, plot: bool, json: bool) -> bool:
    from allora_cli.status import watching
    from allora_cli.status.collect import Observer
    from allora_cli.status.diagnosis import judge
    from allora_cli.status.output import HostView

    observer, view = Observer(context), HostView(with_plot=plot)
    if watch:
        watching.watch(observer, view, json=json)
        return True
    with console.working("Asking AWS"):
        seen = observer.look()
    watching.show(seen, view, json=json)
    return judge(seen).is_healthy


def _fleet(fleet: FleetContext, worker: str, *, watch: bool, json: bool) -> bool:
    from allora_cli.fleet.collect import FleetObserver
    from allora_cli.fleet.diagnosis import is_healthy
    from allora_cli.fleet.output import FleetView, WorkerView
    from allora_cli.status import watching

    observer = FleetObserver(fleet, worker)
    view = WorkerView() if worker else FleetView()
    if watch:
        watching.watch(observer, view, json=json)
        return True
    with console.working("Asking AWS"):
        seen = observer.look()
    watching.show(seen, view, json=json)
    return is_healthy(seen)


def _refuse_plot(*, plot: bool) -> None:
    from allora_cli.fleet.refusals import not_in_a_fleet

    if plot:
        raise not_in_a_fleet(
            "allora status --plot draws the metrics of a host's worker",
            "The dashboard has the fleet's: allora dashboard",
        )
