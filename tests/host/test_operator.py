"""The operator's commands follow a host that really boots, by what it tells of itself."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.host import forge_model
from tests.host.machine import Machine
from tests.host.node import Node
from tests.host.submitting import submits, submitted
from tests.host.waiting import wait_for
from tests.host.world import TOPIC, World, instance, running_instances, set_secret
from tests.local.deployment import ROOT, Deployment

_API_KEY = "key-of-the-model"


class Command:
    """An `allora` command that goes on while the test does something."""

    def __init__(self, world: World, *arguments: str) -> None:
        self._output = world.directory / f"{arguments[0]}.jsonl"
        self._screen = world.directory / f"{arguments[0]}.log"
        with self._output.open("wb") as output, self._screen.open("wb") as screen:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "allora_cli", *arguments, "--json"],
                cwd=ROOT,
                env=world.deployment.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=screen,
            )

    @property
    def screen(self) -> str:
        """What it has shown."""
        return self._screen.read_text(errors="replace")

    @property
    def events(self) -> list[dict[str, Any]]:
        """Those that it has printed so far; a line may still be on its way."""
        lines = self._output.read_text(errors="replace").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def wait_for(
        self, code: str, timeout: float, has: Callable[[dict[str, Any]], bool] = lambda _: True
    ) -> None:
        """Waits for an event with a code, and of the right kind."""

        def is_there() -> bool:
            return any(each.get("event") == code and has(each) for each in self.events)

        wait_for(f"the event {code}", lambda: is_there() or self.is_over, timeout)
        assert is_there(), self.screen + json.dumps(self.events[-3:], indent=1)

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def result(self, timeout: float) -> dict[str, Any]:
        """What came of it; it must not fail."""
        code = self._process.wait(timeout)
        assert code == 0, self.screen
        result = self.events[-1]
        assert result["event"] == "result", result
        return result

    def end(self) -> None:
        if not self.is_over:
            self._process.kill()
        self._process.wait()


@contextmanager
def command(world: World, *arguments: str) -> Iterator[Command]:
    running = Command(world, *arguments)
    try:
        yield running
    finally:
        running.end()


def _is_step(number: int, activity: dict[str, Any]) -> bool:
    return f"[{number}/6] " in activity["text"]


@dataclass
class Updated:
    """A host that `allora update` has put in the place of the one before, and has seen submit.

    Attributes:
        machine: the new host.
        registered_before: who was registered on the chain while the old host ran.
        nonce: of the window that the command has waited for.
        nonces: of what the new host had submitted when the command was over.
    """

    machine: Machine
    registered_before: dict[str, Any]
    nonce: int
    nonces: list[int]


@pytest.fixture(scope="module")
def updated(node: Node, world: World) -> Updated:
    old = instance(world.deployment).id
    registered, earlier = world.chain.state["registered"], len(world.chain.submissions)
    # The embedded AWS has this other image for x86_64. The host boots from the test's own disk.
    world.deployment.write_env(AWS_INSTANCE_TYPE="t3.small", **_forge_model(world.deployment))
    set_secret(world.deployment, "model/ALLORA_API_KEY", _API_KEY)
    with command(world, "update", "--ami", "ami-1e749f67", "--yes", "--timeout", "15") as update:
        wait_for(
            "the old instance ends",
            lambda: update.is_over or old not in _ids(world.deployment),
            300,
        )
        node.machine.terminate()
        update.wait_for("wait", 300)
        launched = instance(world.deployment)
        assert launched.id != old
        machine = world.launch(launched)
        for number in range(1, 6):
            update.wait_for("activity", 300, partial(_is_step, number))
        update.wait_for("progress", 300, lambda each: "registered" in each["done"])
        assert not update.is_over  # a container that runs is no success
        nonce = world.chain.open_window()
        result = update.result(60)
    assert world.chain.submission(nonce)
    assert result["instance_id"] == launched.id
    assert result["replaced"] == old
    assert result["address"] == world.wallet.address
    timed = {step for step, seconds in result["seconds"].items() if seconds is not None}
    # Others may be known from a status alone, which does not say when they were done.
    assert {"instance", "host", "submitted"} <= timed, result["seconds"]
    met = [each for each in update.events if each["event"] == "obstacle"]
    assert [each for each in met if each["source"] == "host"] == []
    nonces = [submission["nonce"] for submission in world.chain.submissions[earlier:]]
    return Updated(machine, registered, nonce, nonces)


def _forge_model(deployment: Deployment) -> dict[str, str]:
    """Put a model of the Forge kit into S3, and return its settings."""
    model = forge_model.saved()
    s3 = deployment.client("s3")
    s3.create_bucket(Bucket="models-of-the-test")
    s3.put_object(Bucket="models-of-the-test", Key="btc/predict.pkl", Body=model)
    return {
        "MODEL_FORGE": "s3://models-of-the-test/btc/predict.pkl",
        "MODEL_SHA256": f"sha256:{hashlib.sha256(model).hexdigest()}",
        "MODEL_REQUIREMENTS": str(ROOT / "tests/host/forge.txt"),
        "MODEL_PYTHON": "3.13",
        "MODEL_SECRETS": "ALLORA_API_KEY",
    }


def _ids(deployment: Deployment) -> list[str]:
    return [described["InstanceId"] for described in running_instances(deployment)]


def test_new_host_works_with_the_same_wallet(updated: Updated, world: World) -> None:
    assert updated.registered_before == {str(TOPIC): [world.wallet.address]}
    assert world.chain.state["registered"] == updated.registered_before
    assert updated.nonces == [updated.nonce]
    assert submitted(world, updated.nonce)["address"] == world.wallet.address
    assert Node(updated.machine).health["address"] == world.wallet.address


def test_model_of_the_forge_kit_is_served_and_confined(updated: Updated, world: World) -> None:
    """What its own code sees of the host, from within its process."""
    node = Node(updated.machine)
    submission = submits(node, world)
    assert float(submission["values"][0]["value"]) == submission["nonce"] + 0.5
    found = next(line["found"] for line in node.log("model") if "found" in line)
    assert found == {
        "connections": ["TimeoutError", "TimeoutError"],
        "groups": [10002],
        "key": _API_KEY,
        "of_the_server": False,
        "secrets": ["ALLORA_API_KEY"],
        "user": 10002,
        "writes": [False, False, False, True],
        "privileges": {"CapEff": "0000000000000000", "NoNewPrivs": "1"},
    }
    assert _API_KEY not in json.dumps(node.container("model"))
    others = [line for line in node.log("model") if "found" not in line]
    assert _API_KEY not in json.dumps(others)


def test_deploy_again_sees_at_once_that_all_is_well(updated: Updated, world: World) -> None:
    submits(Node(updated.machine), world)
    with command(world, "deploy", "--yes", "--timeout", "3") as deploy:
        result = deploy.result(240)
    assert result["healthy"] is True
    assert "no-changes" in [each["event"] for each in deploy.events]
    assert updated.machine.is_installed


def test_restart_through_systems_manager(updated: Updated, world: World) -> None:
    """While the service starts. The host has no SSM agent: the test does what it is told."""
    ssm = world.deployment.client("ssm")
    updated.machine.run("systemctl restart --no-block allora")
    starting = "systemctl show --property ActiveState allora | grep --quiet =activating"
    running = "docker inspect --format '{{.State.Running}}' allora-worker-1 | grep --quiet true"
    wait_for(
        "the service watches its new containers",
        lambda: updated.machine.succeeds(f"{starting} && {running}"),
        120,
    )
    with command(world, "restart", "--yes", "--timeout", "5") as restart:
        restart.wait_for("restarted", 60)
        (told,) = ssm.list_commands()["Commands"]
        assert not restart.is_over  # the worker that was ready before does not count
        updated.machine.run("\n".join(told["Parameters"]["commands"]))
        assert restart.result(300)["healthy"] is True
    assert Node(updated.machine).health["address"] == world.wallet.address


def test_restart_of_the_host(updated: Updated, world: World) -> None:
    with command(world, "restart", "--yes", "--reboot", "--timeout", "5") as restart:
        restart.wait_for("restarted", 60)
        updated.machine.reboot()
        assert restart.result(300)["healthy"] is True
    assert Node(updated.machine).health["address"] == world.wallet.address
