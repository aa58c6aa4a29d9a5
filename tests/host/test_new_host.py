"""A new host takes the place of the old one: another disk, the same wallet."""

from __future__ import annotations

from dataclasses import replace

from tests.host.node import Node
from tests.host.test_failures import submits
from tests.host.world import World, instance


def test_new_host_works_with_the_same_wallet(node: Node, world: World) -> None:
    node.machine.terminate()
    registered = world.chain.state["registered"]
    earlier = len(world.chain.submissions)
    machine = world.launch(replace(instance(world.deployment), id="i-0fedcba9876543210"))
    new = Node(machine)
    new.wait_until_ready()
    submission = submits(new, world)
    assert submission["address"] == world.wallet.address
    assert new.health["address"] == world.wallet.address
    assert world.chain.state["registered"] == registered
    assert len(world.chain.submissions) == earlier + 1
