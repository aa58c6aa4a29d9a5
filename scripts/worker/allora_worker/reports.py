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
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

from .metric_names import NAMESPACE, Metric

_LOGGER: Final = logging.getLogger("allora_worker")
_REPEAT_SECONDS: Final = 600.0


def info(event: str, message: str, **fields: object) -> None:
    """Reports something that is as it should be."""
    _LOGGER.info(message, extra={"event": event, "fields": fields})


def warning(event: str, message: str, **fields: object) -> None:
    """Reports something that may need attention."""
    _LOGGER.warning(message, extra={"event": event, "fields": fields})


def error(event: str, message: str, *, trace: bool = False, **fields: object) -> None:
    """Reports a failure; with `trace` the current exception's traceback, in the same line."""
    _LOGGER.error(message, exc_info=trace, extra={"event": event, "fields": fields})


def metric(metric: Metric, value: float, **labels: str) -> None:
    """Reports one value of a metric.

    Args:
        metric: Which one.
        value: In the metric's unit.
        labels: A value for each dimension that the metric has, and what else the log is to tell.
    """
    definition = {
        "Namespace": NAMESPACE,
        "Dimensions": [list(names) for names in metric.dimensions],
        "Metrics": [{"Name": metric.name, "Unit": metric.unit}],
    }
    fields: dict[str, object] = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [definition]},
        **labels,
        metric.name: value,
    }
    _LOGGER.info("", extra={"event": "metric", "fields": fields})


class _JsonFormatter(logging.Formatter):
    """A record as one line of JSON; line breaks in it are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        fields: Mapping[str, object] = getattr(record, "fields", {})
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", record.name),
        }
        if message := record.getMessage():
            line["message"] = message
        line.update(fields)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class _RepeatFilter(logging.Filter):
    """Lets a library say the same thing once in ten minutes, whatever the numbers in it."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.split(".")[0] == _LOGGER.name:
            return True
        now = time.monotonic()
        text = re.sub(r"[0-9A-F]{8,}|\d+", "#", record.getMessage())[:80]
        if now - self._said.get(text, -_REPEAT_SECONDS) < _REPEAT_SECONDS:
            return False
        if len(self._said) > 1000:  # noqa: PLR2004 - of texts that nobody has foreseen
            self._said.clear()
        self._said[text] = now
        return True


def set_up(stream: TextIO = sys.stdout) -> None:
    """Sends what this program and its libraries log to `stream`, as lines of JSON.

    Libraries are heard from warnings on.
    """
    handler: logging.StreamHandler[Any] = logging.StreamHandler(stream)
    handler.setFormatter(_JsonFormatter())
    handler.addFilter(_RepeatFilter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(capture=True)
    _LOGGER.setLevel(logging.INFO)
