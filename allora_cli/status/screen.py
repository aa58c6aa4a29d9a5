"""Lay out the screen of `allora status`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from allora_cli.aws.prices import CALCULATOR
from allora_cli.aws.queries import Unknown
from allora_cli.host.status_report import Container, HostStatus
from allora_cli.status.alarm_rows import alarm_counts, firing_alarms
from allora_cli.status.collect import Host, Status
from allora_cli.status.conditions import Condition, Diagnosis
from allora_cli.status.diagnosis import REPORT_IS_OLD, report_age
from allora_cli.status.plot import plot_day
from allora_cli.status.worker_rows import NOT_KNOWN, topics, versions, wallet
from allora_cli.terminal.layout import Listing
from allora_cli.terminal.text import clamp, duration, moment
from shared.networks import NETWORKS

RUNBOOK: Final = "docs/operations.md"

_REASON: Final = 170
"""Characters of a reason or an error: two lines of 100 columns, or three of 80."""

_SENTENCE: Final = 260

_REMEDY: Final = 1024
"""Of an alarm: no link in it is cut."""

_GOOD: Final = {
    Condition.EARNING: "Earning",
    Condition.SUBMITTING: "Submitting:",
    Condition.PAUSED: "Paused:",
}

_IMAGE: Final = 12


def headline(verdict: Diagnosis) -> Text:
    """Return the first line: is it earning?"""
    if verdict.is_healthy:
        word = _GOOD.get(verdict.finding, "Healthy:")
        return Text.assemble((f"✔ {word} ", "bold green"), clamp(verdict.sentence, _SENTENCE))
    if verdict.finding is Condition.UNKNOWN:
        return Text.assemble(("? Unknown: ", "bold yellow"), clamp(verdict.sentence, _SENTENCE))
    word = "Attention" if verdict.finding is Condition.ALARM else "Not earning"
    return Text.assemble((f"✘ {word}: ", "bold red"), clamp(verdict.sentence, _SENTENCE))


def screen_of(status: Status, verdict: Diagnosis, *, width: int, with_plot: bool) -> Group:
    """Return everything about a worker, in at most 30 lines of 100 columns without the plot.

    Args:
        status: what AWS knows.
        verdict: its diagnosis.
        width: the terminal's, in columns.
        with_plot: whether to draw the last day's windows, rewards and scores.
    """
    parts: list[RenderableType] = [headline(verdict)]
    if verdict.remedy:
        parts.append(Text(clamp(verdict.remedy, _REMEDY)))
    if not verdict.is_healthy:
        parts.append(Text(f"More: {RUNBOOK}#{verdict.finding}", style="dim"))
    rows = [(Text(label, "bold"), text) for label, text in _rows(status, verdict)]
    parts += [Text(), Listing(rows)]
    if with_plot:
        parts += [Text(), _plot(status, width)]
    return Group(*parts)


def dashboard_line(status: Status) -> Text:
    """Return the line with the dashboard's URL, which must not be cut."""
    return _link("Dashboard", status.deployment.dashboard_url)


def explorer_lines(status: Status) -> list[Text]:
    """Return lines with the explorer's pages of the wallet and of its newest transaction."""
    network, worker = NETWORKS[status.context.settings.allora_network], status.worker
    if worker is None:
        return []
    lines = [_link("Account", network.account_url(worker.address))] if worker.address else []
    sent = [last for topic in worker.topics if (last := topic.last_submission) and last.tx_hash]
    if sent:
        newest = max(sent, key=lambda submission: submission.at)
        lines.append(_link("Latest", network.transaction_url(str(newest.tx_hash))))
    return lines


def _link(label: str, url: str) -> Text:
    return Text.assemble((f"{label:<11}", "bold"), (url, f"link {url}"))


def _plot(status: Status, width: int) -> Text:
    if isinstance(status.last_day, Unknown):
        return _unknown(status.last_day)
    return plot_day(status.last_day, width)


def _rows(status: Status, verdict: Diagnosis) -> Iterator[tuple[str, Text]]:
    report = status.report if isinstance(status.report, HostStatus) else None
    yield "Host", _lines(_host(status, report))
    for name in ("worker", "model"):
        yield name.capitalize(), _container(name, report)
    yield "Versions", versions(status.worker)
    yield from topics(status.topics, status.at)
    yield "24 hours", _last_day(status)
    yield "Wallet", wallet(status.worker)
    yield "Alarms", _lines(_alarms(status, verdict))
    yield "Cost", _cost(status)


def _lines(lines: Iterator[Text]) -> Text:
    return Text("\n").join(lines)


def _unknown(part: Unknown) -> Text:
    return Text(f"{NOT_KNOWN} {clamp(str(part.error), _REASON)}", style="yellow")


def _host(status: Status, report: HostStatus | None) -> Iterator[Text]:
    host, id_ = status.host, status.deployment.instance_id
    if isinstance(host, Unknown):
        yield Text(f"{id_}  {status.deployment.public_ip}")
        yield _unknown(host)
    elif host is None:
        yield Text(f"{id_}  EC2 does not know it any more")
    else:
        address = host.address or status.deployment.public_ip
        yield Text("  ").join(
            [
                Text(id_),
                Text(host.type),
                Text(host.state, style="" if host.state == "running" else "red"),
                Text(host.zone),
                Text(address),
            ]
        )
    if isinstance(status.report, Unknown):
        yield _unknown(status.report)
        return
    yield from _reported(status, report)


def _reported(status: Status, report: HostStatus | None) -> Iterator[Text]:
    age = report_age(status)
    if report is None or age is None:
        yield Text("no report yet", style="yellow")
        return
    up_since = started_at(status)
    facts = [f"up since {moment(up_since)} ({duration(status.at - up_since)})"] if up_since else []
    facts += [report.system] if report.system else []
    if facts:
        yield Text(", ".join(facts))
    text = Text(f"disk {_percent(report.disk_used)}, memory {_percent(report.memory_used)}, ")
    style = "" if age < REPORT_IS_OLD else "red"
    text.append(f"reported {duration(age)} ago", style)
    yield text.append("; a restart for updates is due" if report.reboot_required else "")


def started_at(status: Status) -> datetime | None:
    """Return when the host booted, or None if it does not run or that is unknown."""
    host, report = status.host, status.report
    if not isinstance(host, Host) or host.state != "running":
        return None
    if isinstance(report, HostStatus) and report.uptime_seconds is not None:
        return report.at - timedelta(seconds=report.uptime_seconds)
    return host.launched_at


def _percent(value: float | None) -> str:
    return NOT_KNOWN if value is None else f"{value:.0f} %"


def _container(name: str, report: HostStatus | None) -> Text:
    if report is None:
        return Text(NOT_KNOWN)
    container = report.container(name)
    if container.state is None:
        return Text("no container", style="red")
    # "running" goes without saying where a health check tells more.
    is_running = container.state == "running"
    state = (container.health if is_running else None) or container.state
    text = Text(state, style="" if container.is_well else "red")
    if container.started_at and is_running:
        text.append(f", since {moment(container.started_at)}")
    if container.restarts is not None:
        text.append(f", {container.restarts} restart{'s' * (container.restarts != 1)}")
    return text.append(_version_of(name, container, report))


def _version_of(name: str, container: Container, report: HostStatus) -> str:
    if name == "model" and report.model_commit:
        return f", commit {report.model_commit[:_IMAGE]}"
    image = (container.image or "").removeprefix("sha256:")
    return f", image {image[:_IMAGE]}" if image else ""


def _last_day(status: Status) -> Text:
    if isinstance(status.last_day, Unknown):
        return _unknown(status.last_day)
    windows = status.last_day.windows
    if windows.success_rate is None:
        return Text("no submission windows")
    total = windows.submissions + windows.failures
    share = f"{windows.success_rate * 100:.1f} % success"
    return Text(f"{share}: submitted in {windows.submissions} of {total} windows")


def _alarms(status: Status, verdict: Diagnosis) -> Iterator[Text]:
    alarms = status.alarms
    if isinstance(alarms, Unknown):
        yield _unknown(alarms)
        return
    yield alarm_counts(alarms)
    is_headline = verdict.finding is Condition.ALARM and sum(a.is_firing for a in alarms) == 1
    yield from firing_alarms(alarms, status.at, longest=_REASON, with_remedies=not is_headline)


def _cost(status: Status) -> Text:
    cost = status.cost
    if isinstance(cost, Unknown):
        return _unknown(cost)
    if cost.so_far is None or cost.monthly is None:
        return Text(f"{NOT_KNOWN} no prices from AWS: {CALCULATOR} has them")
    so_far, monthly = f"{cost.so_far:.2f}", f"{cost.monthly:.0f}"
    return Text(f"about {so_far} USD this month so far (estimate; {monthly} USD a whole month)")
