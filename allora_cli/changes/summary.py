"""A proposal as people see it: what is made, changed, replaced and destroyed, stays, and costs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from allora_cli.changes.kinds import NOT_IN_AWS, Kind, kind_in, kind_of, name_in, size_of
from allora_cli.changes.proposal import Proposal
from allora_cli.changes.reasons import follows_another, reasons_for, setting_of
from allora_cli.changes.workers import OF_WORKERS, WorkerChange
from allora_cli.events import Event, EventCode
from allora_cli.terraform.plans import Action, ActionReason, Change


@dataclass(frozen=True)
class Detail:
    """A changed attribute, with its setting, where it is one; before and after may be unknown."""

    attribute: str
    before: str | None
    after: str | None
    setting: str | None


@dataclass(frozen=True)
class Entry:
    """What happens to the resources of one kind.

    Attributes:
        addresses: Terraform's.
        names: what people know the resources by, such as ids; those of new ones are not known.
        size: of a new one, what decides its cost.
        details: what is changed in place.
        because: the settings, or else the attributes, that are why it is replaced.
        is_unfinished: whether it is replaced because an earlier run could not finish it.
        follows: whether it only follows from what happens to other resources.
    """

    action: Action
    kind: Kind
    addresses: tuple[str, ...]
    names: tuple[str, ...] = ()
    size: str = ""
    details: tuple[Detail, ...] = ()
    because: tuple[str, ...] = ()
    is_unfinished: bool = False
    follows: bool = False


class Asset(StrEnum):
    """Something that may outlive a change, in the order of the screen."""

    ADDRESS = "address"
    SECRETS = "secrets"
    LOGS = "logs"
    DATA_VOLUME = "data-volume"
    SNAPSHOT = "snapshot"
    """Of a data volume that goes."""
    STATE_BUCKET = "state-bucket"
    ROOT_VOLUME = "root-volume"


@dataclass(frozen=True)
class Kept:
    """Something that stays or goes, with its name in AWS, where that is known."""

    asset: Asset
    name: str = ""


@dataclass(frozen=True)
class MonthlyCost:
    """USD a month; None where a price is unknown.

    Attributes:
        source: the source of the prices, or why they are unknown.
    """

    before: float | None
    after: float | None
    source: str


@dataclass(frozen=True)
class Summary(Event):
    """What a command would do, before it asks whether it may.

    Attributes:
        entries: by action and kind.
        stays: what outlives it, where something does not.
        goes: what does not, beside the entries.
        stops_host: whether EC2 stops the instance for a while, to change it.
        workers: what becomes of the workers of a fleet.
        fleet: the fleet's name; None without one.
    """

    code = EventCode.SUMMARY
    worker_name: str
    entries: tuple[Entry, ...]
    stays: tuple[Kept, ...]
    goes: tuple[Kept, ...]
    stops_host: bool
    cost: MonthlyCost
    workers: tuple[WorkerChange, ...] = ()
    fleet: str | None = None


_ORDER: Final = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)


def entries_of(proposal: Proposal) -> tuple[Entry, ...]:
    """Return what a proposal does, by action and kind; not to the workers of a fleet."""
    bucket = (
        [Entry(Action.CREATE, Kind.STATE_BUCKET, (), (proposal.new_bucket,))]
        if proposal.new_bucket
        else []
    )
    changes = proposal.all_changes
    in_aws = [change for change in changes if change.type not in NOT_IN_AWS | OF_WORKERS]
    groups: dict[tuple[Action, Kind], list[Change]] = {}
    for change in in_aws:
        groups.setdefault((change.action, kind_in(change)), []).append(change)
    ordered = sorted(groups, key=lambda key: (_ORDER.index(key[0]), list(Kind).index(key[1])))
    return (*bucket, *(_entry(*key, groups[key], changes) for key in ordered))


def _entry(action: Action, kind: Kind, group: Sequence[Change], changes: Iterable[Change]) -> Entry:
    names = (name_in(kind, change.before) for change in group)
    entry = Entry(
        action,
        kind,
        tuple(change.address for change in group),
        tuple(name for name in names if name),
    )
    match action:
        case Action.CREATE:
            return replace(entry, size=size_of(group[0]))
        case Action.UPDATE:
            details = dict.fromkeys(detail for change in group for detail in _details(change))
            return replace(entry, details=tuple(details), follows=not details)
        case Action.REPLACE:
            reasons = frozenset[str]().union(*(reasons_for(change, changes) for change in group))
            tainted = any(change.reason is ActionReason.TAINTED for change in group)
            return replace(
                entry,
                because=tuple(sorted(reasons)),
                is_unfinished=tainted,
                follows=not (reasons or tainted),
            )
        case _:
            return entry


def _details(change: Change) -> Iterator[Detail]:
    for each in change.attributes:
        if not follows_another(change, each):
            setting = setting_of(change.type, each.name)
            yield Detail(each.name, each.before, each.after, setting)


def stops_host(entries: Iterable[Entry]) -> bool:
    """Return whether EC2 stops the instance for a while: its type cannot change while it runs."""
    return any(
        entry.kind is Kind.INSTANCE
        and entry.action is Action.UPDATE
        and any(detail.attribute == "instance_type" for detail in entry.details)
        for entry in entries
    )


def stays_and_goes(
    proposal: Proposal, present: Sequence[Mapping[str, Any]], bucket: str
) -> tuple[tuple[Kept, ...], tuple[Kept, ...]]:
    """Return what outlives a proposal and what does not; nothing where it ends nothing.

    Args:
        proposal: what is about to happen.
        present: `type` and `values` of the resources that are there.
        bucket: the state bucket.
    """
    ended = [
        change
        for change in proposal.all_changes
        if change.action in {Action.REPLACE, Action.DELETE}
    ]
    if not any(kind_of(change.type) in _ASSETS or change.type == _HOST for change in ended):
        return (), ()
    lost = {(change.type, change.before.get("id")) for change in ended}
    stays = [
        Kept(_ASSETS[kind], name_in(kind, values) if kind is not Kind.LOG_GROUP else "")
        for kind, type_, values in _assets(present)
        if (type_, values.get("id")) not in lost
    ]
    is_replaced = any(change.type == _HOST for change in ended) and not proposal.destroys
    goes = [Kept(Asset.ROOT_VOLUME)] if is_replaced else []
    snapshots = [
        Kept(Asset.SNAPSHOT, str(change.before.get("id", "")))
        for change in ended
        if kind_of(change.type) is Kind.DATA_VOLUME and change.before.get("final_snapshot")
    ]
    last = [Kept(Asset.STATE_BUCKET, bucket)] if proposal.destroys else []
    found = {Kept(Asset.SECRETS), *stays, *snapshots, *last}
    ordered = sorted(found, key=lambda kept: (list(Asset).index(kept.asset), kept.name))
    return tuple(ordered), tuple(goes)


_HOST: Final = "aws_instance"
_ASSETS: Final[Mapping[Kind, Asset]] = {
    Kind.ADDRESS: Asset.ADDRESS,
    Kind.DATA_VOLUME: Asset.DATA_VOLUME,
    Kind.LOG_GROUP: Asset.LOGS,
}


def _assets(
    present: Iterable[Mapping[str, Any]],
) -> Iterator[tuple[Kind, str, Mapping[str, Any]]]:
    for resource in present:
        kind = kind_of(resource["type"])
        if kind in _ASSETS:
            yield kind, resource["type"], resource["values"]
