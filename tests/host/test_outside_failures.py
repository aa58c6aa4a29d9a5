"""Model, chain or wallet fail; the worker says why, and submits as soon as it can."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.host.node import Node
from tests.host.submitting import submits, submitted
from tests.host.waiting import wait_for
from tests.host.world import World

_MODEL_VALUE = "12345.5"
# What one transaction costs at least, in uallo (10^-18 ALLO), and what the wallet then has.
_POOR, _RICH = "10", "1000000000000000000000"
# Five attempts of the worker's, which pauses for 1, 2, 4 and 8 seconds between them.
_OUTAGE_SECONDS = 20


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


def test_chain_is_gone(node: Node, world: World) -> None:
    worker = node.process("worker")
    world.chain.behave(refuse=True)
    try:
        wait_for("it is told", lambda: _topic(node)["state"] == "chain_unavailable", 60)
        assert _topic(node)["reason"]
        told_at = time.monotonic()
        wait_for(
            "it has tried again and again",
            lambda: time.monotonic() > told_at + _OUTAGE_SECONDS,
            _OUTAGE_SECONDS + 5,
        )
        assert _topic(node)["state"] == "chain_unavailable"
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


def test_wallet_without_funds(node: Node, world: World) -> None:
    world.chain.behave(balance=_POOR)
    try:
        nonce = world.chain.open_window()
        remedy = f"fund {world.wallet.address}"
        wait_for("it is told", lambda: remedy in (_topic(node)["reason"] or ""), 90)
        # It looks each minute, and then more often: it goes on as soon as there is enough.
        wait_for("it has looked at the balance", lambda: node.reported("balance_low"), 90)
        assert world.chain.submission(nonce) is None
    finally:
        world.chain.behave(balance=_RICH)
    submits(node, world)


def _topic(node: Node) -> dict[str, Any]:
    health = node.health
    topic: dict[str, Any] = health["topics"][0] if health else {"state": None, "reason": None}
    return topic
