"""Converts amounts: the chain counts in uallo."""

from __future__ import annotations

from typing import Final

UALLO: Final = 10**18
"""One ALLO in uallo."""


def allo(uallo: int) -> float:
    """Return an amount in ALLO."""
    return uallo / UALLO
