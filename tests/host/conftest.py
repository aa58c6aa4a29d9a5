"""A deployment and a host for each file of this level, so that files run side by side."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from scripts.local.emulator import start
from tests.host import leftovers, requirements, slots
from tests.host.node import Node
from tests.host.slots import Slot
from tests.host.waiting import wait_for
from tests.host.wallet import new_wallet
from tests.host.world import World, deploy, instance

_NODES = pytest.StashKey[list[Node]]()


@pytest.fixture(scope="session", autouse=True)
def _requirements() -> None:
    if reason := requirements.problem():
        pytest.fail(reason, pytrace=False)


@pytest.fixture(scope="session")
def slot(_requirements: None) -> Iterator[Slot]:
    """What this process has for itself on the machine."""
    with slots.lowest_free() as slot:
        leftovers.remove(slot)
        slot.directory.mkdir()
        # As Ctrl-C does, so that everything is taken down; also where Ctrl-C is ignored.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        yield slot


@pytest.fixture(scope="module")
def world(slot: Slot, request: pytest.FixtureRequest) -> Iterator[World]:
    """Both stacks, deployed on the embedded AWS, and all that a host of theirs reaches."""
    request.config.stash[_NODES] = []
    directory = slot.directory / request.module.__name__.rpartition(".")[2]
    emulator = start(directory / "aws")
    try:
        wallet = new_wallet()
        deployment = deploy(emulator, directory / "deployment", wallet)
        world = World(deployment, wallet, directory, slot)
        try:
            yield world
        finally:
            world.close()
    finally:
        emulator.stop()


@pytest.fixture(scope="module")
def node(world: World, request: pytest.FixtureRequest) -> Node:
    """The host that boots the deployed user data, after its first submission."""
    machine = world.launch(instance(world.deployment))
    node = Node(machine)
    request.config.stash[_NODES].append(node)
    wait_for("the worker has registered", lambda: world.registered, 600)
    nonce = world.chain.open_window()
    wait_for("the first submission", lambda: world.chain.submission(nonce), 60)
    wait_for("the installation is over", lambda: "allora: ready" in machine.console, 60)
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
