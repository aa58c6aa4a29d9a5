"""Widgets of CloudWatch dashboards.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from constructs_lib.metrics import Source

Widget = dict[str, Any]
Line = list[Any]
"""A metric in a widget: namespace, name, dimensions, and options."""
Row = tuple[int, list[Widget]]
"""A height, and the widgets that share the row's width."""

RED: Final = "#d62728"

_COLUMNS: Final = 24


class Limit(NamedTuple):
    """A line across a graph."""

    label: str
    value: float


class Widgets:
    """Makes the widgets of one region's dashboard."""

    def __init__(self, region: str) -> None:
        self._region = region

    def graph(
        self, title: str, *lines: Line, limit: Limit | None = None, period: int = 300
    ) -> Widget:
        """Return a graph; the period is in seconds."""
        properties = {
            "title": title,
            "region": self._region,
            "view": "timeSeries",
            "period": period,
            "metrics": list(lines),
        }
        if limit:
            mark = {"label": limit.label, "value": limit.value, "yAxis": "left", "color": RED}
            properties["annotations"] = {"horizontal": [mark]}
        return {"type": "metric", "properties": properties}

    def numbers(self, title: str, *lines: Line, period: int = 300) -> Widget:
        """Return the newest values as numbers."""
        widget = self.graph(title, *lines, period=period)
        widget["properties"] |= {"view": "singleValue"}
        return widget

    def totals(self, title: str, *lines: Line) -> Widget:
        """Return the values of the whole time that is shown, as numbers."""
        widget = self.numbers(title, *lines)
        widget["properties"] |= {"setPeriodToTimeRange": True}
        return widget

    def log(self, group: str, title: str, query: str) -> Widget:
        """Return the table of a Logs Insights query, which begins with a pipe."""
        return {
            "type": "log",
            "properties": {
                "title": title,
                "region": self._region,
                "view": "table",
                "query": f"SOURCE '{group}' {query}",
            },
        }


def alarm_widget(arns: Iterable[str]) -> Widget:
    """Return the states of alarms."""
    return {"type": "alarm", "properties": {"title": "Alarms", "alarms": list(arns)}}


def text_widget(markdown: str, log_urls: Mapping[str, str]) -> Widget:
    """Return a text, and below it links to whole logs by part."""
    links = ", ".join(f"[{part}]({url})" for part, url in log_urls.items())
    return {"type": "text", "properties": {"markdown": f"{markdown}- Whole logs: {links}\n"}}


def line(source: Source, statistic: str, label: str, **options: str) -> Line:
    """Return a metric for a graph."""
    dimensions = [text for pair in source.dimensions.items() for text in pair]
    shown = {"stat": statistic, "label": label, **options}
    return [source.namespace, source.name, *dimensions, shown]


def body_of(rows: Iterable[Row]) -> str:
    """Return the dashboard of the last day as JSON."""
    return json.dumps({"start": "-PT24H", "widgets": list(_place(rows))}, sort_keys=True)


def _place(rows: Iterable[Row]) -> Iterator[Widget]:
    """Yield each widget with its position; the widgets of a row share its width."""
    y = 0
    for height, widgets in rows:
        width = _COLUMNS // len(widgets)
        for index, widget in enumerate(widgets):
            yield {"x": index * width, "y": y, "width": width, "height": height, **widget}
        y += height
