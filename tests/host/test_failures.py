"""One thing after the other fails on the host; the worker submits again, with the same wallet.

Where it cannot, it says why, and goes on as soon as it can.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host.node import Node
from tests.host.waiting import wait_for
from tests.host.world import World, set_secret

_MODEL_VALUE = "12345.5"
# "abandon" is the first word of the list; twelve of them have a wrong checksum.
_WRONG_MNEMONIC = " ".join(["abandon"] * 12)
# What one transaction costs at least, in uallo (10^-18 ALLO), and what the wallet then has.
_POOR, _RICH = "10", "1000000000000000000000"


def submits(node: Node, world: World) -> dict[str, Any]:
    """The worker is ready, and submits in the next window."""
    node.wait_until_ready()
    return submitted(world, world.chain.open_window())


def submitted(world: World, nonce: int, timeout: float = 60) -> dict[str, Any]:
    """What is submitted for a window, with the one wallet that there is."""
    submission = wait_for(
        f"a submission for {nonce}", lambda: world.chain.submission(nonce), timeout
    )
    assert submission["address"] == world.wallet.address
    assert submission["tx_signature_valid"] is True
    assert submission["bundle_signature_valid"] is True
    assert [one["nonce"] for one in world.chain.submissions].count(nonce) == 1
    return submission


@pytest.mark.parametrize("service", ["worker", "model"])
def test_container_comes_back_after_kill_9(node: Node, world: World, service: str) -> None:
    process = node.process(service)
    node.machine.run(f"kill -9 {process}")
    wait_for(f"another {service} runs", lambda: node.process(service) not in (0, process), 30)
    submits(node, world)


def test_worker_goes_on_while_dockerd_is_killed(node: Node, world: World) -> None:
    worker = node.process("worker")
    dockerd = node.machine.run("systemctl show --property MainPID --value docker").strip()
    node.machine.run(f"kill -9 {dockerd}")
    submits(node, world)
    wait_for("dockerd runs again", lambda: node.machine.succeeds("docker ps"), 60)
    assert node.process("worker") == worker


def test_reboot(node: Node, world: World) -> None:
    node.machine.reboot()
    submits(node, world)
    wait_for("allora.service is up", lambda: _state(node, "ActiveState") == "active", 60)


def test_user_data_may_run_again(node: Node, world: World) -> None:
    """As on an instance that was made of this one's disk: everything is there already."""
    before = {service: node.container(service)["Image"] for service in ("worker", "model")}
    log = node.machine.run("cat /var/log/allora/install.log")
    node.machine.run("cloud-init clean --logs")
    node.machine.reboot()
    status = json.loads(
        node.machine.run("cloud-init status --wait --format json || true", timeout=180)
    )
    assert (status["status"], status["errors"]) == ("done", [])
    added = node.machine.run("cat /var/log/allora/install.log").removeprefix(log)
    assert "allora: ready" in added
    assert "Setting up" not in added  # no package was installed
    assert {service: node.container(service)["Image"] for service in before} == before
    submits(node, world)


class Model:
    """Takes the place of the model, under its name in the containers' network."""

    def __init__(self, node: Node) -> None:
        self._node = node
        program = (Path(__file__).parent / "stand_in_model.py").read_text()
        node.machine.run("install -D /dev/stdin /run/stand-in/model.py", stdin=program)
        self.behave("good")
        node.machine.run(
            "docker stop allora-model-1 && docker run --detach --name stand-in "
            "--network allora_allora --network-alias model --volume /run/stand-in:/stand-in:ro "
            "allora-model python /stand-in/model.py /stand-in/mode"
        )

    def behave(self, mode: str) -> None:
        """Changes what it answers from now on."""
        self._node.machine.run(
            "cat > /run/stand-in/mode.new && mv /run/stand-in/mode.new /run/stand-in/mode",
            stdin=mode,
        )

    def leave(self) -> None:
        """The project's own model is back."""
        self._node.machine.run("docker rm --force stand-in && docker start allora-model-1")


@pytest.fixture(scope="class")
def model(node: Node) -> Iterator[Model]:
    """A model that can misbehave; the project's own comes back afterwards."""
    stand_in = Model(node)
    yield stand_in
    stand_in.leave()


class TestModel:
    @pytest.mark.parametrize(
        ("mode", "kind"),
        [
            ("status 500", "status"),
            ("nan", "not_a_number"),
            ("html", "not_a_number"),
            ("flood", "too_large"),
            ("hang", "timeout"),
        ],
    )
    def test_window_is_kept_until_it_works(
        self, node: Node, world: World, model: Model, mode: str, kind: str
    ) -> None:
        node.wait_until_ready()
        before = node.health["model"]["failures"].get(kind, 0)
        model.behave(mode)
        nonce = world.chain.open_window()
        wait_for(
            f"{kind} is seen", lambda: node.health["model"]["failures"].get(kind, 0) > before, 40
        )
        assert world.chain.submission(nonce) is None
        assert node.health["model"]["state"] == "failing"
        model.behave("good")
        submission = submitted(world, nonce)
        assert submission["values"] == [{"label": "y", "value": _MODEL_VALUE}]


def test_chain_is_gone_for_two_minutes(node: Node, world: World) -> None:
    worker = node.process("worker")
    world.chain.behave(refuse=True)
    gone_until = time.monotonic() + 120
    try:
        wait_for("it is told", lambda: _topic(node)["state"] == "chain_unavailable", 60)
        assert _topic(node)["reason"]
        wait_for("two minutes are over", lambda: time.monotonic() > gone_until, 125)
    finally:
        world.chain.behave(refuse=False)
    submits(node, world)
    assert node.process("worker") == worker


def test_chain_accepts_and_never_answers(node: Node, world: World) -> None:
    world.chain.behave(frozen=True)
    try:
        wait_for("it is told", lambda: _topic(node)["state"] == "chain_unavailable", 90)
    finally:
        world.chain.behave(frozen=False)
    submits(node, world)


def test_ssm_does_not_answer_at_boot(node: Node, world: World) -> None:
    world.aws.silent.add("ssm")
    try:
        node.machine.reboot()
        failed = "failed: SSM Parameter Store in us-east-1 does not give the secrets"
        wait_for("it is told", lambda: failed in _told(node), 180)
        assert _state(node, "ActiveState") == "activating"  # systemd tries again
        assert node.health == {}
    finally:
        world.aws.silent.clear()
    submits(node, world)


def test_full_disk(node: Node, world: World) -> None:
    node.machine.run(
        "systemctl stop allora-care.timer;"  # it would make room
        "fallocate --length $(df --output=avail --block-size=1 / | tail -n 1) /var/filler || true;"
        "dd if=/dev/zero of=/var/filler-2 bs=4k status=none || true"
    )
    try:
        assert not node.machine.succeeds("head --bytes=1M /dev/zero > /var/probe && sync")
        submits(node, world)
    finally:
        node.machine.run("rm --force /var/filler /var/filler-2 /var/probe")
        node.machine.run("systemctl start allora-care.timer")
    node.machine.run("systemctl restart allora", timeout=180)
    submits(node, world)


def test_wrong_mnemonic(node: Node, world: World) -> None:
    world.deployment.client("ssm").put_parameter(
        Name="/allora/worker/mnemonic", Value=_WRONG_MNEMONIC, Type="SecureString", Overwrite=True
    )
    try:
        node.machine.run("! systemctl restart allora", timeout=600)
        told = _told(node)
        assert "no valid mnemonic" in told
        assert "pipenv run allora wallet import" in told
        assert "abandon abandon" not in told
    finally:
        set_secret(world.deployment, "mnemonic", world.wallet.words)
    submits(node, world)  # systemd and Docker try again by themselves


def test_wallet_without_funds(node: Node, world: World) -> None:
    world.chain.behave(balance=_POOR)
    try:
        nonce = world.chain.open_window()
        reason = wait_for("it is told", lambda: _topic(node)["reason"], 90)
        assert f"fund {world.wallet.address}" in reason
        assert world.chain.submission(nonce) is None
    finally:
        world.chain.behave(balance=_RICH)
    submits(node, world)


def _topic(node: Node) -> dict[str, Any]:
    health = node.health
    topic: dict[str, Any] = health["topics"][0] if health else {"state": None, "reason": None}
    return topic


def _state(node: Node, name: str) -> str:
    return node.machine.run(f"systemctl show --property {name} --value allora").strip()


def _told(node: Node) -> str:
    """What the service has said since the boot, on its own and through Docker."""
    return node.machine.run("journalctl --boot --no-pager --unit allora --output cat")
