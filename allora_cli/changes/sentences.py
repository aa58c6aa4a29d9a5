"""What the screen says about a summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from allora_cli.aws.prices import CALCULATOR
from allora_cli.changes.kinds import Kind
from allora_cli.changes.summary import Asset, Detail, Entry, Kept, MonthlyCost, Summary
from allora_cli.changes.workers import Reason, WorkerAction, WorkerChange
from allora_cli.terminal.sentence import Sentence
from allora_cli.terraform.plans import Action

_TITLES: Final[Mapping[Action, tuple[str, str, str]]] = {
    Action.CREATE: ("Will be created:", "+", "green"),
    Action.UPDATE: ("Will be changed in place:", "~", "yellow"),
    Action.REPLACE: ("Will be replaced:", "±", "red"),
    Action.DELETE: ("Will be destroyed:", "-", "red"),
}
_WORDS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.STATE_BUCKET: ("the S3 bucket for Terraform's state, for cents a month:", ""),
    Kind.INSTANCE: ("the instance", "instances"),
    Kind.ADDRESS: ("the Elastic IP address", "Elastic IP addresses"),
    Kind.DATA_VOLUME: ("the data volume", "data volumes"),
    Kind.NETWORK: ("a part of the network", "the network, {} resources"),
    Kind.SECURITY_GROUP: ("a rule of the security group", "the security group and its rules"),
    Kind.ROLE: ("a part of the host's IAM role", "the host's IAM role and instance profile"),
    Kind.ARCHIVE: ("the host's archive in the state bucket", "archives of the host"),
    Kind.LOG_GROUP: ("a log group", "{} log groups"),
    Kind.DASHBOARD: ("the dashboard", "{} dashboards"),
    Kind.ALARM: ("an alarm", "{} alarms"),
    Kind.ALARM_TOPIC: ("the policy of the alarms' topic", "the alarms' SNS topic"),
    Kind.EMAIL: ("the e-mail subscription to the alarms", "e-mail subscriptions to the alarms"),
    Kind.CLUSTER: ("a part of the ECS cluster", "the ECS cluster"),
    Kind.FLEET: (
        "a part of what the fleet's tasks need to start",
        "what the fleet's tasks need to start: roles, repositories, CodeBuild ({} resources)",
    ),
    Kind.CONNECTION: ("an attachment to the instance", "{} attachments to the instance"),
    Kind.OTHER: ("another resource", "{} other resources"),
}
_LOSSES: Final[Mapping[Kind, str]] = {
    Kind.INSTANCE: "with its disk",
    Kind.ADDRESS: "another deployment gets another one",
    Kind.LOG_GROUP: "with all their logs",
}
"""What is lost with a resource that is destroyed."""

_ASSETS: Final[Mapping[Asset, str]] = {
    Asset.ADDRESS: "the address",
    Asset.SECRETS: "wallet and secrets",
    Asset.LOGS: "the logs",
    Asset.DATA_VOLUME: "the data volume",
    Asset.STATE_BUCKET: "the state bucket",
    Asset.SNAPSHOT: "a last snapshot of the data volume",
    Asset.ROOT_VOLUME: "the host's own disk, with all that the model has written there",
}
_WORKERS: Final[Mapping[WorkerAction, tuple[str, str, str]]] = {
    WorkerAction.NEW: ("+", "green", "new"),
    WorkerAction.NEW_PAUSED: ("+", "green", "new, and paused"),
    WorkerAction.RESUMED: ("~", "yellow", "runs again"),
    WorkerAction.TASK_REPLACED: ("±", "yellow", "the task is replaced"),
    WorkerAction.CHANGED: ("~", "yellow", "changed"),
    WorkerAction.PAUSED: ("~", "yellow", "paused"),
    WorkerAction.REMOVED: ("-", "red", "removed; wallet and secrets stay"),
}
_REASONS: Final[Mapping[str, str]] = {
    Reason.WORKER_IMAGE: "another worker image",
    Reason.MODEL_IMAGE: "another model image",
    Reason.SECRETS: "other secrets",
    Reason.MODEL_LOGS: "the model's log is turned on or off",
    Reason.SIZE: "another size",
    Reason.ARCHITECTURE: "another architecture",
    Reason.CAPACITY: "another capacity",
    Reason.DEFINITION: "another version of this project",
}
_MOST_NAMES: Final = 5
_AS_A_CONSEQUENCE: Final = ", as a consequence"
_MOST_DETAILS: Final = 3


def sentences(summary: Summary) -> Iterator[Sentence]:
    """Yield the lines about a summary."""
    whom = f"fleet {summary.fleet}" if summary.fleet else f"worker {summary.worker_name}"
    yield Sentence(f"What changes for the {whom}:", "bold")
    yield from map(_worker, summary.workers)
    title = ""
    for entry in summary.entries:
        found, sign, style = _TITLES[entry.action]
        if found != title:
            yield Sentence(found)
            title = found
        yield Sentence(f"  {sign} {_line(entry)}", style)
    if not summary.entries and not summary.workers:
        yield Sentence("Only outputs change.")
    if summary.stops_host:
        yield Sentence("EC2 stops the instance to change it: the worker is down for minutes.")
    if summary.stays:
        yield Sentence("What stays:")
        yield from (Sentence(f"  {_kept(each)}") for each in summary.stays)
    if summary.goes:
        yield Sentence("What goes:")
        yield from (Sentence(f"  {_kept(each)}") for each in summary.goes)
    yield Sentence(_cost(summary.cost))


def _worker(change: WorkerChange) -> Sentence:
    sign, style, what = _WORKERS[change.action]
    reasons = [_REASONS.get(each, each) for each in change.because]
    why = f", because of {', '.join(reasons)}" if reasons else ""
    more = len(change.names) - _MOST_NAMES
    names = ", ".join(change.names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
    return Sentence(f"  {sign} {names}: {what}{why}", style)


def _line(entry: Entry) -> str:
    one, more = _WORDS[entry.kind]
    count = len(entry.addresses)
    what = one if count <= 1 else more.format(count)
    names = f" {', '.join(entry.names)}" if entry.names else ""
    size = f" ({entry.size})" if entry.size else ""
    return f"{what}{names}{size}{_why(entry)}"


def _why(entry: Entry) -> str:
    match entry.action:
        case Action.UPDATE if not entry.follows:
            return f": {_details(entry.details)}"
        case Action.UPDATE:
            return _AS_A_CONSEQUENCE
        case Action.REPLACE:
            empty = "; the new one is empty" if entry.kind is Kind.DATA_VOLUME else ""
            return f"{_reason(entry)}{empty}"
        case Action.DELETE if loss := _LOSSES.get(entry.kind):
            return f"; {loss}"
        case _:
            return ""


def _reason(entry: Entry) -> str:
    if entry.follows:
        return _AS_A_CONSEQUENCE
    if entry.is_unfinished:
        return ", because an earlier run could not finish it"
    return f", because of {', '.join(entry.because)}"


def _details(details: tuple[Detail, ...]) -> str:
    if len(details) > _MOST_DETAILS:
        return ", ".join(dict.fromkeys(each.attribute for each in details))
    return ", ".join(map(_detail, details))


def _detail(detail: Detail) -> str:
    values = "" if detail.before is None else f" {detail.before} → {detail.after}"
    setting = f" ({detail.setting})" if detail.setting else ""
    return f"{detail.attribute}{values}{setting}"


def _kept(thing: Kept) -> str:
    return f"{_ASSETS[thing.asset]} {thing.name}".rstrip()


def _cost(cost: MonthlyCost) -> str:
    if cost.after is None or cost.before is None:
        return f"What it costs a month is unknown ({cost.source.rstrip('.')}): see {CALCULATOR}"
    after, before = _usd(cost.after), _usd(cost.before)
    if after == before:
        return f"What it costs stays the same: {after} a month ({cost.source})."
    return f"It will cost {after} a month, now {before} ({cost.source})."


def _usd(usd: float) -> str:
    return f"about {usd:.2f} USD" if usd else "nothing"
