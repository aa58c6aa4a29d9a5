"""The services and tasks of a fleet, as ECS knows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from allora_cli.aws.batches import batches
from allora_cli.aws.queries import PATIENCE
from allora_cli.context import FleetContext
from allora_cli.fleet.deployment import not_deployed
from allora_cli.terminal.text import clean

_SERVICES: Final = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""

_TASKS: Final = 100
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""


class TaskState(StrEnum):
    """The states of a task that matter here; ECS has more.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-lifecycle-explanation.html
    """

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class StopCode(StrEnum):
    """Why ECS says that a task ended.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
    """

    NOT_STARTED = "TaskFailedToStart"
    CONTAINER_EXITED = "EssentialContainerExited"
    SPOT = "SpotInterruption"


_FAILURES: Final = {StopCode.NOT_STARTED, StopCode.CONTAINER_EXITED}


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        state: Of its life cycle, in ECS's words.
        started_at: When its containers ran; None before that.
        stopped_at: None unless it has ended.
        stop_code: Likewise; in ECS's words.
        reason: Why it ended, in AWS's words; the container's that exited, if one did.
        exit_code: Of that container.
        started_by: The deployment of its service.
        is_unhealthy: Whether the check that the worker is alive has failed.
    """

    id: str
    worker: str
    state: str
    created_at: datetime
    started_at: datetime | None = None
    stopped_at: datetime | None = None
    stop_code: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    is_unhealthy: bool = False
    started_by: str | None = None

    @property
    def has_failed(self) -> bool:
        """Whether it ended by a fault; not by a deployment, or because AWS took it away."""
        return self.stop_code in _FAILURES or (self.stopped_at is not None and self.is_unhealthy)


@dataclass(frozen=True)
class Service:
    """A worker's service.

    Attributes:
        desired: How many tasks should run: one, or none while it is paused.
        is_settled: Whether its last deployment has ended, and so many run.
        deployment_id: Of its last deployment.
        news: What ECS said last about it; empty for nothing.
    """

    worker: str
    desired: int
    is_settled: bool
    deployment_id: str
    news: str


@dataclass(frozen=True)
class Runtime:
    """What runs of a worker.

    Attributes:
        service: None where nothing is deployed.
        task: The newest that has not ended.
        stopped: The newest that has; ECS forgets it after an hour.
    """

    service: Service | None = None
    task: Task | None = None
    stopped: Task | None = None


class Ecs:
    """Asks ECS about a fleet's services and tasks."""

    def __init__(self, fleet: FleetContext) -> None:
        self._fleet = fleet
        self._cluster = fleet.names.fleet
        self._ecs = fleet.session.client("ecs", config=PATIENCE)

    def runtimes(self) -> dict[str, Runtime]:
        """Return what is deployed of the fleet's workers, and what runs of others, by worker.

        Raises:
            OperatorError: There is no cluster.
        """
        names = [worker.name for worker in self._fleet.fleet.workers]
        services = {service.worker: service for service in self.services(names)}
        running = _newest(self._tasks(TaskState.RUNNING))
        stopped = _newest(self._tasks(TaskState.STOPPED))
        return {
            name: Runtime(services.get(name), running.get(name), stopped.get(name))
            for name in services.keys() | running.keys()
        }

    def services(self, names: Sequence[str]) -> list[Service]:
        """Return the services that there are of these workers.

        Raises:
            OperatorError: There is no cluster.
        """
        try:
            return [
                _service(found)
                for some in batches(names, _SERVICES)
                for found in self._ecs.describe_services(cluster=self._cluster, services=some)[
                    "services"
                ]
                if found["status"] == "ACTIVE"
            ]
        except self._ecs.exceptions.ClusterNotFoundException:
            raise not_deployed(self._fleet) from None

    def restart(self, worker: str) -> None:
        """Have a service end its task and start another one, with the secrets as they are now."""
        self._ecs.update_service(cluster=self._cluster, service=worker, forceNewDeployment=True)

    def _tasks(self, state: TaskState) -> Iterator[Task]:
        pages = self._ecs.get_paginator("list_tasks").paginate(
            cluster=self._cluster, desiredStatus=state
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
        for some in batches(arns, _TASKS):
            for found in self._ecs.describe_tasks(cluster=self._cluster, tasks=some)["tasks"]:
                yield task_of(found)


def task_of(found: Mapping[str, Any]) -> Task:
    """Return a task as DescribeTasks has it."""
    culprit = _culprit(found["containers"]) or {}
    reason = culprit.get("reason") or found.get("stoppedReason")
    if "exitCode" in culprit:
        reason = f"the container {culprit['name']} exited with code {culprit['exitCode']}"
    return Task(
        id=_last(found["taskArn"]),
        worker=found.get("group", "").partition(":")[2],
        state=found["lastStatus"],
        created_at=found["createdAt"],
        started_at=found.get("startedAt"),
        stopped_at=found.get("stoppedAt"),
        stop_code=found.get("stopCode"),
        reason=clean(reason).rstrip(".") if reason else None,
        exit_code=culprit.get("exitCode"),
        is_unhealthy=found.get("healthStatus") == "UNHEALTHY",
        started_by=found.get("startedBy"),
    )


def _culprit(containers: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the container that ended a task: the first with a reason, or with an exit code."""
    for says_why in (
        lambda each: each.get("reason"),
        lambda each: each["name"] != "secrets" and each.get("exitCode"),
        lambda each: each.get("exitCode"),
    ):
        if found := next(filter(says_why, containers), None):
            return found
    return None


def _service(found: Mapping[str, Any]) -> Service:
    newest = found["deployments"][0]
    rolled_out = newest.get("rolloutState") == "COMPLETED" and len(found["deployments"]) == 1
    events = found.get("events", [])
    return Service(
        worker=found["serviceName"],
        desired=found["desiredCount"],
        is_settled=rolled_out and found["runningCount"] == found["desiredCount"],
        deployment_id=newest["id"],
        news=clean(events[0]["message"]) if events else "",
    )


def _newest(tasks: Iterator[Task]) -> dict[str, Task]:
    return {task.worker: task for task in sorted(tasks, key=lambda task: task.created_at)}


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]
