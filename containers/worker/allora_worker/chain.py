"""Client of the chain's endpoint, with a deadline for every call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from allora_sdk import AlloraRPCClient, AlloraWalletConfig
from allora_sdk.rpc_client.protos.cosmos.auth.v1beta1 import QueryAccountInfoRequest
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import QueryBalanceRequest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetLatestBlockRequest
from cosmpy.aerial.wallet import Wallet
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError
from grpclib.protocol import H2Protocol

from . import reports
from .block_clock import BlockClock
from .chain_answers import (
    read_balance,
    read_header,
    read_inference_nonce,
    read_reputer_nonces,
    read_sequence,
    read_topic,
    read_worker_nonces,
)
from .contract import Role
from .errors import ChainUnavailableError, RefusedError, SdkRefusedError, one_line, shorten
from .event_names import Event
from .grpc_limits import limit_answers
from .money import allo
from .networks import Network
from .timings import Timings
from .transactions import CheckedTransactions
from .unreachable import explain
from .urls import address_of, host_of
from .waiting import in_own_task
from .windows import Topic

T = TypeVar("T")

# Raised when a call does not reach a working node; TimeoutError is an OSError.
_UNREACHABLE: Final = (OSError, StreamTerminatedError, ProtocolError)
_FAILING: Final = {
    Status.UNAVAILABLE,
    Status.DEADLINE_EXCEEDED,
    Status.CANCELLED,
    Status.RESOURCE_EXHAUSTED,
    Status.INTERNAL,
}
_FAILURES_UNTIL_NEW_CLIENT: Final = 3

# The SDK wants this much before it sends anything: 300,000 gas at its highest fee tier
# (_pre_flight_checks of allora_sdk/rpc_client/tx_manager.py).
_FEE_GAS: Final = 300_000
_FEE_TIER: Final = 2.5


class Chain:
    """The chain's endpoint, which may fail and recover at any time."""

    def __init__(
        self, network: Network, wallet: Wallet, clock: BlockClock, timings: Timings
    ) -> None:
        self.network = network
        self.address = str(wallet.address())
        self._endpoint = address_of(network.sdk.url)
        self._wallet = wallet
        self._clock = clock
        self._timings = timings
        self._failed_in_a_row = 0
        self._draining: set[Channel] = set()
        self._connect()

    def _connect(self) -> None:
        self.client = AlloraRPCClient(
            wallet=AlloraWalletConfig(wallet=self._wallet), network=self.network.sdk
        )
        limit_answers(self.client.grpc_client)
        # The SDK chooses the version of the chain's messages.
        self.messages: Any = sys.modules[type(self.client.emissions.query).__module__]
        for part in ("auth", "bank", "tendermint", "tx", "emissions", "feemarket"):
            getattr(self.client, part).query.timeout = self._timings.chain_call
        self.transactions = CheckedTransactions(self.client.tx.query)
        self.client.tx_manager.tx_client = self.transactions

    def _reconnect(self) -> None:
        """Open a new connection for further calls; those in flight have until their deadline."""
        channel = self.client.grpc_client
        self._draining.add(channel)
        asyncio.get_running_loop().call_later(self._timings.chain_call, self._drained, channel)
        self._connect()

    def _drained(self, channel: Channel) -> None:
        channel.close()
        self._draining.discard(channel)
        # A transaction that takes longer would open it again, and nobody would close it.
        channel.__connect__ = self._current_connection  # type: ignore[method-assign]

    async def _current_connection(self) -> H2Protocol:
        current: Channel = self.client.grpc_client
        return await current.__connect__()

    def close(self) -> None:
        """Close all connections."""
        for channel in (*self._draining, self.client.grpc_client):
            channel.close()

    def event_type(self, role: Role) -> str:
        """Return the type of the event that opens a window for a role."""
        actor = "Reputer" if role is Role.REPUTER else "Worker"
        return self._event(f"{actor}SubmissionWindowOpened")

    @property
    def rewards_event_type(self) -> str:
        """The type of the event of rewards that were paid."""
        return self._event("RewardsSettled")

    def _event(self, name: str) -> str:
        module: str = self.messages.__name__
        _, _, package = module.partition(".protos.")
        return f"{package}.Event{name}"

    async def ask(self, call: Awaitable[Any], read: Callable[[Any], T]) -> T:
        """Await a call of `client`, and return what `read` extracts from its answer.

        Raises:
            SdkRefusedError: The network does not support the SDK's version of its protocol.
            ChainUnavailableError: The endpoint failed, or its answer cannot be read.
            GRPCError: The node answered with another status.
        """
        try:
            # Beyond the deadline of each stub, for what the SDK puts around the call.
            result = read(await in_own_task(call, self._timings.chain_call + 1))
        except Exception as error:
            meaning = self.translate(error)
            if meaning is error and not isinstance(error, GRPCError):
                meaning = ChainUnavailableError(
                    f"{self._endpoint} answers nonsense: {one_line(error)}"
                )
            if isinstance(meaning, ChainUnavailableError):
                self.note_failure(str(meaning))
            if meaning is error:
                raise
            raise meaning from error
        self.note_success()
        return result

    def translate(self, error: Exception) -> Exception:
        """Return the SdkRefusedError or ChainUnavailableError that an error means, or the error."""
        if isinstance(error, GRPCError):
            if error.status is Status.UNIMPLEMENTED:
                return SdkRefusedError(
                    f"the network does not support this SDK's protocol ({_message(error)}); set "
                    "ALLORA_SDK_VERSION to a version of the SDK that does, and build again"
                )
            if error.status in _FAILING:
                return ChainUnavailableError(
                    f"{self._endpoint} answers {error.status.name}: {_message(error)}"
                )
        if isinstance(error, _UNREACHABLE):
            return ChainUnavailableError(explain(error, self._endpoint))
        return error

    def note_failure(self, reason: str) -> None:
        """Record a call that failed, and reconnect after several; the reason names the endpoint."""
        self._failed_in_a_row += 1
        if self._failed_in_a_row == 1:
            reports.warning(Event.CHAIN_UNAVAILABLE, f"the chain's endpoint fails: {reason}")
        if self._failed_in_a_row % _FAILURES_UNTIL_NEW_CLIENT == 0:
            self._reconnect()

    def note_success(self) -> None:
        """Record a call that was answered."""
        if self._failed_in_a_row:
            message = f"the chain's endpoint {host_of(self.network.sdk.url)} works"
            reports.info(Event.CHAIN_AVAILABLE, message, failures=self._failed_in_a_row)
            self._failed_in_a_row = 0

    # --- queries

    async def check_chain_id(self) -> None:
        """Raise `RefusedError` if the endpoint belongs to another network."""
        chain_id = await self.ask(self.client.chain_id(), shorten)
        if chain_id != self.network.sdk.chain_id:
            raise RefusedError(
                f"{host_of(self.network.sdk.url)} belongs to the chain {chain_id!r}, not to "
                f"{self.network.sdk.chain_id!r}; correct ALLORA_NETWORK or ALLORA_GRPC_URL"
            )

    async def topic(self, topic_id: int) -> Topic:
        """Return a topic, or raise `RefusedError` if there is none."""
        request = self.messages.GetTopicRequest(topic_id=topic_id)
        try:
            topic = await self.ask(
                self.client.emissions.query.get_topic(request),
                lambda answer: answer.topic and read_topic(topic_id, answer.topic),
            )
        except GRPCError as error:
            raise _no_topic(topic_id, error.message or error.status.name) from error
        if topic is None:
            raise _no_topic(topic_id, "it answers nothing")
        return topic

    async def poll_height(self) -> int:
        """Set the clock by the newest block, and return its height."""
        call = self.client.tendermint.query.get_latest_block(GetLatestBlockRequest())
        height, time = await self.ask(call, read_header)
        self._clock.observe(height, time)
        return height

    async def unfulfilled_nonces(self, role: Role, topic_id: int) -> list[int]:
        """Return the nonces that await submissions, whether their windows are open or not."""
        query = self.client.emissions.query
        if role is Role.REPUTER:
            request = self.messages.GetUnfulfilledReputerNoncesRequest(topic_id=topic_id)
            return await self.ask(
                query.get_unfulfilled_reputer_nonces(request), read_reputer_nonces
            )
        request = self.messages.GetUnfulfilledWorkerNoncesRequest(topic_id=topic_id)
        return await self.ask(query.get_unfulfilled_worker_nonces(request), read_worker_nonces)

    async def newest_inference(self, topic_id: int) -> int | None:
        """Return the nonce of the wallet's newest inference in a topic, or None."""
        request = self.messages.GetWorkerLatestInputInferenceByTopicIdRequest(
            topic_id=topic_id, worker_address=self.address
        )
        query = self.client.emissions.query
        return await self.ask(
            query.get_worker_latest_input_inference_by_topic_id(request), read_inference_nonce
        )

    async def account_sequence(self) -> int:
        """Return the sequence of the account's next transaction."""
        request = QueryAccountInfoRequest(address=self.address)
        return await self.ask(self.client.auth.query.account_info(request), read_sequence)

    async def balance(self) -> int:
        """Return the wallet's balance in uallo."""
        request = QueryBalanceRequest(address=self.address, denom=self.network.sdk.fee_denom)
        return await self.ask(self.client.bank.query.balance(request), read_balance)

    @property
    def needed_balance(self) -> int:
        """The balance in uallo that the SDK requires for a transaction."""
        return int(_FEE_GAS * self.network.sdk.fee_minimum_gas_price * _FEE_TIER)

    def unfunded(self, balance: int | None = None) -> RefusedError:
        """Return the error for a wallet with too little for a transaction."""
        has = "too little" if balance is None else f"{allo(balance):g} ALLO"
        return RefusedError(
            f"the wallet has {has}, and a transaction needs {allo(self.needed_balance):g} ALLO; "
            f"fund {self.address} {self.network.funding}"
        )


def _message(error: GRPCError) -> str:
    return shorten(str(error.message))


def _no_topic(topic_id: int, answer: str) -> RefusedError:
    return RefusedError(
        f"the chain knows no topic {topic_id} ({shorten(answer)}); correct ALLORA_WORKER_TOPIC_ID"
    )
