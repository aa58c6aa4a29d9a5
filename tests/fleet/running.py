"""A fleet that runs: its tasks, containers, logs and windows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self

from docker import DockerClient
from docker.models.containers import Container

from allora_cli.fleet.streams import prefix_of
from allora_cli.host.log_events import read_streams
from devtools.fargate.containers import NAME_LABEL, TASK_LABEL
from devtools.fargate.keeper import Change
from devtools.fargate.scheduler import Scheduler
from tests.fleet.deployed import DeployedFleet, Worker
from tests.host.machine import Machine
from tests.host.waiting import wait_for
from tests.host.world import SETTINGS, World
from tests.local.deployment import REGION


class Running:
    """A fleet that runs on a machine's Docker.

    Attributes:
        deployed: What was deployed.
        world: What it reaches.
        docker: What plays the machines of Fargate.
        scheduler: What plays ECS.
    """

    def __init__(
        self, deployed: DeployedFleet, world: World, machine: Machine, docker: DockerClient
    ) -> None:
        self.deployed = deployed
        self.world = world
        self._machine = machine
        self.docker = docker
        self.scheduler = Scheduler(
            deployed.deployment.emulator.url,
            REGION,
            deployed.names.fleet,
            docker,
            pause_image=SETTINGS["ALLORA_PYTHON_IMAGE"],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.scheduler.close()

    # --- tasks

    def changes(self, name: str, state: str) -> list[Change]:
        """What has happened to a worker's tasks, of one kind."""
        return [
            change
            for change in self.scheduler.changes
            if (change.service, change.state) == (name, state)
        ]

    def wait_for_task(self, name: str, *, number: int = 1) -> str:
        """The ARN of a worker's task, once so many of its tasks have reached RUNNING."""
        wait_for(f"task {number} of {name}", lambda: len(self.changes(name, "RUNNING")) >= number)
        return self.changes(name, "RUNNING")[-1].task_arn

    def wait_for_end(self, task_arn: str, state: str = "STOPPED") -> Change:
        """What has become of a task, once it is in this state."""
        return wait_for(
            f"{task_arn} is {state}",
            lambda: next(
                (
                    change
                    for change in self.scheduler.changes
                    if (change.task_arn, change.state) == (task_arn, state)
                ),
                None,
            ),
            150,
        )

    @contextmanager
    def second_task_of(self, worker: Worker) -> Iterator[None]:
        """One more task of a worker, as when ECS takes one for lost that runs."""
        task = self.scheduler.start_stray(worker.name)
        try:
            wait_for("the second task starts", lambda: task.advance() or task.is_started)
            wait_for(
                "its worker is ready",
                lambda: "ready" in [each["event"] for each in self._lines(worker, task.arn)],
            )
            yield
        finally:
            task.stop()

    def container(self, task_arn: str, name: str) -> Container:
        """A container of a task."""
        labels = [f"{TASK_LABEL}={task_arn}", f"{NAME_LABEL}={name}"]
        (found,) = self.docker.containers.list(all=True, filters={"label": labels})
        return found

    def containers(self) -> list[Container]:
        """All containers that run."""
        found: list[Container] = self.docker.containers.list()
        return found

    def signal(self, container: Container, signal: str) -> None:
        """Send a signal to a container's program, below its init."""
        container.reload()
        init = container.attrs["State"]["Pid"]
        self._machine.run(f"kill -{signal} $(cat /proc/{init}/task/{init}/children)")

    # --- windows

    def is_registered(self, worker: Worker) -> bool:
        """Whether the chain knows a worker."""
        registered = self.world.chain.state["registered"][str(worker.topic)]
        return worker.wallet.address in registered

    def serves_a_window(self, *workers: Worker) -> list[dict[str, Any]]:
        """Open a window for each worker; return their submissions."""
        chain = self.world.chain
        nonces = [chain.open_window(topic=worker.topic) for worker in workers]
        found = [
            wait_for(
                f"{worker.name} submits for {nonce}",
                partial(chain.submission, nonce, worker.topic),
                60,
            )
            for worker, nonce in zip(workers, nonces, strict=True)
        ]
        for worker, submission in zip(workers, found, strict=True):
            assert submission["address"] == worker.wallet.address
            assert submission["tx_signature_valid"] is True
            chain.settle(worker.topic)
        return found

    # --- logs

    def log(self, part: str, worker: Worker, task_arn: str = "") -> list[str]:
        """The lines of a worker's tasks, or of one of them, in CloudWatch."""
        task_id = task_arn.rpartition("/")[2]
        logs, group = self.deployed.client("logs"), self.deployed.names.log_groups[part]
        stream = prefix_of(worker.name, part) + task_id if task_id else prefix_of(worker.name)
        return [line.text for line in read_streams(logs, group, stream)]

    def events(self, worker: Worker, name: str) -> list[dict[str, Any]]:
        """The events of one name in a worker's log."""
        return [line for line in self._lines(worker) if line["event"] == name]

    def _lines(self, worker: Worker, task_arn: str = "") -> list[dict[str, Any]]:
        lines = self.log("worker", worker, task_arn)
        return [json.loads(line) for line in lines if line.startswith("{")]

    def report(self) -> str:
        """What has happened to the tasks, and the ends of their logs."""
        changes = "\n".join(map(str, self.scheduler.changes))
        ends = (
            "\n".join([f"── {part} of {worker.name}", *self.log(part, worker)[-15:]])
            for worker in self.deployed.workers
            for part in ("worker", "model")
        )
        return "\n".join([changes, *ends])
