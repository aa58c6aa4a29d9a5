"""The worker's host as its users see it: port 9010, the containers, the log."""

from __future__ import annotations

import http.client
import json
from typing import Any

from tests.host import cloud
from tests.host.machine import Machine
from tests.host.waiting import wait_for

_PORT = 9010

CONNECT = """
import socket, sys

for address, port in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        socket.create_connection((address, int(port)), timeout=3)
        print("yes")
    except TimeoutError:
        print("silence")
    except OSError as error:
        print(error.strerror)
"""
"""Prints how each attempt to connect ends; its arguments are addresses and ports by turns."""


class Node:
    """A host with worker and model.

    Attributes:
        machine: what it runs on.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        """Status and body of what the worker answers to somebody on the internet.

        Args:
            token: the bearer token to present.

        Raises:
            OSError: nobody answers.
        """
        connection = http.client.HTTPConnection(cloud.HOST_ADDRESS, _PORT)
        connection.sock = self.machine.connect(_PORT)
        try:
            headers = {"Authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    @property
    def health(self) -> dict[str, Any]:
        """What the worker tells about itself; empty when it does not answer."""
        try:
            _, body = self.get("/health")
        except (OSError, http.client.HTTPException):
            return {}
        health: dict[str, Any] = json.loads(body)
        return health

    def wait_until_ready(self, timeout: float = 600) -> None:
        """Waits for a worker that will work on the next window.

        It may not be healthy: after a lost window it is not, until the next one.
        """
        wait_for(
            "the worker is ready",
            lambda: any(
                topic["state"] in ("waiting", "working", "failing")
                for topic in self.health.get("topics", [])
            ),
            timeout,
        )

    def container(self, service: str) -> dict[str, Any]:
        """What `docker inspect` shows of a service's container."""
        output = self.machine.run(f"docker inspect allora-{service}-1")
        container: dict[str, Any] = json.loads(output)[0]
        return container

    def connections(self, service: str, *targets: tuple[str, int]) -> list[str]:
        """How each attempt to connect from within a container ends: yes, silence, or an error."""
        words = " ".join(f"{address} {port}" for address, port in targets)
        python = f"docker exec --interactive allora-{service}-1 python - {words}"
        return self.machine.run(python, stdin=CONNECT).splitlines()

    def process(self, service: str) -> int:
        """The program that runs in a container, below the container's init; 0 when none does."""
        init = self.container(service)["State"]["Pid"]
        if not init:
            return 0
        children = f"/proc/{init}/task/{init}/children"
        return int(self.machine.run(f"cat {children} 2>/dev/null || true").split(" ")[0] or 0)

    def log(self, service: str) -> list[dict[str, Any]]:
        """What a container has written, as far as it is JSON."""
        lines = self.machine.run(f"docker logs allora-{service}-1 2>&1").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def reported(self, event: str) -> list[dict[str, Any]]:
        """The events of one name in the worker's log."""
        return [entry for entry in self.log("worker") if entry["event"] == event]

    def is_healthy(self, service: str) -> bool:
        """Whether Docker's health check of a service's container says so."""
        return bool(self.container(service)["State"]["Health"]["Status"] == "healthy")

    def journal(self, arguments: str) -> list[dict[str, Any]]:
        """Entries of the host's journal."""
        lines = self.machine.run(f"journalctl --output json --no-pager {arguments}")
        return [json.loads(line) for line in lines.splitlines()]

    def report(self) -> str:
        """The end of all its logs, for whoever has to find out why a test failed."""
        return self.machine.run(
            "echo '── install.log'; tail -n 15 /var/log/allora/install.log;"
            "echo '── journal'; journalctl --boot --no-pager --lines 40 --unit 'allora*' "
            "--unit docker --output short-precise;"
            "echo '── containers'; docker ps --all;"
            "echo '── worker'; docker logs --tail 25 allora-worker-1;"
            "echo '── model'; docker logs --tail 10 allora-model-1; true",
            timeout=60,
        )
