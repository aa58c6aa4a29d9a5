"""The lines of a screen about alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.text import Text

from allora_cli.status.alarms import Alarm
from allora_cli.terminal.text import clamp, duration

_MOST: Final = 3


def alarm_counts(alarms: Sequence[Alarm]) -> Text:
    """Return how many of the alarms are on, or have no data."""
    firing = sum(alarm.is_firing for alarm in alarms)
    without_data = sum(alarm.lacks_data for alarm in alarms)
    text = Text(f"{firing or 'none'} of {len(alarms)} on", style="red" if firing else "")
    if without_data:
        text.append(f", {without_data} without data")
    return text


def firing_alarms(
    alarms: Sequence[Alarm], now: datetime, *, longest: int, with_remedies: bool = True
) -> Iterator[Text]:
    """Yield a line for each of the first alarms that are on.

    Args:
        alarms: all of them.
        now: when they were asked for.
        longest: characters of a line.
        with_remedies: whether a line says what to do.
    """
    firing = [alarm for alarm in alarms if alarm.is_firing]
    for alarm in firing[:_MOST]:
        line = Text.assemble((f"✘ {alarm.name}", "red"), f", for {duration(now - alarm.since)}")
        if with_remedies:
            line.append(f": {clamp(alarm.remedy, max(longest - len(line), 0))}")
        yield line
    if len(firing) > _MOST:
        yield Text(f"and {len(firing) - _MOST} more: --json has them")
