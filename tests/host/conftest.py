"""One deployment and one host for all tests of this level, which follow each other."""

from __future__ import annotations

import signal
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from scripts.local.emulator import start
from tests.host import cache, leftovers, requirements
from tests.host.node import Node
from tests.host.timeline import Timeline, timeline
from tests.host.waiting import wait_for
from tests.host.wallet import new_wallet
from tests.host.world import World, deploy, instance

_TIMELINE = pytest.StashKey[Timeline]()
_NODES = pytest.StashKey[list[Node]]()


@pytest.fixture(scope="session", autouse=True)
def _requirements() -> None:
    if reason := requirements.problem():
        pytest.fail(reason, pytrace=False)


@pytest.fixture(scope="session")
def directory(_requirements: None) -> Iterator[Path]:
    """Where this run keeps its files; they stay for whoever wants to look into them."""
    path = cache.directory() / "run"
    try:
        with cache.only_run():
            leftovers.remove(path)
            path.mkdir()
            # As Ctrl-C does, so that everything is taken down.
            signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
            yield path
    except cache.AnotherRunError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def world(directory: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """Both stacks, deployed on the embedded AWS, and all that a host of theirs reaches."""
    request.config.stash[_NODES] = []
    emulator = start(directory / "aws")
    try:
        wallet = new_wallet()
        deployment = deploy(emulator, directory / "deployment", wallet)
        world = World(deployment, wallet, directory)
        try:
            yield world
        finally:
            world.close()
    finally:
        emulator.stop()


@pytest.fixture(scope="session")
def node(world: World, request: pytest.FixtureRequest) -> Node:
    """The host that boots the deployed user data, after its first submission."""
    started = time.time()
    machine = world.launch(instance(world.deployment))
    node = Node(machine)
    request.config.stash[_NODES].append(node)
    wait_for("the worker has registered", lambda: world.registered, 600)
    nonce = world.chain.open_window()
    wait_for("the first submission", lambda: world.chain.submission(nonce), 60)
    wait_for("the installation is over", lambda: "allora: ready" in machine.console, 60)
    wait_for("the worker knows of its submission", lambda: node.reported("submitted"), 60)
    wait_for("Docker finds the model healthy", lambda: node.is_healthy("model"), 60)
    request.config.stash[_TIMELINE] = found = timeline(node, started, world.cloud.transfers)
    (world.directory / "timeline.json").write_text(found.to_json())
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
    """Shows the timeline of the first host."""
    found = terminalreporter.config.stash.get(_TIMELINE, None)
    if found:
        terminalreporter.section("From the instance's start to the first submission")
        for line in found.lines():
            terminalreporter.line(line)
