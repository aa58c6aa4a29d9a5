"""Terraform's plans, read from the JSON of `terraform show`.

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

_LONGEST_VALUE: Final = 60


class Action(StrEnum):
    """What Terraform does with a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    READ = "read"


_ACTIONS: Final[Mapping[tuple[str, ...], Action]] = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete",): Action.DELETE,
    ("delete", "create"): Action.REPLACE,
    ("create", "delete"): Action.REPLACE,
}


class ActionReason(StrEnum):
    """Why Terraform replaces a resource, where it says so."""

    CANNOT_UPDATE = "replace_because_cannot_update"
    TAINTED = "replace_because_tainted"
    REQUESTED = "replace_by_request"
    TRIGGERED = "replace_by_triggers"


@dataclass(frozen=True)
class AttributeChange:
    """A changed attribute.

    Attributes:
        name: the attribute's; of a member of a block `block.member`.
        before: as text; None where it is long, nested, secret or unknown.
        after: likewise.
        replaces: whether it is why the resource is replaced.
    """

    name: str
    before: str | None = None
    after: str | None = None
    replaces: bool = False


@dataclass(frozen=True)
class Change:
    """What a plan does to one resource.

    Attributes:
        address: the resource's, in its stack.
        type: the resource's.
        action: what is done.
        attributes: those that change, of an update or a replacement.
        before: all the values that the resource has now; empty of a new one.
        after: all the values that it will have, as far as they are known; empty of one that goes.
        reason: why it is replaced, where Terraform says so.
        hidden: attributes whose values nobody may see.
        unknown: attributes whose values are known after the apply.
    """

    address: str
    type: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict, repr=False)
    after: Mapping[str, Any] = field(default_factory=dict, repr=False)
    reason: ActionReason | None = None
    hidden: frozenset[str] = field(default=frozenset(), repr=False)
    unknown: frozenset[str] = field(default=frozenset(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the change for JSON, without values that may be long or secret."""
        return {
            "address": self.address,
            "type": self.type,
            "action": self.action,
            "attributes": sorted({each.name.partition(".")[0] for each in self.attributes}),
        }


@dataclass(frozen=True)
class Plan:
    """A saved plan of one stack.

    Attributes:
        stack: its id.
        file: for `terraform apply`.
        is_empty: whether it changes nothing, not even an output.
        changes: to resources.
    """

    stack: str
    file: Path
    is_empty: bool
    changes: tuple[Change, ...] = ()


def replaces_host(changes: Iterable[Change]) -> bool:
    """Return whether the instance is replaced."""
    return any(
        change.type == "aws_instance" and change.action is Action.REPLACE for change in changes
    )


def changes_of(document: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return the changes to resources in the document of `terraform show -json`."""
    return tuple(_changes(document))


def _changes(document: Mapping[str, Any]) -> Iterator[Change]:
    for resource in document.get("resource_changes", ()):
        change = resource["change"]
        action = _ACTIONS.get(tuple(change["actions"]))
        if action is None or resource["mode"] != "managed":
            continue
        changes_values = action in {Action.UPDATE, Action.REPLACE}
        yield Change(
            address=resource["address"],
            type=resource["type"],
            action=action,
            attributes=tuple(_attributes(change, action)) if changes_values else (),
            before=change["before"] or {},
            after=change["after"] or {},
            reason=_reason(resource.get("action_reason")),
            hidden=_hidden(change),
            unknown=frozenset(_marked(change["after_unknown"])),
        )


def _reason(text: str | None) -> ActionReason | None:
    return next((reason for reason in ActionReason if reason == text), None)


def _attributes(change: Mapping[str, Any], action: Action) -> Iterator[AttributeChange]:
    before, after = change["before"], change["after"]
    unknown = set(_marked(change["after_unknown"]))
    hidden = _hidden(change)
    reasons = {path[0] for path in change.get("replace_paths", ())}
    for name in sorted({*before, *after, *unknown}):
        replaces = name in reasons
        if name in unknown:
            # A new resource has many values that are not known before.
            if replaces or action is Action.UPDATE:
                yield AttributeChange(name, replaces=replaces)
        elif (before.get(name) or None) != (after.get(name) or None):
            if name in hidden:
                yield AttributeChange(name, replaces=replaces)
            else:
                yield from _differences(name, before.get(name), after.get(name), replaces=replaces)


def _differences(
    name: str, before: object, after: object, *, replaces: bool
) -> Iterator[AttributeChange]:
    """Yield a changed attribute, or the changed members of a single block or a map."""
    old, new = _members(before), _members(after)
    if old and new:
        for member in sorted(old.keys() | new.keys()):
            if (old.get(member) or None) != (new.get(member) or None):
                full_name = f"{name}.{member}"
                yield _difference(full_name, old.get(member), new.get(member), replaces=replaces)
    else:
        yield _difference(name, before, after, replaces=replaces)


def _difference(name: str, before: object, after: object, *, replaces: bool) -> AttributeChange:
    old, new = _shown(before), _shown(after)
    if old is None or new is None:
        old = new = None
    return AttributeChange(name, old, new, replaces)


def _members(value: object) -> dict[str, Any]:
    """Return a map's members, or those of a list with one block; none of anything else."""
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return value if isinstance(value, dict) else {}


_USER_DATA: Final = frozenset({"container_definitions", "user_data", "user_data_base64"})
"""Long, and the worker's configuration is no business of a screen or a log."""

_SENSITIVE: Final = ("before_sensitive", "after_sensitive")


def _hidden(change: Mapping[str, Any]) -> frozenset[str]:
    marks = [change.get(side) for side in _SENSITIVE]
    if True in marks:
        return _USER_DATA | frozenset({**(change["before"] or {}), **(change["after"] or {})})
    return _USER_DATA.union(*map(_marked, marks))


def _marked(marks: object) -> Iterator[str]:
    """Yield the names of attributes that are marked, wholly or in a part of them."""
    if isinstance(marks, dict):
        yield from (name for name, mark in marks.items() if _is_marked(mark))


def _is_marked(mark: object) -> bool:
    if isinstance(mark, dict):
        return any(map(_is_marked, mark.values()))
    return any(map(_is_marked, mark)) if isinstance(mark, list) else bool(mark)


def _shown(value: object) -> str | None:
    """Return a short value as text, or None."""
    if value is None or value == "":
        return "(not set)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)) and len(str(value)) <= _LONGEST_VALUE:
        return str(value)
    return None
