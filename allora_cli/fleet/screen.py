"""Lay out the screens of `allora status` for a fleet: a line a worker, or one worker."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from allora_cli.aws.queries import Unknown
from allora_cli.fleet.collect import FleetStatus, WorkerStatus
from allora_cli.fleet.diagnosis import firing_in, is_healthy, judge, judge_all
from allora_cli.fleet.reports import Report
from allora_cli.fleet.tasks import Task
from allora_cli.status.alarm_rows import alarm_counts, firing_alarms
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.status.screen import RUNBOOK, headline
from allora_cli.status.worker_rows import NOT_KNOWN, topics, versions, wallet
from allora_cli.terminal.layout import Listing
from allora_cli.terminal.text import clamp, duration, moment

_SIGN: Final = 2
_SHORTEST: Final = 24
_REASON: Final = 170
"""Characters of a reason or an error: two lines of 100 columns, or three of 80."""
_STEADY: Final = {Condition.PAUSED: ("-", "dim"), Condition.UNKNOWN: ("?", "yellow")}


def screen_of(status: FleetStatus, width: int) -> Group:
    """Return a line a worker, those that need attention first.

    Args:
        status: The fleet's.
        width: Of the terminal, in columns.
    """
    judged = judge_all(status)
    column = max((len(worker.worker.name) for worker, _ in judged), default=0) + _SIGN
    parts: list[RenderableType] = [headline_of(status), Text()]
    parts += [_row(worker, verdict, column, width) for worker, verdict in judged]
    if status.not_in_file:
        names = ", ".join(status.not_in_file)
        parts.append(
            Text(f"✘ Running, and not in fleet.toml: {names}. allora deploy removes them.", "red")
        )
    parts += _alarms(status)
    if any(not verdict.is_healthy for _, verdict in judged):
        parts += [Text(), Text("What to do: allora status --worker NAME", style="dim")]
    return Group(*parts)


def headline_of(status: FleetStatus) -> Text:
    """Return the first line: how many workers need attention?"""
    judged = judge_all(status)
    paused = sum(verdict.finding is Condition.PAUSED for _, verdict in judged)
    earning = sum(verdict.finding is Condition.EARNING for _, verdict in judged)
    bad = sum(not verdict.is_healthy for _, verdict in judged)
    counts = f"{len(judged)} workers: {earning} earning, {paused} paused"
    if is_healthy(status):
        return Text.assemble(("✔ ", "bold green"), counts)
    if count := bad + len(status.not_in_file):
        trouble = f"✘ {count} need{'s' * (count == 1)} attention. "
    else:
        firing = len(firing_in(status))
        trouble = f"✘ {firing} alarm{' is' if firing == 1 else 's are'} on. "
    return Text.assemble((trouble, "bold red"), counts)


def _alarms(status: FleetStatus) -> Iterator[Text]:
    label = Text("Alarms: ")
    if isinstance(status.alarms, Unknown):
        yield label + Text(f"{NOT_KNOWN} {clamp(str(status.alarms.error), _REASON)}", "yellow")
    elif status.alarms:
        yield label + alarm_counts(status.alarms)
        yield from firing_alarms(status.alarms, status.at, longest=_REASON)


def _row(status: WorkerStatus, verdict: Diagnosis, column: int, width: int) -> Text:
    sign, style = _STEADY.get(
        verdict.finding, ("✔", "green") if verdict.is_healthy else ("✘", "red")
    )
    facts = [str(verdict.finding).removeprefix("status-").replace("-", " ")]
    if at := status.last_submission_at:
        facts.append(f"submitted {duration(status.at - at)} ago")
    head = Text.assemble((f"{sign} ", style), (status.worker.name, "bold"))
    head.pad_right(column - len(head))
    head.append(f"  {', '.join(facts)}: ")
    return head.append(clamp(verdict.sentence, max(width - len(head), _SHORTEST)))


def screen_of_one(status: WorkerStatus) -> Group:
    """Return everything about one worker."""
    verdict = judge(status)
    parts: list[RenderableType] = [headline(verdict)]
    if verdict.remedy:
        parts.append(Text(verdict.remedy))
    if not verdict.is_healthy:
        parts.append(Text(f"More: {RUNBOOK}#{verdict.finding}", style="dim"))
    rows = [(Text(label, "bold"), text) for label, text in _rows(status)]
    return Group(*parts, Text(), Listing(rows))


def _rows(status: WorkerStatus) -> Iterator[tuple[str, Text]]:
    report = status.report if isinstance(status.report, Report) else None
    options = status.worker.options
    yield "Size", Text(f"{options.size}, {options.architecture}, {options.capacity}")
    yield "Task", _task(status.runtime.task, status.at)
    if stopped := status.runtime.stopped:
        yield "Ended", _ended(stopped)
    if report:
        yield "Report", Text(f"{duration(status.at - report.at)} ago")
    worker = report.worker if report else None
    yield "Versions", versions(worker)
    yield from topics(status.topics, status.at)
    yield "Wallet", wallet(worker)


def _task(task: Task | None, now: datetime) -> Text:
    if task is None:
        return Text("none")
    if task.started_at is None:
        return Text(f"{task.id}  {task.state.lower()}")
    since = f"since {moment(task.started_at)} ({duration(now - task.started_at)})"
    return Text(f"{task.id}  {task.state.lower()} {since}")


def _ended(task: Task) -> Text:
    at = f", {moment(task.stopped_at)}" if task.stopped_at else ""
    return Text(f"{task.id}{at}: {task.reason or task.stop_code or '?'}")
