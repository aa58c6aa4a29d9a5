"""Show a report on one screen."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from allora_cli.doctor.examine import examine
from allora_cli.doctor.findings import Finding, Report, Result, Verdict
from allora_cli.terminal import console
from allora_cli.terminal.layout import Listing
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


def show(report: Report, out: console.SafeConsole, *, next_step: bool = True) -> None:
    """Print a report, and by default the command that comes next.

    Args:
        report: what to print.
        out: where.
        next_step: False where a deployment goes on by its own rule.
    """
    if report.subject:
        out.print(Text(report.subject, "bold"))
    if endpoint := aws_endpoint_url():
        out.print(Text(f"AWS_ENDPOINT_URL: {endpoint}", "dim"))
    out.print_screen(Listing(_rows(report.results), gap=1))
    out.print(_summary(report))
    if next_step:
        out.print(_next(report))
    elif report.unchecked and not report.blocked:
        # Without the credentials, for one, nothing else can be done either.
        goes_on = "" if report.count(Verdict.SKIPPED) else " That does not stop a deployment."
        out.print(f"{_unchecked(report)}{goes_on}")


def _rows(results: Sequence[Result]) -> Iterator[tuple[Text, Text]]:
    width = max(len(result.check.group) for result in results)
    waiting = _waiting(results)
    made = (result for result in results if result.finding.verdict is not Verdict.SKIPPED)
    shown = (result for result in made if not result.finding.is_quiet)
    for group, members in itertools.groupby(shown, key=lambda result: result.check.group):
        for number, result in enumerate(members):
            check, finding = result.check, result.finding
            label = "" if number else group
            yield _label(label.ljust(width), finding.verdict, check.title), _text(finding)
            if titles := waiting.get(check.id):
                skipped = Finding(Verdict.SKIPPED, f"without it: {', '.join(titles)}")
                yield _label(" " * width, skipped.verdict, "Not checked"), _text(skipped)


def _label(group: str, verdict: Verdict, title: str) -> Text:
    return Text.assemble((f"{group} ", "bold"), _MARKS[verdict], f" {title}")


def _waiting(results: Iterable[Result]) -> dict[str, list[str]]:
    """Return the titles of skipped checks by the check that is the reason: one line for each."""
    waiting: dict[str, list[str]] = {}
    for result in results:
        if result.finding.verdict is Verdict.SKIPPED:
            waiting.setdefault(result.finding.needs, []).append(result.check.title)
    return waiting


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
        if count:
            text.append(f"{count} {mark}  ", style)
    return text


def _next(report: Report) -> str:
    if report.blocked:
        return "Fix each ✘, then run: [bold]allora doctor[/]"
    if report.count(Verdict.SKIPPED):
        return f"{_unchecked(report)} Fix the cause, then run: [bold]allora doctor[/]"
    found = _unchecked(report) if report.unchecked else "All is ready."
    if report.deployed:
        return f"{found} To see how the worker is doing: [bold]allora status[/]"
    return f"{found} Next: [bold]allora deploy[/]"


def _unchecked(report: Report) -> str:
    """Return how many checks could not be made."""
    count = f"{report.unchecked} of {len(report.results)}"
    return f"No ✘, but {count} checks could not be made; each ? says why."
