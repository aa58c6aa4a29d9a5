"""The labels of a topic that takes several values, such as the classes of a classification.

The rules are the chain's: canonical names in x/emissions/types/label_canonicalize.go, the rest in
ValidateWithLimits and NormalizeInputInference of x/emissions
(https://github.com/allora-network/allora-chain). What breaks one is rejected there for a fee.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_MAX_BYTES: Final = 64  # the default of the chain's parameter max_canonical_label_byte_length
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs"})  # control, format, surrogate
_SHOWN: Final = 8


class InvalidLabelsError(Exception):
    """The topic does not take the values; the text says why."""


@dataclass(frozen=True)
class Labels:
    """What a topic says about its labels."""

    allowed: tuple[str, ...]
    """The only labels, in canonical form; empty if any is allowed."""
    most: int
    """How many one submission may have."""
    is_case_sensitive: bool = False
    default: Decimal = Decimal(0)
    """The value of a label that is not submitted."""
    tolerance: Decimal | None = None
    """How far the sum of the values may be from 1; None if it may be anything."""

    def check(self, numbers: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
        """Return the numbers by canonical label, or raise `InvalidLabelsError`."""
        values: dict[str, Decimal] = {}
        for label, number in numbers:
            name = self._canonical(label)
            if name in values:
                raise InvalidLabelsError(f"the label {name!r} twice, which the topic takes once")
            values[name] = number
        self._check_names(values)
        self._check_values(values)
        return values

    def _canonical(self, label: str) -> str:
        name = unicodedata.normalize("NFC", label).strip()
        if not self.is_case_sensitive:
            name = name.lower()
        is_visible = all(unicodedata.category(each) not in _INVISIBLE for each in name)
        if not name or not is_visible or len(name.encode("utf-8", "replace")) > _MAX_BYTES:
            raise InvalidLabelsError(
                f"{label[:_MAX_BYTES]!r}, which is no label: the network takes 1 to {_MAX_BYTES} "
                "bytes of visible text"
            )
        return name

    def _check_names(self, values: dict[str, Decimal]) -> None:
        if len(values) > self.most:
            raise InvalidLabelsError(
                f"{len(values)} labels, and the topic takes {self.most} at most"
            )
        if not self.allowed:
            return
        allowed = frozenset(self.allowed)
        if unknown := [name for name in values if name not in allowed]:
            raise InvalidLabelsError(
                f"the label {unknown[0]!r}, which the topic does not take; it takes "
                f"{_listed(self.allowed)}"
            )
        missing = [name for name in self.allowed if name not in values]
        if missing and len(self.allowed) <= self.most:
            raise InvalidLabelsError(
                f"no number for {_listed(missing)}, and the topic takes one for each of its "
                f"labels; give {self.default:f} to what does not apply"
            )

    def _check_values(self, values: dict[str, Decimal]) -> None:
        if all(number == self.default for number in values.values()):
            raise InvalidLabelsError(
                f"{self.default:f} for every label, which the network takes for no answer"
            )
        total = sum(values.values(), Decimal(0))
        if self.tolerance is not None and abs(total - 1) > self.tolerance:
            raise InvalidLabelsError(
                f"numbers with the sum {total.normalize():f}, and the topic takes 1, give or take "
                f"{self.tolerance.normalize():f}"
            )


def _listed(names: Iterable[str]) -> str:
    shown = [repr(name) for name in names]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
