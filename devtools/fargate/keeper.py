"""Keeps one task of a service, or none, as is wanted.

The old task has stopped before the new one starts, as with a minimum of 0 % and a maximum of 100 %
of healthy tasks.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from docker.errors import DockerException

from devtools.fargate.aws import Cluster, Service, StartError
from devtools.fargate.definition import RefusedError
from devtools.fargate.task import Task

_LONGEST_PAUSE: Final = 60.0
"""Seconds between two attempts to start a task that does not reach RUNNING; ECS's are longer:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-throttle-logic.html"""


@dataclass(frozen=True)
class Change:
    """What has happened to a task.

    Attributes:
        at: Of `time.time()`.
        state: PENDING, RUNNING, STOPPING or STOPPED.
        reason: Why it stops.
        exit_codes: Those of its containers, once it has stopped.
    """

    service: str
    task_arn: str
    state: str
    reason: str = ""
    exit_codes: dict[str, int | None] = field(default_factory=dict)
    at: float = field(default_factory=time.time)


@dataclass
class _Kept:
    """A task, and the service as it was when the task was started."""

    task: Task
    service: Service
    was_listed: bool = False
    was_running: bool = False


class Keeper:
    """Keeps the task of one service.

    Attributes:
        wanted: The service; None when it is deleted.
        listed: The ARNs of the tasks that nobody has stopped.
    """

    def __init__(
        self,
        name: str,
        cluster: Cluster,
        make: Callable[[str, Service], Task],
        note: Callable[[Change], None],
    ) -> None:
        self.wanted: Service | None = None
        self.listed: set[str] = set()
        self._name = name
        self._cluster = cluster
        self._make = make
        self._note = note
        self._kept: _Kept | None = None
        self._failures = 0
        self._not_before = 0.0

    def step(self) -> None:
        """Do what is to be done now."""
        wanted, kept = self.wanted, self._kept
        if kept is None:
            if wanted and wanted.desired_count and time.monotonic() >= self._not_before:
                self._start(wanted)
        elif reason := self._unwanted(kept) or self._advance(kept):
            self.stop(reason)

    def stop(self, reason: str) -> None:
        """Stop the task, if there is one; return when it has ended."""
        kept, self._kept = self._kept, None
        if kept is None:
            return
        self._note(Change(self._name, kept.task.arn, "STOPPING", reason))
        codes = kept.task.stop()
        self._cluster.record_stop(kept.task.arn, reason)
        self._note(Change(self._name, kept.task.arn, "STOPPED", reason, codes))

    def _start(self, service: Service) -> None:
        arn = self._cluster.record_start(service)
        self._note(Change(self._name, arn, "PENDING"))
        try:
            self._kept = _Kept(self._make(arn, service), service)
        except (StartError, RefusedError) as error:
            self._cluster.record_stop(arn, str(error))
            self._note(Change(self._name, arn, "STOPPED", str(error)))
            self._wait()

    def _unwanted(self, kept: _Kept) -> str | None:
        """Return why the task is to stop although nothing is wrong with it, in ECS's words."""
        wanted, of = self.wanted, kept.service
        if wanted is None or not wanted.desired_count:
            return f"Scaling activity initiated by (deployment {of.deployment_id})"
        if (wanted.definition_arn, wanted.deployment_id) != (of.definition_arn, of.deployment_id):
            return f"Scaling activity initiated by (deployment {wanted.deployment_id})"
        if kept.task.arn in self.listed:
            kept.was_listed = True
        elif kept.was_listed:
            return "Task stopped by user"
        return None

    def _advance(self, kept: _Kept) -> str | None:
        try:
            reason = kept.task.advance()
        except (StartError, DockerException) as error:
            self._wait()
            return str(error)
        if kept.task.is_started and not kept.was_running and not reason:
            kept.was_running, self._failures = True, 0
            self._note(Change(self._name, kept.task.arn, "RUNNING"))
        return reason

    def _wait(self) -> None:
        self._failures += 1
        self._not_before = time.monotonic() + min(2.0**self._failures, _LONGEST_PAUSE)
