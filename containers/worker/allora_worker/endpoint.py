"""One gRPC endpoint of the chain, and the connection to it."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from allora_sdk import AlloraNetworkConfig, AlloraRPCClient, AlloraWalletConfig
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetLatestBlockRequest
from cosmpy.aerial.wallet import Wallet
from grpclib.client import Channel
from grpclib.protocol import H2Protocol

from .chain_answers import Header, read_header
from .grpc_limits import limit_answers
from .http_answers import tell_http_from_grpc
from .timings import Timings
from .transactions import CheckedTransactions
from .urls import address_of, host_of
from .waiting import in_own_task

_SERVICES: Final = ("auth", "bank", "tendermint", "tx", "emissions", "feemarket")


class Endpoint:
    """A node, or what stands in front of several.

    Args:
        sdk: How the SDK reaches it.
        wallet: Signs the transactions.
        timings: Limits of a call.
    """

    def __init__(self, sdk: AlloraNetworkConfig, wallet: Wallet, timings: Timings) -> None:
        self.host = host_of(sdk.url)
        """Scheme, host and port, for people."""
        self.address = address_of(sdk.url)
        """Host and port, for people."""
        self.failed_at = -math.inf
        """When a call last failed, by `time.monotonic()`."""
        self.is_foreign = False
        """Whether it answered last that it belongs to another network."""
        self._sdk = sdk
        self._wallet = wallet
        self._timings = timings
        self._client: AlloraRPCClient | None = None
        self._draining: set[Channel] = set()
        self._is_closed = False

    @property
    def client(self) -> AlloraRPCClient:
        """The SDK's client, connected with the first call."""
        if self._client is None:
            self._client = self._connect()
        return self._client

    def disconnect(self) -> None:
        """Use a new connection for further calls; those in flight have until their deadline."""
        if self._client is None:
            return
        channel, self._client = self._client.grpc_client, None
        self._draining.add(channel)
        asyncio.get_running_loop().call_later(self._timings.chain_call, self._drained, channel)

    def close(self) -> None:
        """Close all connections, for good."""
        self._is_closed = True
        for channel in self._draining:
            channel.close()
        if self._client is not None:
            self._client.grpc_client.close()

    async def newest_block(self) -> Header:
        """Return the newest block's header."""
        call = self.client.tendermint.query.get_latest_block(GetLatestBlockRequest())
        return read_header(await in_own_task(call, self._timings.chain_call + 1))

    def _connect(self) -> AlloraRPCClient:
        client = AlloraRPCClient(wallet=AlloraWalletConfig(wallet=self._wallet), network=self._sdk)
        limit_answers(client.grpc_client)
        tell_http_from_grpc(client.grpc_client)
        self._close_late_connections(client.grpc_client)
        for service in _SERVICES:
            getattr(client, service).query.timeout = self._timings.chain_call
        client.tx_manager.tx_client = CheckedTransactions(client.tx.query)
        return client

    def _close_late_connections(self, channel: Channel) -> None:
        """Have calls fail that would connect after `close`.

        The SDK sends a transaction in a task of its own, which nobody can wait for or cancel.
        """
        create = channel._create_connection  # noqa: SLF001 - the SDK's channel

        async def create_until_closed() -> H2Protocol:
            protocol = await create()
            if self._is_closed:
                protocol.processor.close()
                raise ConnectionAbortedError("the worker has stopped")
            return protocol

        channel._create_connection = create_until_closed  # type: ignore[method-assign] # noqa: SLF001

    def _drained(self, channel: Channel) -> None:
        channel.close()
        self._draining.discard(channel)
        # A transaction that takes longer would open it again, and nobody would close it.
        channel.__connect__ = self._current_connection  # type: ignore[method-assign]

    async def _current_connection(self) -> H2Protocol:
        current: Channel = self.client.grpc_client
        return await current.__connect__()
