"""A task: its network, volumes and containers, from their start to their end."""

from __future__ import annotations

import threading
from contextlib import suppress

from botocore.exceptions import BotoCoreError, ClientError
from docker.errors import DockerException
from docker.models.containers import Container as Running

from devtools.fargate.aws import ExecutionRole, StartError
from devtools.fargate.containers import Engine, lines_of, options, state_of
from devtools.fargate.definition import Container, LogTarget, TaskDefinition
from devtools.fargate.dependencies import State, Turn, end_of, turn_of


class Task:
    """A task that runs.

    Args:
        arn: Its ARN.
        definition: What it is made of.
        engine: Where it runs.
        role: Reads its secrets, and writes its logs.
    """

    def __init__(
        self, arn: str, definition: TaskDefinition, engine: Engine, role: ExecutionRole
    ) -> None:
        self.arn = arn
        self._definition = definition
        self._engine = engine
        self._role = role
        self._id = arn.rpartition("/")[2]
        self._volumes = {name: f"{self._id}-{name}" for name in definition.volumes}
        self._waiting = {container.name: container for container in definition.containers}
        self._running: dict[str, Running] = {}
        self._network: Running | None = None
        self._logs: list[threading.Thread] = []

    @property
    def is_started(self) -> bool:
        """Whether all its containers were started."""
        return not self._waiting

    def advance(self) -> str | None:
        """Start the containers whose turn it is; return why the task has to stop, if it has to.

        Raises:
            StartError: A container cannot be started.
        """
        network = self._network = self._network or self._prepare()
        states = self._states()
        for container in self._definition.containers:
            if container.name in states and (reason := end_of(container, states[container.name])):
                return reason
        for container in list(self._waiting.values()):
            match turn_of(container, states):
                case Turn.NEVER:
                    raise StartError(
                        f"TaskFailedToStart: {container.name} depends on a container that failed"
                    )
                case Turn.NOW:
                    self._start(container, network)
        return None

    def stop(self) -> dict[str, int | None]:
        """Stop the containers, the last one first, and remove all that the task had.

        Returns:
            The exit codes of the containers by name.
        """
        seconds = {each.name: each.stop_seconds for each in self._definition.containers}
        for name, container in reversed(self._running.items()):
            with suppress(DockerException):
                # Docker's own answer comes no earlier than the container's end.
                container.stop(timeout=seconds[name])
        for thread in self._logs:
            thread.join(timeout=30)
        codes = {name: state.exit_code for name, state in self._states().items()}
        held = [self._network] if self._network else []
        self._engine.remove([*self._running.values(), *held], list(self._volumes.values()))
        return codes

    def _states(self) -> dict[str, State]:
        return {name: state_of(container) for name, container in self._running.items()}

    def _prepare(self) -> Running:
        for volume in self._volumes.values():
            self._engine.make_volume(volume)
        return self._engine.hold_network(self.arn, f"{self._id}-pause")

    def _start(self, container: Container, network: Running) -> None:
        stream = ""
        if container.logs:
            stream = f"{container.logs.prefix}/{container.name}/{self._id}"
            self._role.create_stream(container.logs, stream)
        running = self._engine.run(
            container,
            options(container, self._definition, volumes=self._volumes),
            name=f"{self._id}-{container.name}",
            task_arn=self.arn,
            network_of=network,
            environment={**container.environment, **self._role.secrets(container.secrets)},
        )
        self._running[container.name] = running
        del self._waiting[container.name]
        if container.logs:
            self._follow(running, container.logs, stream)

    def _follow(self, running: Running, target: LogTarget, stream: str) -> None:
        def follow() -> None:
            with suppress(DockerException):
                for lines in lines_of(running):
                    # As in the mode non-blocking: without CloudWatch the lines are lost.
                    with suppress(BotoCoreError, ClientError):
                        self._role.put_lines(target, stream, lines)

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        self._logs.append(thread)
