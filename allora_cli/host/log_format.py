"""Format lines of the logs, for people and for scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

from allora_cli.host.log_events import Line
from allora_cli.host.parts import Part
from allora_cli.host.protocol import HostEvent, host_event
from allora_cli.terminal.text import clean
from containers.worker.allora_worker.event_names import Event

_STYLES: Final = {"warning": "yellow", "error": "red", "critical": "red"}
_SHOWN: Final = {"time", "level", "event", "message", "traceback", "topic", "nonce", "_aws"}
"""Members of a worker's line that have a place of their own, or are in its message."""

_EVENT_WIDTH: Final = max(map(len, Event))


def is_for_machines(line: Line) -> bool:
    """Return whether a line is a metric, or a report for `allora status`."""
    return line.fields.get("event") in {Event.METRIC, Event.STATUS}


def text_of(part: Part, line: Line, label: str = "") -> Text:
    """Return a line for people: time (UTC), label if there is one, level, text."""
    fields = line.fields if part is Part.WORKER else {}
    text = Text(f"{line.at:%Y-%m-%d %H:%M:%S}Z ")
    if label:
        text.append(f"{clean(label)} ", "cyan")
    if "event" in fields:
        return _append_worker_event(text, fields)
    if part is not Part.BOOT:
        return text.append(clean(line.text))
    if event := host_event(line):
        return _append_host_event(text, event)
    return text.append(clean(line.text), "dim")


def _append_host_event(text: Text, event: HostEvent) -> Text:
    return text.append(f"allora: {event.sentence}", "bold red" if event.is_obstacle else "bold")


def _append_worker_event(text: Text, fields: dict[str, Any]) -> Text:
    level, event = _plain(fields.get("level", "")), _plain(fields["event"])
    style = _STYLES.get(level, "green" if event == Event.SUBMITTED else "")
    text.append(f"{level:<7} ", style).append(f"{event:<{_EVENT_WIDTH}} ", "bold")
    message = _plain(fields.get("message", ""))
    text.append(message, style)
    for name, value in fields.items():
        if name not in _SHOWN and value is not None:
            text.append(f" {_plain(name)}={_plain(value)}", "dim")
    for row in str(fields.get("traceback") or "").splitlines():
        text.append(f"\n    {clean(row)}", "dim")
    return text


def _plain(value: object) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value))


def json_of(part: Part, origin: Mapping[str, str], line: Line) -> str:
    """Return a line as JSON: `time`, `part`, its origin, and `fields` of a JSON line or `text`.

    In ASCII, so that nothing in it can do anything to a terminal, nor fail to be printed.
    """
    content = {"fields": line.fields} if line.fields else {"text": line.text}
    at = line.at.isoformat(timespec="milliseconds")
    return json.dumps({"time": at, "part": str(part), **origin, **content})
