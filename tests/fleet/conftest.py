"""A fleet, deployed and running."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from devtools.embedded_aws.lease import Lease
from tests.fleet.deployed import DeployedFleet, workers
from tests.fleet.docker_host import build_images, docker_of, launch
from tests.fleet.running import Running
from tests.host.conftest import slot as slot  # noqa: PLC0414 - a fixture of this level too
from tests.host.slots import Slot
from tests.host.world import World

_RUNNING = pytest.StashKey[list[Running]]()


@pytest.fixture(scope="session")
def running(slot: Slot, request: pytest.FixtureRequest) -> Iterator[Running]:
    """Three workers, whose tasks were started."""
    found = request.config.stash[_RUNNING] = []
    lease = Lease.start(slot.directory / "aws.log")
    try:
        deployed = DeployedFleet(lease.emulator, slot.directory / "deployment", workers())
        directory = slot.directory / "fleet"
        directory.mkdir()
        topics = tuple(worker.topic for worker in deployed.workers)
        first = deployed.workers[0].wallet
        world = World(deployed.deployment, first, directory, slot, topics=topics)
        try:
            machine = launch(world)
            with ThreadPoolExecutor() as pool:
                deploying = pool.submit(deployed.deploy)
                docker = docker_of(machine)
                build_images(docker, deployed.fleet)
                deploying.result()
            with Running(deployed, world, machine, docker) as running:
                found.append(running)
                yield running
        finally:
            world.close()
    finally:
        lease.release()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show what has happened to the tasks, and their logs, when a test fails."""
    report = yield
    for running in item.config.stash.get(_RUNNING, []):
        if report.failed:
            report.sections.append(("the tasks", running.report()))
    return report
