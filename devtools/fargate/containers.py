"""Runs a task's containers with Docker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from docker import DockerClient
from docker.errors import APIError, ImageNotFound, NotFound
from docker.models.containers import Container as Running
from docker.types import Mount

from devtools.fargate.aws import StartError
from devtools.fargate.definition import Container, HealthCheck, TaskDefinition
from devtools.fargate.dependencies import State

TASK_LABEL: Final = "com.amazonaws.ecs.task-arn"
NAME_LABEL: Final = "com.amazonaws.ecs.container-name"
"""As ECS's own agent labels its containers."""

PAUSE: Final = "~internal~ecs~pause"
"""What ECS's own agent calls the container that holds a task's network."""

_MIB: Final = 1024**2
_SECOND: Final = 10**9
"""Of the nanoseconds in which Docker counts."""


def options(
    container: Container, task: TaskDefinition, *, volumes: Mapping[str, str]
) -> dict[str, Any]:
    """Return how Docker runs a container, but for its image, names, network and secrets.

    Args:
        container: The container.
        task: Its task's definition.
        volumes: Docker's names of the task's volumes.
    """
    memory = (container.memory or task.memory) * _MIB
    return {
        "entrypoint": list(container.entry_point) if container.entry_point else None,
        "command": list(container.command) if container.command else None,
        "user": container.user,
        "read_only": container.read_only_root,
        "init": container.has_init,
        "cap_add": list(container.added),
        "cap_drop": list(container.dropped),
        "mem_limit": memory,
        "memswap_limit": memory,  # Fargate does not swap
        "healthcheck": _health_check(container.health_check),
        "mounts": [
            # Fargate's volumes are empty, whatever the image has in that place.
            Mount(mount.path, volumes[mount.volume], read_only=mount.read_only, no_copy=True)
            for mount in container.mounts
        ],
    }


def _health_check(check: HealthCheck | None) -> dict[str, Any]:
    if check is None:
        return {"test": ["NONE"]}  # also not the image's own
    return {
        "test": list(check.command),
        "interval": check.interval * _SECOND,
        "timeout": check.timeout * _SECOND,
        "retries": check.retries,
        "start_period": check.start_period * _SECOND,
    }


class Engine:
    """A Docker daemon.

    Args:
        docker: Its client.
        pause_image: One with `sleep`, for the containers that hold the tasks' networks.
    """

    def __init__(self, docker: DockerClient, pause_image: str) -> None:
        self._docker = docker
        self._pause_image = pause_image

    def make_volume(self, name: str) -> None:
        """Make an empty volume."""
        self._docker.volumes.create(name)

    def hold_network(self, task_arn: str, name: str) -> Running:
        """Start the container that holds a task's network."""
        return self._docker.containers.run(
            self._pause_image,
            ["sleep", "infinity"],
            name=name,
            detach=True,
            init=True,
            labels={TASK_LABEL: task_arn, NAME_LABEL: PAUSE},
        )

    def run(
        self,
        container: Container,
        how: Mapping[str, Any],
        *,
        name: str,
        task_arn: str,
        network_of: Running,
        environment: Mapping[str, str],
    ) -> Running:
        """Start a container.

        Raises:
            StartError: Its image is not there, or Docker does not start it.
        """
        self._pull(container.image)
        try:
            return self._docker.containers.run(
                container.image,
                name=name,
                detach=True,
                network_mode=f"container:{network_of.id}",
                environment=dict(environment),
                labels={TASK_LABEL: task_arn, NAME_LABEL: container.name},
                **how,
            )
        except APIError as error:
            raise StartError(f"CannotStartContainerError: {error.explanation}") from error

    def _pull(self, image: str) -> None:
        try:
            self._docker.images.get(image)
        except ImageNotFound:
            try:
                self._docker.images.pull(image)
            except APIError as error:
                raise StartError(f"CannotPullContainerError: {error.explanation}") from error

    def remove(self, containers: list[Running], volumes: list[str]) -> None:
        """Remove containers, whatever they do, and volumes."""
        for container in containers:
            try:
                container.remove(force=True, v=True)
            except NotFound:
                continue
        for volume in volumes:
            try:
                self._docker.volumes.get(volume).remove(force=True)
            except NotFound:
                continue


def state_of(container: Running) -> State:
    """Return what has become of a container."""
    container.reload()
    state = container.attrs["State"]
    has_ended = state["Status"] in ("exited", "dead")
    health = state.get("Health", {}).get("Status")
    return State(
        exit_code=int(state["ExitCode"]) if has_ended else None,
        is_healthy={"healthy": True, "unhealthy": False}.get(health),
    )


def lines_of(container: Running) -> Iterator[list[str]]:
    """Yield the whole lines of a container's output, as they come, until it ends."""
    rest = b""
    for chunk in container.logs(stream=True, follow=True):
        *lines, rest = (rest + chunk).split(b"\n")
        yield [line.decode(errors="replace") for line in lines]
    yield [rest.decode(errors="replace")]
