"""What a worker writes, line by line."""

from __future__ import annotations

import io
import json
from typing import Any


class Log(io.StringIO):
    """A stream that can be asked for the events and metrics in it."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == name]

    def metrics(self, name: str) -> list[dict[str, Any]]:
        return [line for line in self.events("metric") if name in line]
