"""Terraform's plans, read from the JSON of `terraform show`.

https://developer.hashicorp.com/terraform/internals/json-format#plan-representation
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


@dataclass(frozen=True)
class AttributeChange:
    """A changed attribute.

    Attributes:
        name: the attribute's.
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
    """

    address: str
    type: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()
    before: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the change for JSON, without values that may be long or secret."""
        return {
            "address": self.address,
            "type": self.type,
            "action": self.action,
            "attributes": [each.name for each in self.attributes],
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

    @property
    def replaces_host(self) -> bool:
        """Whether the instance is replaced."""
        return any(
            change.type == "aws_instance" and change.action is Action.REPLACE
            for change in self.changes
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
        )


def _attributes(change: Mapping[str, Any], action: Action) -> Iterator[AttributeChange]:
    before, after = change["before"], change["after"]
    unknown: Mapping[str, Any] = change["after_unknown"] or {}
    reasons = {path[0] for path in change.get("replace_paths", ())}
    for name in sorted({*before, *after, *unknown}):
        replaces = name in reasons
        if unknown.get(name):
            # A new resource has many values that are not known before.
            if replaces or action is Action.UPDATE:
                yield AttributeChange(name, replaces=replaces)
        elif (before.get(name) or None) != (after.get(name) or None):
            secret = any(_marks(change.get(side), name) for side in _SENSITIVE)
            old, new = _shown(before.get(name)), _shown(after.get(name))
            if secret or old is None or new is None:
                old = new = None
            yield AttributeChange(name, old, new, replaces)


_SENSITIVE: Final = ("before_sensitive", "after_sensitive")


def _marks(sensitive: object, name: str) -> bool:
    return bool(sensitive.get(name)) if isinstance(sensitive, dict) else bool(sensitive)


def _shown(value: object) -> str | None:
    """Return a short value as text, or None."""
    if value is None or value == "":
        return "(not set)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)) and len(str(value)) <= _LONGEST_VALUE:
        return str(value)
    return None
