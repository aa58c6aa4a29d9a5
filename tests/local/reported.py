"""Plays a host on the embedded AWS, which boots none: writes to CloudWatch what a host writes.

What a real host writes is compared with `tests/samples/host_status.json` in tests/host.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from shared.host_events import Code, Event, State
from tests.local.deployment import ROOT

INSTALLATION = (
    (Event.INTERNET, "Reach the internet"),
    (Event.STORAGE, "Prepare storage"),
    (Event.DOCKER_SETTINGS, "Configure Docker"),
    (Event.PACKAGES, "Install packages"),
    (Event.DOCKER, "Run Docker"),
    (Event.WORKER, "Start worker and model"),
)
STATUS: dict[str, Any] = json.loads((ROOT / "tests/samples/host_status.json").read_text("utf-8"))


T = TypeVar("T")


@contextmanager
def once(condition: Callable[[], T], play: Callable[[T], object]) -> Iterator[None]:
    """Plays something as soon as a condition gives something true, which the play gets.

    The test waits meanwhile for what comes of it.
    """
    over = threading.Event()

    def look() -> None:
        while not (found := condition()):
            if over.wait(0.05):
                return
        play(found)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _quoted(line: str) -> str:
    return json.dumps({"text": line}) if "{" in line else line


class ReportedHost:
    """A host as CloudWatch Logs knows it.

    Args:
        logs: a client for the embedded AWS.
        instance_id: the host's.
        worker_name: what the log groups are named after.
    """

    def __init__(self, logs: Any, instance_id: str, worker_name: str = "worker") -> None:
        self._logs = logs
        self._prefix = f"/allora/{worker_name}"
        self.instance_id = instance_id
        self._streams: set[tuple[str, str]] = set()

    def boot(self, *lines: str, at: datetime | None = None) -> None:
        """Lines of the boot log; those that could be JSON as the host sends what others print."""
        self._put("host", f"{self.instance_id}/boot", at, *map(_quoted, lines))

    def event(
        self,
        event: Event,
        state: State,
        message: str = "",
        at: datetime | None = None,
        **fields: Any,
    ) -> None:
        """An event of the host, as scripts/host/lib/common.sh writes it."""
        line = {"event": event, "state": state, **fields, "message": message}
        self._put("host", f"{self.instance_id}/boot", at, json.dumps(line))

    def step(self, number: int, at: datetime | None = None) -> None:
        """A step of the installation is done, the last one too if it is 6."""
        event, title = INSTALLATION[number - 1]
        self.event(event, State.DONE, f"{title}: done", at, step=number, of=len(INSTALLATION))

    def ready(self, at: datetime | None = None) -> None:
        """The installation is done."""
        self.event(Event.INSTALLATION, State.DONE, "ready", at)

    def obstacle(
        self, code: Code, message: str, at: datetime | None = None, *, needs_operator: bool = False
    ) -> None:
        """Worker and model cannot be started; it is tried again."""
        why = {"code": code, "needs_operator": needs_operator}
        self.event(Event.WORKER, State.WAITING, message, at, **why)

    def status(self, *, at: datetime | None = None, **changes: Any) -> dict[str, Any]:
        """The status of a healthy host, but for top-level members that are given."""
        at = at or datetime.now(UTC)
        status = copy.deepcopy(STATUS) | {"time": at.isoformat(timespec="seconds")} | changes
        self._put("host", f"{self.instance_id}/status", at, json.dumps(status))
        return status

    def worker(self, event: str, at: datetime | None = None, **fields: Any) -> None:
        """A line of the worker's log, as `allora_worker.reports` writes it."""
        at = at or datetime.now(UTC)
        line = {"time": at.isoformat(timespec="milliseconds"), "level": "info", "event": event}
        self._put("worker", self.instance_id, at, json.dumps(line | fields))

    def model(self, *lines: str, at: datetime | None = None) -> None:
        """Lines of the model server's log; those that could be JSON as the host sends them."""
        self._put("model", self.instance_id, at, *map(_quoted, lines))

    def _put(self, part: str, stream: str, at: datetime | None, *lines: str) -> None:
        place = {"logGroupName": f"{self._prefix}/{part}", "logStreamName": stream}
        if (part, stream) not in self._streams:
            self._streams.add((part, stream))
            with suppress(self._logs.exceptions.ResourceAlreadyExistsException):
                self._logs.create_log_group(logGroupName=place["logGroupName"])
            with suppress(self._logs.exceptions.ResourceAlreadyExistsException):
                self._logs.create_log_stream(**place)
        moment = int((at.timestamp() if at else time.time()) * 1000)
        events = [{"timestamp": moment, "message": line} for line in lines]
        self._logs.put_log_events(**place, logEvents=events)
