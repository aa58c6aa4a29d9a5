"""What is fixed while a fake chain runs."""

from __future__ import annotations

from dataclasses import dataclass


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
        epoch_blocks: A worker window opens in each topic every so many blocks, and the reputer
            window of an epoch when its worker window has closed. 0: windows open on demand alone.
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

    def __post_init__(self) -> None:
        if not self.topics:
            raise ValueError("at least one topic is needed")
        if self.block_seconds <= 0:
            raise ValueError("the time between blocks must be above 0 seconds")
        if self.window_blocks < 1:
            raise ValueError("a window must last at least one block")
        if self.epoch_blocks and self.epoch_blocks < self.window_blocks:
            raise ValueError("an epoch must last at least as long as a window, or be 0")
