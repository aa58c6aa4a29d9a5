"""Amounts of ALLO: the chain counts in uallo, people do not."""

from __future__ import annotations

from typing import Final

UALLO: Final = 10**18
"""In one ALLO."""


def allo(uallo: int) -> float:
    """An amount in ALLO."""
    return uallo / UALLO
