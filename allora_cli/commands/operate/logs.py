"""`allora logs`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.commands.worker_option import Worker
from allora_cli.host.parts import Part
from allora_cli.terminal import console

if TYPE_CHECKING:
    from allora_cli.host.log_reader import Reader


def logs(
    part: Annotated[
        Part,
        typer.Argument(help="worker, model, or boot (the host's set-up and its service)."),
    ] = Part.WORKER,
    *,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow",
            "-f",
            help="Continue with new lines, also when the host is replaced; Ctrl-C ends it, with "
            "exit code 130.",
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="15m, 2h, 1d, or 2026-11-22T10:00 (UTC). Default: 1h; for boot, everything.",
        ),
    ] = None,
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=1, help="Only the last N lines.", metavar="N")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Every line as written, metrics included.")
    ] = False,
    worker: Worker = None,
    json: console.Json = False,
) -> None:
    """Show the log of the worker, the model or the host; of a fleet, all workers' or one's.

    Times are UTC. With --json, one object a line: time, part, instance_id (of a fleet worker_name,
    container and task_id), and fields or text.

    Example: allora logs worker -f --since 15m
    """
    from allora_cli.host import log_output

    begin = _begin(part, since)
    reader = _reader(part, worker)
    view = log_output.View(part, json=json, raw=raw)
    show = log_output.follow if follow else log_output.show
    with log_output.until_nobody_reads():
        show(reader, view, begin, lines)


def _reader(part: Part, worker: str | None) -> Reader:
    from allora_cli.context import meant_fleet, open_context
    from allora_cli.fleet.logs import FleetLogReader
    from allora_cli.fleet.refusals import model_is_not_logged, not_in_a_fleet
    from allora_cli.host.log_reader import LogReader

    context = open_context(worker)
    fleet = meant_fleet(context, worker)
    if fleet is None:
        return LogReader(context, part)
    if part is Part.BOOT:
        raise not_in_a_fleet(
            "allora logs boot shows the set-up of a host",
            f"How a task starts: allora status{context.option if worker else ''}",
        )
    if part is Part.MODEL and worker and not fleet.worker(worker).logs_model:
        raise model_is_not_logged(worker)
    return FleetLogReader(fleet, part, worker or "")


def _begin(part: Part, since: str | None) -> datetime | None:
    if since is None and part is Part.BOOT:
        return None
    from allora_cli.host.log_reader import parse_since

    try:
        return parse_since(since or "1h", datetime.now(UTC))
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(
            f"{since!r} is not a time. Use 15m, 2h, 1d (ago), or 2026-11-22T10:00 (UTC).",
            param_hint="--since",
        ) from error
