"""Reads synthesized Terraform, so that a failed assertion prints what is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stack:
    """The Terraform JSON of one stack."""

    json: dict[str, Any]

    def all(self, type_: str) -> list[dict[str, Any]]:
        """The resources of a type."""
        return list(self.json.get("resource", {}).get(type_, {}).values())

    def one(self, type_: str) -> dict[str, Any]:
        """The only resource of a type."""
        found = self.all(type_)
        assert len(found) == 1, f"{len(found)} × {type_}"
        return found[0]

    def data(self, type_: str) -> list[dict[str, Any]]:
        """The data sources of a type."""
        return list(self.json.get("data", {}).get(type_, {}).values())

    def addresses(self) -> list[str]:
        """`type.logical_id` of every resource and, with `data.` before it, data source."""
        return sorted(
            [f"{type_}.{id_}" for type_, ids in self.json["resource"].items() for id_ in ids]
            + [
                f"data.{type_}.{id_}"
                for type_, ids in self.json.get("data", {}).items()
                for id_ in ids
            ]
        )
