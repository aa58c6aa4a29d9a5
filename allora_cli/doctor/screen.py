"""Show a report on one screen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from allora_cli.doctor.examine import examine
from allora_cli.doctor.findings import Finding, Report, Result, Verdict
from allora_cli.terminal import console
from settings.environment import aws_endpoint_url

_MARKS = {
    Verdict.OK: ("✔", "green"),
    Verdict.FAIL: ("✘", "bold red"),
    Verdict.WARNING: ("!", "yellow"),
    Verdict.UNKNOWN: ("?", "cyan"),
    Verdict.SKIPPED: ("–", "dim"),
}
"""Each verdict's sign and style."""

_WORK = "Checking this computer, the account and the network"
_NAMED = 4


def examine_with_progress() -> Report:
    """Return the report of all checks; show the running ones on stderr meanwhile."""
    if not console.err.is_terminal:
        with console.working(_WORK):
            return examine()
    with console.err.status(_WORK) as status:
        return examine(watch=lambda titles: status.update(_progress(titles)))


def _progress(titles: Sequence[str]) -> str:
    more = " …" if len(titles) > _NAMED else ""
    return f"Checking {', '.join(titles[:_NAMED])}{more}"


def show(report: Report, out: Console, *, next_step: bool = True) -> None:
    """Print a report, and by default the command that comes next."""
    if report.subject:
        out.print(Text(report.subject, "bold"), soft_wrap=True)
    if endpoint := aws_endpoint_url():
        out.print(Text(f"AWS_ENDPOINT_URL: {endpoint}", "dim"), soft_wrap=True)
    out.print(_table(report.results), soft_wrap=False)
    out.print(_summary(report))
    if next_step:
        out.print(_next(report))


def _table(results: Iterable[Result]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for group, members in itertools.groupby(results, key=lambda result: result.check.group):
        for number, (title, finding) in enumerate(_lines(members)):
            mark = Text(*_MARKS[finding.verdict])
            table.add_row("" if number else group.value, mark, title, _text(finding))
    return table


def _lines(results: Iterable[Result]) -> Iterator[tuple[str, Finding]]:
    """Yield a line for each result; checks skipped for the same reason share one."""
    for finding, members in itertools.groupby(results, key=lambda result: result.finding):
        first, *others = [result.check.title for result in members]
        if finding.verdict is not Verdict.SKIPPED:
            yield from ((title, finding) for title in (first, *others))
        elif others:
            yield first, Finding(finding.verdict, f"{finding.detail}; so do {', '.join(others)}")
        else:
            yield first, finding


def _text(finding: Finding) -> Text:
    quiet = finding.verdict in {Verdict.SKIPPED, Verdict.UNKNOWN}
    text = Text(finding.detail, "dim" if quiet else "")
    for line in finding.remedy.splitlines():
        text.append(f"\n→ {line}" if not line.startswith(" ") else f"\n{line}", "bold")
    return text


def _summary(report: Report) -> Text:
    text = Text("\n")
    for verdict, (mark, style) in _MARKS.items():
        count = report.count(verdict)
        if count and verdict is not Verdict.SKIPPED:
            text.append(f"{count} {mark}  ", style)
    return text


def _next(report: Report) -> str:
    if not report.healthy:
        return "Fix each ✘, then run: [bold]allora doctor[/]"
    missing = report.count(Verdict.UNKNOWN) + report.count(Verdict.SKIPPED)
    found = f"No ✘; checks that could not be made: {missing}." if missing else "All is ready."
    if report.deployed:
        return f"{found} To see how the worker is doing: [bold]allora status[/]"
    return f"{found} Next: [bold]allora deploy[/]"
