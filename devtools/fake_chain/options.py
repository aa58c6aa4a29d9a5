"""What is fixed while a fake chain runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class Timing:
    """The durations of a topic, in blocks or in seconds.

    Attributes:
        epoch: From one worker window's opening to the next; 0: windows open on demand alone.
        window: From a worker window's opening to its last moment.
        lag: From a worker window's opening until the truth is known.
    """

    epoch: int
    window: int
    lag: int

    def __post_init__(self) -> None:
        if self.window < 1:
            raise ValueError("a window must last at least one block")
        if self.epoch and self.epoch < self.window:
            raise ValueError("an epoch must last at least as long as a window, or be 0")
        if self.epoch and self.lag < self.window:
            raise ValueError("the truth must not be known while the workers' window is open")


@dataclass(frozen=True)
class Options:
    """Where a fake chain listens, and how its time passes.

    Attributes:
        bind: Address of all ports. They have no access control.
        grpc_port: 0 takes any free port, as for the others.
        websocket_port: Port of the CometBFT websocket, at the path `/websocket`.
        rest_port: Port of the REST interface.
        control_port: Port of the HTTP interface that is no part of a real node.
        chain_id: The network's name, which a transaction's signature covers.
        topics: Ids of the topics that exist.
        block_seconds: Time between two blocks, in seconds.
        window_blocks: A window that opens in block N takes submissions up to block N + this.
        epoch_blocks: A worker window opens in each topic every so many blocks. 0: windows open on
            demand alone.
        lag_blocks: So many blocks after a worker window's opening, the truth is known and
            reputers may submit. None: an epoch.
        timings: Other durations, by topic.
        aligned_reputers: Whether reputers' windows open only with an epoch's end, and so do not
            overlap: https://github.com/allora-network/allora-chain/pull/993.
        reputer_nonces: So many nonces may wait for reputers in a topic; the oldest are dropped
            (max_unfulfilled_reputer_requests).
        durations: What all those durations count. Seconds are not on the network yet:
            https://github.com/allora-network/allora-chain/pull/976.
    """

    bind: str = "127.0.0.1"
    grpc_port: int = 0
    websocket_port: int = 0
    rest_port: int = 0
    control_port: int = 0
    chain_id: str = "localnet"
    topics: tuple[int, ...] = (69,)
    block_seconds: float = 1.0
    window_blocks: int = 12
    epoch_blocks: int = 0
    lag_blocks: int | None = None
    timings: Mapping[int, Timing] = field(default_factory=dict)
    aligned_reputers: bool = False
    reputer_nonces: int = 100
    durations: Literal["blocks", "seconds"] = "blocks"

    def __post_init__(self) -> None:
        if not self.topics:
            raise ValueError("at least one topic is needed")
        if self.block_seconds <= 0:
            raise ValueError("the time between blocks must be above 0 seconds")
        if self.reputer_nonces < 1:
            raise ValueError("at least one nonce must be able to wait for reputers")
        if unknown := set(self.timings) - set(self.topics):
            raise ValueError(f"there are timings for {sorted(unknown)}, which are no topics")
        self.timing(self.topics[0])

    def timing(self, topic: int) -> Timing:
        """Return the durations of a topic."""
        lag = self.lag_blocks
        usual = self.epoch_blocks or self.window_blocks
        return self.timings.get(topic) or Timing(
            self.epoch_blocks, self.window_blocks, usual if lag is None else lag
        )
