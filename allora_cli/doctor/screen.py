"""The report on one screen."""

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

_STYLES = {
    Verdict.OK: "green",
    Verdict.FAIL: "bold red",
    Verdict.WARNING: "yellow",
    Verdict.UNKNOWN: "cyan",
    Verdict.SKIPPED: "dim",
}


_WORK = "Looking at this computer, the account and the network"
_NAMED = 4


def examine_with_progress() -> Report:
    """Examines, and shows meanwhile on stderr what it looks at."""
    if not console.err.is_terminal:
        with console.working(_WORK):
            return examine()
    with console.err.status(_WORK) as status:
        return examine(watch=lambda titles: status.update(_working_on(titles)))


def _working_on(titles: Sequence[str]) -> str:
    more = " …" if len(titles) > _NAMED else ""
    return f"Looking at {', '.join(titles[:_NAMED])}{more}"


def show(report: Report, out: Console, *, next_step: bool = True) -> None:
    """Prints what was found, and what to type next.

    Args:
        report: what was found.
        out: where to.
        next_step: whether to end with the command that comes next.
    """
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
        for number, (title, finding) in enumerate(_lines(list(members))):
            mark = Text(finding.verdict.mark, _STYLES[finding.verdict])
            table.add_row("" if number else group.value, mark, title, _text(finding))
    return table


def _lines(results: list[Result]) -> Iterator[tuple[str, Finding]]:
    """One line for each; those that were left out for the same reason share one."""
    for finding, members in itertools.groupby(results, key=lambda result: result.finding):
        titles = [result.check.title for result in members]
        if finding.verdict is Verdict.SKIPPED:
            rest = f"{finding.detail}; so do {', '.join(titles[1:])}" if titles[1:] else None
            yield titles[0], Finding(finding.verdict, rest or finding.detail)
        else:
            yield from ((title, finding) for title in titles)


def _text(finding: Finding) -> Text:
    quiet = finding.verdict in {Verdict.SKIPPED, Verdict.UNKNOWN}
    text = Text(finding.detail, "dim" if quiet else "")
    for line in finding.remedy.splitlines():
        text.append(f"\n→ {line}" if not line.startswith(" ") else f"\n{line}", "bold")
    return text


def _summary(report: Report) -> Text:
    counts = [
        (len(report.of(verdict)), verdict)
        for verdict in (Verdict.OK, Verdict.FAIL, Verdict.WARNING, Verdict.UNKNOWN)
    ]
    text = Text("\n")
    for count, verdict in counts:
        if count:
            text.append(f"{count} {verdict.mark}  ", _STYLES[verdict])
    return text


def _next(report: Report) -> str:
    if not report.healthy:
        return "Put right what is marked ✘, then: [bold]pipenv run allora doctor[/]"
    if report.deployed:
        return "Nothing is in the way. To see how it goes: [bold]pipenv run allora status[/]"
    return "Nothing is in the way. Next: [bold]pipenv run allora deploy[/]"
