"""A deployment and a host for each file of this level, so that files run side by side."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from tests.host import command, leftovers, slots
from tests.host.node import Node
from tests.host.slots import Slot
from tests.host.template import Template, copied, shared
from tests.host.waiting import wait_for
from tests.host.world import World, instance

_NODES = pytest.StashKey[list[Node]]()


@pytest.fixture(scope="session")
def slot() -> Iterator[Slot]:
    """What this process has for itself on the machine."""
    with slots.lowest_free() as slot:
        leftovers.remove(slot)
        slot.directory.mkdir()
        # As Ctrl-C does, so that everything is taken down; also where Ctrl-C is ignored.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        if "PYTEST_XDIST_WORKER" in os.environ:
            command.end_with_parent()
        yield slot


@pytest.fixture(scope="session")
def template(slot: Slot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:  # noqa: ARG001
    """What the deployments of all files are copies of."""
    directory = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        directory = directory.parent  # which is the same for all workers
    with shared(directory) as template:
        yield template


@pytest.fixture(scope="module")
def world(slot: Slot, template: Template, request: pytest.FixtureRequest) -> Iterator[World]:
    """Both stacks, deployed on the embedded AWS, and all that a host of theirs reaches."""
    request.config.stash[_NODES] = []
    directory = slot.directory / request.module.__name__.rpartition(".")[2]
    directory.mkdir()
    with copied(template, directory / "deployment") as deployment:
        world = World(deployment, template.wallet, directory, slot)
        try:
            yield world
        finally:
            world.close()


@pytest.fixture(scope="module")
def node(world: World, request: pytest.FixtureRequest) -> Node:
    """The host that boots the deployed user data, after its first submission."""
    machine = world.launch(instance(world.deployment))
    node = Node(machine)
    request.config.stash[_NODES].append(node)
    wait_for("the worker has registered", lambda: world.registered, 600)
    nonce = world.chain.open_window()
    wait_for("the first submission", lambda: world.chain.submission(nonce), 60)
    wait_for("the installation is over", lambda: machine.is_installed, 60)
    wait_for("the worker knows of its submission", lambda: node.reported("submitted"), 60)
    wait_for("Docker finds the model healthy", lambda: node.is_healthy("model"), 60)
    return node


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Shows what the host has logged when a test fails."""
    report = yield
    nodes = item.config.stash.get(_NODES, [])
    if report.failed and nodes:
        report.sections.append(("the host", _report_of(nodes[-1])))
    return report


def _report_of(node: Node) -> str:
    try:
        return node.report()
    except (AssertionError, OSError) as error:
        return f"{error}\n{node.machine.console[-5000:]}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Shows what tests have recorded as a timeline."""
    for report in terminalreporter.getreports("passed"):
        for name, lines in report.user_properties:
            if name == "timeline":
                terminalreporter.section("From the instance's start to the first submission")
                terminalreporter.write("".join(f"{line}\n" for line in lines))
