"""Keeps as many tasks of each service as are wanted: one or none.

A service's old task has stopped before its new one starts, as with a minimum of 0 % and a maximum
of 100 % of healthy tasks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from docker import DockerClient
from docker.errors import DockerException

from devtools.fargate.aws import Clients, Cluster, ExecutionRole, Service, StartError
from devtools.fargate.containers import Engine
from devtools.fargate.definition import RefusedError
from devtools.fargate.task import Task

_POLL_SECONDS: Final = 0.5
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


class _Keeper:
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


class Scheduler:
    """Runs a cluster's services until it is closed.

    Args:
        endpoint: The URL of the embedded AWS.
        region: The cluster's.
        cluster: Its name.
        docker: Where the tasks run.
        pause_image: An image there with `sleep`.

    Attributes:
        changes: What has happened to all tasks, in order.
    """

    def __init__(
        self, endpoint: str, region: str, cluster: str, docker: DockerClient, pause_image: str
    ) -> None:
        self.changes: list[Change] = []
        self._clients = _clients(endpoint, region)
        self._cluster = Cluster(self._clients, cluster)
        self._engine = Engine(docker, pause_image)
        self._keepers: dict[str, _Keeper] = {}
        self._threads: list[threading.Thread] = []
        self._is_closing = threading.Event()
        self._start_thread(self._watch)

    def start_stray(self, service: str) -> Task:
        """Start one more task of a service, as one that ECS has lost sight of; the caller stops it.

        Whoever gets it calls `advance` until it is started.
        """
        found = self._cluster.services()[service]
        return self._make(self._cluster.record_start(found), found)

    def close(self) -> None:
        """Stop all tasks."""
        self._is_closing.set()
        for thread in self._threads:
            thread.join()

    def _watch(self) -> None:
        while not self._is_closing.wait(_POLL_SECONDS):
            try:
                listed, services = self._cluster.running_tasks(), self._cluster.services()
            except (BotoCoreError, ClientError):
                continue  # the cluster is not there yet, or no more
            for name in services.keys() - self._keepers.keys():
                keeper = _Keeper(name, self._cluster, self._make, self.changes.append)
                self._keepers[name] = keeper
                self._start_thread(partial(self._keep, keeper))
            for name, keeper in self._keepers.items():
                keeper.wanted, keeper.listed = services.get(name), listed

    def _keep(self, keeper: _Keeper) -> None:
        while not self._is_closing.wait(_POLL_SECONDS):
            keeper.step()
        keeper.stop("the scheduler ends")

    def _make(self, task_arn: str, service: Service) -> Task:
        definition = self._cluster.definition(service.definition_arn)
        role = ExecutionRole(self._clients, definition.execution_role_arn)
        return Task(task_arn, definition, self._engine, role)

    def _start_thread(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()


def _clients(endpoint: str, region: str) -> Clients:
    lock = threading.Lock()
    create: Any = boto3.client  # typed for each service by name, which is not known here

    def make(service: str, **credentials: str) -> Any:  # noqa: ANN401 - of any service
        own = {"aws_access_key_id": "embedded", "aws_secret_access_key": "embedded"}
        with lock:  # boto3 loads its models once for all
            return create(
                service, region_name=region, endpoint_url=endpoint, **(credentials or own)
            )

    return make
