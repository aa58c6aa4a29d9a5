"""Lines of the logs, for people and for scripts."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any, Final

from rich.text import Text

from allora_cli.host.log_events import FOR_PEOPLE, Line
from allora_cli.terminal.text import clean


class Part(StrEnum):
    """Whose log."""

    WORKER = "worker"
    MODEL = "model"
    BOOT = "boot"


_STYLES: Final = {"warning": "yellow", "error": "red", "critical": "red"}
_TOLD: Final = {"time", "level", "event", "message", "traceback", "_aws"}
"""Members of a worker's line that have a place of their own."""

_EVENT_WIDTH: Final = 17
"""Of the longest event's name, `chain_unavailable`."""


def is_metric(line: Line) -> bool:
    """Whether a line is there for CloudWatch's metrics, and tells people nothing."""
    return line.fields.get("event") == "metric"


def text_of(part: Part, line: Line) -> Text:
    """A line as people read it: when (UTC), how bad, what."""
    fields = line.fields if part is Part.WORKER else {}
    text = Text(f"{line.at:%Y-%m-%d %H:%M:%S}Z ")
    if "event" in fields:
        return _append_event(text, fields)
    return text.append(clean(line.text), _style(part, line.text))


def _style(part: Part, text: str) -> str:
    if part is not Part.BOOT:
        return ""
    if not text.startswith(FOR_PEOPLE):
        return "dim"
    return "bold red" if text.startswith(f"{FOR_PEOPLE}failed") else "bold"


def _append_event(text: Text, fields: dict[str, Any]) -> Text:
    level, event = _plain(fields.get("level", "")), _plain(fields["event"])
    style = _STYLES.get(level, "green" if event == "submitted" else "")
    text.append(f"{level:<7} ", style).append(f"{event:<{_EVENT_WIDTH}} ", "bold")
    message = _plain(fields.get("message", ""))
    text.append(message, style)
    for name, value in fields.items():
        # "topic 69: submitted for nonce 8123456" needs no "topic=69" behind it.
        if name not in _TOLD and value is not None and _plain(value) not in message:
            text.append(f" {_plain(name)}={_plain(value)}", "dim")
    for row in str(fields.get("traceback") or "").splitlines():
        text.append(f"\n    {clean(row)}", "dim")
    return text


def _plain(value: object) -> str:
    return clean(value if isinstance(value, str) else json.dumps(value))


def json_of(part: Part, instance_id: str, line: Line) -> str:
    """A line for scripts: `time`, `part`, `instance_id`, and `fields` of a JSON line or `text`.

    In ASCII, so that nothing in it can do anything to a terminal, nor fail to be printed.
    """
    content = {"fields": line.fields} if line.fields else {"text": line.text}
    at = line.at.isoformat(timespec="milliseconds")
    return json.dumps({"time": at, "part": str(part), "instance_id": instance_id} | content)
