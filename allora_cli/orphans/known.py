"""What the states have: by it, everything else is an orphan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from allora_cli.context import Context
from allora_cli.terraform.handled_stacks import app_stacks
from allora_cli.terraform.state import managed_resources
from allora_cli.terraform.state_objects import state_of


@dataclass(frozen=True)
class Known:
    """The resources in the states.

    Attributes:
        ids: of each type.
        values: of each resource, by type.
        addresses: of each stack.
    """

    ids: Mapping[str, frozenset[str]]
    values: Mapping[str, tuple[Mapping[str, Any], ...]]
    addresses: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, context: Context) -> Known:
        """Read the states."""
        values: dict[str, list[Mapping[str, Any]]] = {}
        addresses = {}
        for stack in app_stacks(context):
            state = state_of(context, stack)
            addresses[stack] = frozenset(
                f"{resource['type']}.{resource.get('name')}"
                for resource in state.get("resources", [])
                if resource["mode"] == "managed" and resource["instances"]
            )
            for resource in managed_resources(state):
                values.setdefault(resource["type"], []).append(resource["values"])
        return cls(
            ids={
                type_: frozenset(str(each.get("id")) for each in found)
                for type_, found in values.items()
            },
            values={type_: tuple(found) for type_, found in values.items()},
            addresses=addresses,
        )

    def has(self, type_: str, id_: str) -> bool:
        """Return whether a state has a resource."""
        return id_ in self.ids.get(type_, frozenset())
