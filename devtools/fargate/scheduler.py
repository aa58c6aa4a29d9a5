"""Runs the services of a cluster, each by a keeper in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from docker import DockerClient

from devtools.fargate.aws import Clients, Cluster, ExecutionRole, Service
from devtools.fargate.containers import Engine
from devtools.fargate.keeper import Change, Keeper
from devtools.fargate.task import Task

_POLL_SECONDS: Final = 0.5


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
        self._keepers: dict[str, Keeper] = {}
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
                keeper = Keeper(name, self._cluster, self._make, self.changes.append)
                self._keepers[name] = keeper
                self._start_thread(partial(self._keep, keeper))
            for name, keeper in self._keepers.items():
                keeper.wanted, keeper.listed = services.get(name), listed

    def _keep(self, keeper: Keeper) -> None:
        while not self._is_closing.wait(_POLL_SECONDS):
            keeper.step()
        keeper.stop("the scheduler ends")

    def _make(self, task_arn: str, service: Service) -> Task:
        service.check()
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
