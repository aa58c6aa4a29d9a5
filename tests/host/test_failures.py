"""Something fails on the host; the worker submits again, with the same wallet.

Where it cannot, it says why, and goes on as soon as it can. Each test mends what it has broken.
"""

from __future__ import annotations

import json

import pytest

from tests.host.cloud import HOST_ADDRESS
from tests.host.node import Node
from tests.host.submitting import submits
from tests.host.waiting import wait_for
from tests.host.world import World, set_secret

# "abandon" is the first word of the list; twelve of them have a wrong checksum.
_WRONG_MNEMONIC = " ".join(["abandon"] * 12)


@pytest.fixture(autouse=True)
def _started(node: Node) -> None:
    """Wait until allora.service has nothing left to do: it may still watch what it has started."""
    wait_for("allora.service is up", lambda: _state(node, "ActiveState") == "active", 120)


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
    targets = [("worker", 9010), (HOST_ADDRESS, 9010), ("169.254.169.254", 80)]
    assert node.connections("model", *targets) == ["silence"] * len(targets)


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

    def added() -> str:
        return node.machine.run("cat /var/log/allora/install.log").removeprefix(log)

    wait_for("it is installed again", lambda: "allora: ready" in added(), 180)
    assert "Setting up" not in added()  # no package was installed
    assert {service: node.container(service)["Image"] for service in before} == before
    submits(node, world)


def test_ssm_does_not_answer_at_boot(node: Node, world: World) -> None:
    world.aws.silent.add("ssm")
    try:
        node.machine.reboot()
        failed = '"needs_operator": false, "message": "SSM Parameter Store in us-east-1 does not'
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
        assert "allora wallet import" in told
        assert "abandon abandon" not in told
    finally:
        set_secret(world.deployment, "mnemonic", world.wallet.words)
    submits(node, world)  # systemd and Docker try again by themselves


def _state(node: Node, name: str) -> str:
    return node.machine.run(f"systemctl show --property {name} --value allora").strip()


def _told(node: Node) -> str:
    """What the service has said since the boot, on its own and through Docker."""
    return node.machine.run("journalctl --boot --no-pager --unit allora --output cat")
