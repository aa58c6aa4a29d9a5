"""Services and stopped tasks of a fleet, as ECS knows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from allora_cli.aws.batches import batches

_SERVICES_AT_ONCE: Final = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""

_TASKS_AT_ONCE: Final = 100
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html"""

_FAILURES: Final = frozenset({"TaskFailedToStart", "EssentialContainerExited"})
"""Stop codes of tasks that ended against our will
(https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html)."""


@dataclass(frozen=True)
class Service:
    """A worker's service.

    Attributes:
        task_definition: the ARN of the one that it is to run.
        is_steady: whether it runs what it is to run, and nothing else.
    """

    name: str
    desired: int
    running: int
    task_definition: str
    is_steady: bool


@dataclass(frozen=True)
class Stop:
    """A task that has ended against our will.

    Attributes:
        worker: whose task.
        task: its ARN.
        task_definition: likewise of what it ran.
        code: ECS's stop code.
        created_at: when the task was made.
        reason: ECS's, in words, with those of its containers.
    """

    worker: str
    task: str
    task_definition: str
    code: str
    created_at: datetime
    reason: str


class Ecs:
    """A fleet's cluster.

    Args:
        client: boto3's for ECS.
        cluster: the cluster's name.
    """

    def __init__(self, client: Any, cluster: str) -> None:  # noqa: ANN401 - boto3's, without stubs
        self._client = client
        self._cluster = cluster

    def services(self, names: Iterable[str]) -> list[Service]:
        """Return the services that there are."""
        return [
            _service(each)
            for some in batches(names, _SERVICES_AT_ONCE)
            for each in self._client.describe_services(cluster=self._cluster, services=some)[
                "services"
            ]
        ]

    def stops(self) -> Iterator[Stop]:
        """Yield the failed tasks of the last hour; ECS forgets earlier ones."""
        pages = self._client.get_paginator("list_tasks").paginate(
            cluster=self._cluster, desiredStatus="STOPPED"
        )
        arns = [arn for page in pages for arn in page["taskArns"]]
        for some in batches(arns, _TASKS_AT_ONCE):
            answer = self._client.describe_tasks(cluster=self._cluster, tasks=some)
            for task in sorted(answer["tasks"], key=lambda each: str(each.get("stoppedAt", ""))):
                if task.get("stopCode") in _FAILURES:
                    yield _stop(task)


def _service(described: Mapping[str, Any]) -> Service:
    rollouts = [
        each.get("rolloutState")
        for each in described["deployments"]
        if each.get("status") == "PRIMARY"
    ]
    desired, running = described["desiredCount"], described["runningCount"]
    return Service(
        name=described["serviceName"],
        desired=desired,
        running=running,
        task_definition=described["taskDefinition"],
        is_steady=rollouts == ["COMPLETED"] and running == desired,
    )


def _stop(task: Mapping[str, Any]) -> Stop:
    reasons = [task.get("stoppedReason", "")]
    for container in task.get("containers", ()):
        if container.get("reason"):
            reasons.append(f"{container['name']}: {container['reason']}")
        elif container.get("exitCode"):
            reasons.append(f"{container['name']} ended with {container['exitCode']}")
    return Stop(
        worker=task["group"].partition(":")[2],
        task=task["taskArn"],
        task_definition=task["taskDefinitionArn"],
        code=task["stopCode"],
        created_at=task["createdAt"],
        reason="; ".join(dict.fromkeys(filter(None, reasons))),
    )
