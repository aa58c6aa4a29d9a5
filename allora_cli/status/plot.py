"""The last day's windows, rewards and scores as bars, for 80 columns and without colours.

Not by a plotting library: those at hand tell stacked bars apart by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Final

from rich.text import Text

from allora_cli.status.history import LastDay, Windows
from allora_cli.status.verdicts import figure

_ROWS: Final = 6
_LABEL_EACH: Final = 3
"""Hours, from midnight on."""

_WIDE: Final = 80
"""Columns that a terminal must have for bars of two; they are one wide otherwise."""

_SUBMITTED, _LOST, _NOTHING = "█", "x", " "
_DIGITS: Final = 4
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_MIDDLE: Final = 3
_STYLES: Final = {_SUBMITTED: "green", _LOST: "red", _NOTHING: ""}


def plot_day(day: LastDay, width: int) -> Text:
    """Return the windows, and below each hour's bar its rewards and scores.

    Args:
        day: what is shown.
        width: of the terminal, in columns.
    """
    hours = list(day.hours)
    rows = chain(_rewards(day, hours, width), _scores(day, hours, width))
    return Text("\n").join([plot(day.hours, width), *rows])


def _rewards(day: LastDay, hours: list[datetime], width: int) -> Iterator[Text]:
    if not day.rewards:
        yield Text("No rewards in the last 24 hours.")
        return
    total, peak = sum(day.rewards.values()), max(day.rewards.values())
    yield Text(f"Rewards, ALLO: {_figure(total)} in all, at most {_figure(peak)} an hour")
    yield _row(hours, day.rewards, (0, peak), width)


def _scores(day: LastDay, hours: list[datetime], width: int) -> Iterator[Text]:
    for topic_id, scores in day.scores.items():
        low, high, last = min(scores.values()), max(scores.values()), scores[max(scores)]
        between = f"between {_figure(low)} and {_figure(high)}"
        yield Text(f"Score, topic {topic_id}: {_figure(last)}, {between}")
        yield _row(hours, scores, (low, high), width)


def _figure(value: float) -> str:
    return figure(value, _DIGITS)


def _row(
    hours: list[datetime],
    values: Mapping[datetime, float],
    limits: tuple[float, float],
    width: int,
) -> Text:
    """Return a bar of one of eight heights for each hour with a value."""
    low, high = limits

    def cell(value: float) -> str:
        share = (value - low) / (high - low) if high > low else None
        return _LEVELS[_MIDDLE if share is None else round(share * (len(_LEVELS) - 1))]

    bar = _bar_width(width)
    cells = (cell(values[hour]) if hour in values else _NOTHING for hour in hours)
    return Text(f"{'':5}{' '.join(each * bar for each in cells)}".rstrip())


def _bar_width(width: int) -> int:
    return 2 if width >= _WIDE else 1


def plot(hours: Mapping[datetime, Windows], width: int) -> Text:
    """A bar for each hour, the submitted windows below the lost ones.

    Args:
        hours: the windows by the hour in which they were, in UTC.
        width: of the terminal, in columns.
    """
    peak = max((windows.submissions + windows.failures for windows in hours.values()), default=0)
    if not peak:
        return Text("No submission windows in the last 24 hours.")
    unit = _unit(peak)
    columns = [_cells(windows, unit) for windows in hours.values()]
    rows = max(len(cells) for cells in columns)
    bar = _bar_width(width)
    text = Text("Submission windows by hour, UTC: ")
    text.append(_SUBMITTED * 2, _STYLES[_SUBMITTED]).append(" submitted  ")
    text.append(_LOST * 2, _STYLES[_LOST]).append(" lost\n")
    for row in reversed(range(rows)):
        text.append(f"{(row + 1) * unit:>4}┤")
        for cells in columns:
            cell = cells[row] if row < len(cells) else _NOTHING
            text.append(cell * bar, _STYLES[cell]).append(" ")
        text.rstrip()
        text.append("\n")
    text.append(f"{0:>4}┼{'─' * ((bar + 1) * len(columns) - 1)}\n")
    text.append(f"{'':5}{''.join(_labels(list(hours), bar + 1))}".rstrip())
    return text


def _unit(peak: int) -> int:
    """How many windows a cell stands for: 1, 2, 5, 10, 20, 50 …, so that the rows suffice."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * _ROWS >= peak:
                return factor * power
        power *= 10


def _cells(windows: Windows, unit: int) -> str:
    """A bar from its foot; whatever there is at all has a cell."""
    lost = -(-windows.failures // unit)
    submitted = -(-(windows.submissions + windows.failures) // unit) - lost
    return _SUBMITTED * max(submitted, min(windows.submissions, 1)) + _LOST * lost


def _labels(hours: list[datetime], width: int) -> Iterator[str]:
    """The hour under each third bar; two digits may stand under two bars."""
    skip = 0
    for hour in hours:
        label = f"{hour:%H}" if hour.hour % _LABEL_EACH == 0 else ""
        padded = label.ljust(width)[skip:] if not label else label.ljust(width)
        skip = max(len(padded) - width, 0)
        yield padded
