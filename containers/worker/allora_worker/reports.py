"""What the worker writes: one line of JSON on stdout for each event and each metric.

Metrics are lines in CloudWatch's embedded metric format
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from .event_names import Event
from .metric_names import FLEET, NAMESPACE, Metric, dimensions_of

_LOGGER: Final = logging.getLogger("allora_worker")
_REPEAT_SECONDS: Final = 600.0
# Of one event in one topic, or of one library.
_MOST_PER_MINUTE: Final = 30
# In characters. CloudWatch takes lines of 256 KiB; what is in them may come from strangers.
_MOST_TEXT: Final = 2_000
_MOST_TRACEBACK: Final = 8_000
_MOST_LINE: Final = 64_000


def info(event: Event, message: str, **fields: object) -> None:
    """Reports something that is as it should be."""
    _LOGGER.info(message, extra={"event": event, "fields": fields})


def warning(
    event: Event, message: str, *, per_minute: int = _MOST_PER_MINUTE, **fields: object
) -> None:
    """Reports something that may need attention, but not more often than `per_minute`."""
    extra = {"event": event, "fields": fields, "per_minute": per_minute}
    _LOGGER.warning(message, extra=extra)


def error(event: Event, message: str, *, trace: bool = False, **fields: object) -> None:
    """Reports a failure; with `trace` the current exception's traceback, in the same line."""
    _LOGGER.error(message, exc_info=trace, extra={"event": event, "fields": fields})


def metric(metric: Metric, value: float, **labels: str) -> None:
    """Reports one value of a metric.

    Args:
        metric: Which one.
        value: In the metric's unit.
        labels: A value for each dimension that the metric has, and what else the log is to tell;
            with `Fleet` it is a metric of a fleet.
    """
    dimensions = dimensions_of(metric, in_fleet=labels.keys() >= set(FLEET))
    fields: dict[str, object] = {**_extraction(metric, dimensions), **labels, metric.name: value}
    _LOGGER.info("", extra={"event": Event.METRIC, "fields": fields})


def _extraction(metric: Metric, dimensions: tuple[tuple[str, ...], ...]) -> dict[str, object]:
    """Return the field that has CloudWatch record a metric; none without dimensions."""
    if not dimensions:
        return {}
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(names) for names in dimensions],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit}],
    }
    return {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]}}


class _JsonFormatter(logging.Formatter):
    """A record as one line of JSON in ASCII; line breaks and control characters are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        head: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
        }
        if message := record.getMessage():
            head["message"] = _cut(message)
        if suppressed := getattr(record, "suppressed", 0):
            head["suppressed"] = suppressed
        fields: Mapping[str, object] = getattr(record, "fields", {})
        line = head | {name: _cut(value) for name, value in fields.items()}
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line["traceback"] = _cut(trace, _MOST_TRACEBACK)
        text = _dump(line)
        if len(text) <= _MOST_LINE:
            return text
        numbers = {name: value for name, value in fields.items() if isinstance(value, int | float)}
        return _dump(head | numbers | {"left_out": len(text)})


def _dump(line: Mapping[str, object]) -> str:
    return json.dumps(line, default=_text_of).replace("\x7f", "\\u007f")


def _text_of(value: object) -> str:
    return str(_cut(str(value)))


def _cut(value: object, most: int = _MOST_TEXT) -> object:
    """Beginning and end of a text that is too long; other values as they are."""
    if not isinstance(value, str) or len(value) <= most:
        return value
    return f"{value[: most // 2]} … {value[-most // 2 :]} ({len(value)} characters)"


class _RepeatFilter(logging.Filter):
    """Lets nothing be said too often.

    A library may say the same thing once in ten minutes, whatever the numbers in it; the worker may
    report the same event of the same topic a number of times a minute. The next line that is
    written tells how many were not.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}
        self._repeats: dict[tuple[object, ...], _Repeats] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        event = getattr(record, "event", None)
        if event == Event.METRIC:
            return True
        if event is None and (record.levelno < logging.WARNING or self._is_known(record)):
            return False
        fields: Mapping[str, object] = getattr(record, "fields", {})
        key = (event or record.name.split(".")[0], fields.get("topic"))
        repeats = self._repeats.setdefault(key, _Repeats())
        most = getattr(record, "per_minute", _MOST_PER_MINUTE)
        if not repeats.admit(most, time.monotonic()):
            return False
        record.__dict__["suppressed"] = repeats.take_suppressed()
        return True

    def _is_known(self, record: logging.LogRecord) -> bool:
        """Whether a library has said this lately."""
        now = time.monotonic()
        text = re.sub(r"[0-9A-F]{8,}|\d+", "#", record.getMessage()[:400])[:80]
        if now - self._said.get(text, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return True
        if len(self._said) > 1000:  # noqa: PLR2004 - of texts that nobody has foreseen
            self._said.clear()
        self._said[text] = now
        return False


class _Repeats:
    """How often something was said in the last minute."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._suppressed = 0

    def admit(self, most: int, now: float) -> bool:
        """Whether it may be said once more; counts it otherwise."""
        while self._times and now - self._times[0] >= 60:  # noqa: PLR2004 - a minute
            self._times.popleft()
        if len(self._times) >= most:
            self._suppressed += 1
            return False
        self._times.append(now)
        return True

    def take_suppressed(self) -> int:
        """How many were not said since the last that was."""
        suppressed, self._suppressed = self._suppressed, 0
        return suppressed


def set_up(stream: TextIO = sys.stdout) -> None:
    """Sends what this program and its libraries log to `stream`, as lines of JSON.

    Libraries are heard from warnings on, even if they set a lower level themselves.
    """
    handler: logging.StreamHandler[Any] = logging.StreamHandler(stream)
    handler.setFormatter(_JsonFormatter())
    handler.addFilter(_RepeatFilter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    _LOGGER.setLevel(logging.INFO)
