"""Limits that an alarm and `allora status` share, so that they say the same."""

from __future__ import annotations

from typing import Final

FOREIGN_A_DAY: Final = 3
"""Times that somebody else has sent with a wallet; a transfer of the operator's is one."""

FOREIGN_SECONDS: Final = 3600
"""How long after the last time it counts as going on."""
