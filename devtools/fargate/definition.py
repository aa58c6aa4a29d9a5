"""A task definition as ECS describes it, and what Fargate refuses of one.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from devtools.fargate.refusals import refusals


class RefusedError(Exception):
    """Fargate does not run such a task."""


class Condition(StrEnum):
    """What a container waits for in another one."""

    START = "START"
    COMPLETE = "COMPLETE"
    SUCCESS = "SUCCESS"
    HEALTHY = "HEALTHY"


@dataclass(frozen=True)
class HealthCheck:
    """A container's health check; durations in seconds."""

    command: tuple[str, ...]
    interval: int
    timeout: int
    retries: int
    start_period: int


@dataclass(frozen=True)
class Mount:
    """A volume of the task in a container."""

    volume: str
    path: str
    read_only: bool


@dataclass(frozen=True)
class LogTarget:
    """The CloudWatch log group that a container's output goes to, and its stream's prefix."""

    group: str
    prefix: str


@dataclass(frozen=True)
class Container:
    """A container of a task.

    Attributes:
        entry_point, command: None is the image's own.
        secrets: ARNs of SSM parameters by the variables that get their values.
        memory: MiB that it gets at most; None is all that the task has.
        depends_on: Conditions by the other containers' names.
        stop_seconds: Between SIGTERM and SIGKILL.
    """

    name: str
    image: str
    essential: bool
    entry_point: tuple[str, ...] | None
    command: tuple[str, ...] | None
    user: str | None
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    memory: int | None
    mounts: tuple[Mount, ...]
    depends_on: Mapping[str, Condition]
    health_check: HealthCheck | None
    stop_seconds: int
    read_only_root: bool
    has_init: bool
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    logs: LogTarget | None


@dataclass(frozen=True)
class TaskDefinition:
    """A revision of a task definition.

    Attributes:
        memory: MiB of the whole task.
    """

    arn: str
    family: str
    memory: int
    execution_role_arn: str
    volumes: tuple[str, ...]
    containers: tuple[Container, ...]


def read(described: Mapping[str, Any]) -> TaskDefinition:
    """Return a task definition from the answer of DescribeTaskDefinition.

    Raises:
        RefusedError: Fargate would not run it, or it asks for what is not played here.
    """
    if reasons := list(_reasons(described)):
        raise RefusedError("; ".join(reasons))
    return TaskDefinition(
        arn=described["taskDefinitionArn"],
        family=described["family"],
        memory=int(described["memory"]),
        execution_role_arn=described["executionRoleArn"],
        volumes=tuple(volume["name"] for volume in described.get("volumes", [])),
        containers=tuple(map(_container, described["containerDefinitions"])),
    )


def _reasons(described: Mapping[str, Any]) -> Iterator[str]:
    if described.get("networkMode") != "awsvpc":
        yield "Fargate's only network mode is awsvpc"
    if "FARGATE" not in described.get("requiresCompatibilities", []):
        yield "the task definition is not for Fargate"
    if not described.get("executionRoleArn"):
        yield "without an execution role there are no logs and no secrets"
    if described.get("taskRoleArn"):
        yield "a task role's credentials are not played here"
    for volume in described.get("volumes", []):
        others = {key for key, value in volume.items() if value} - {"name", "host"}
        if volume.get("host", {}).get("sourcePath") or others:
            yield f"volume {volume['name']}: only the task's own disk is played here"
    for container in described["containerDefinitions"]:
        for reason in _reasons_of(container):
            yield f"container {container['name']}: {reason}"


def _reasons_of(container: Mapping[str, Any]) -> Iterator[str]:
    yield from refusals(container)
    if container.get("logConfiguration", {}).get("logDriver", "awslogs") != "awslogs":
        yield "only the log driver awslogs is played here"
    for secret in container.get("secrets", []):
        if ":ssm:" not in secret["valueFrom"]:
            yield f"secret {secret['name']}: only SSM parameters are played here"


def _container(described: Mapping[str, Any]) -> Container:
    linux = described.get("linuxParameters", {})
    capabilities = linux.get("capabilities", {})
    return Container(
        name=described["name"],
        image=described["image"],
        essential=described.get("essential", True),
        entry_point=_words(described.get("entryPoint")),
        command=_words(described.get("command")),
        user=described.get("user"),
        environment={each["name"]: each["value"] for each in described.get("environment", [])},
        secrets={each["name"]: each["valueFrom"] for each in described.get("secrets", [])},
        memory=described.get("memory"),
        mounts=tuple(map(_mount, described.get("mountPoints", []))),
        depends_on={
            each["containerName"]: Condition(each["condition"])
            for each in described.get("dependsOn", [])
        },
        health_check=_health_check(described.get("healthCheck")),
        stop_seconds=described.get("stopTimeout", 30),
        read_only_root=described.get("readonlyRootFilesystem", False),
        has_init=linux.get("initProcessEnabled", False),
        added=tuple(capabilities.get("add", [])),
        dropped=tuple(capabilities.get("drop", [])),
        logs=_logs(described.get("logConfiguration")),
    )


def _words(words: list[str] | None) -> tuple[str, ...] | None:
    return tuple(words) if words else None


def _mount(described: Mapping[str, Any]) -> Mount:
    return Mount(
        described["sourceVolume"], described["containerPath"], described.get("readOnly", False)
    )


def _health_check(described: Mapping[str, Any] | None) -> HealthCheck | None:
    """Return a health check with ECS's defaults; an image's own does not count there.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
    """
    if not described:
        return None
    return HealthCheck(
        command=tuple(described["command"]),
        interval=described.get("interval", 30),
        timeout=described.get("timeout", 5),
        retries=described.get("retries", 3),
        start_period=described.get("startPeriod", 0),
    )


def _logs(described: Mapping[str, Any] | None) -> LogTarget | None:
    if not described:
        return None
    options = described["options"]
    return LogTarget(options["awslogs-group"], options["awslogs-stream-prefix"])
