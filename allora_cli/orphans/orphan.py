"""A resource in AWS that carries this worker's tags or name, and is in no state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from allora_cli.terraform.running_costs import price


class Fate(StrEnum):
    """What becomes of an orphan at the next deployment."""

    ADOPT = "adopt"
    """Terraform takes it into the state."""
    REMOVE = "remove"
    """It has no place there: the state has another one, or it must not run on."""
    LEAVE = "leave"
    """The deployment leaves its stack alone: of a fleet, that of the single host."""


@dataclass(frozen=True)
class Orphan:
    """A resource in no state.

    Attributes:
        type: Terraform's.
        id: AWS's; of resources with names, the name.
        stack: that would have it.
        what: its name on screens.
        usd: its price for a month; None if unknown, 0 if free.
        vpc: the VPC that it is in; empty of anything else.
        import_id: by which Terraform imports it; empty where creating it again takes it over.
        values: those of its attributes by which it is told from others of its type.
        address: in its stack; empty where it has no place.
        is_handled: whether the deployment has its stack.
    """

    type: str
    id: str
    stack: str
    what: str
    usd: float | None = 0.0
    vpc: str = ""
    import_id: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    is_handled: bool = True

    @classmethod
    def named(
        cls, type_: str, id_: str, stack: str, what: str, name: str, *, import_id: str = ""
    ) -> Self:
        """Return one that is told from others of its type, and imported, by its name."""
        values = {"name": name}
        return cls(type_, id_, stack, what, import_id=import_id or name, values=values)

    @property
    def fate(self) -> Fate:
        """Return what becomes of it."""
        if not self.is_handled:
            return Fate.LEAVE
        return Fate.ADOPT if self.address else Fate.REMOVE

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "type": self.type,
            "id": self.id,
            "stack": self.stack,
            "what": self.what,
            "usd_a_month": self.usd,
            "fate": self.fate,
            "address": self.address or None,
        }


_FATES: Final[Mapping[Fate, str]] = {
    Fate.ADOPT: "allora deploy takes it over",
    Fate.REMOVE: "to be removed: it has no place in the state",
    Fate.LEAVE: "allora deploy leaves it alone, because its stack is not deployed",
}


def orphan_lines(orphans: Iterable[Orphan]) -> Iterator[str]:
    """Yield what each orphan is, what it costs, and what becomes of it; the costly ones first."""
    for orphan in sorted(orphans, key=_cost, reverse=True):
        yield f"{orphan.what}, {price(orphan.usd)}: {_FATES[orphan.fate]}"


def _cost(orphan: Orphan) -> float:
    return float("inf") if orphan.usd is None else orphan.usd
