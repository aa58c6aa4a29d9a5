"""Checks that a worker submits."""

from __future__ import annotations

from typing import Any

from tests.host.node import Node
from tests.host.waiting import wait_for
from tests.host.world import World


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
