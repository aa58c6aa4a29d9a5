"""Client of the chain, with a deadline for every call."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from allora_sdk import AlloraRPCClient
from allora_sdk.rpc_client.protos.cosmos.auth.v1beta1 import QueryAccountInfoRequest
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import QueryBalanceRequest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetLatestBlockRequest
from allora_sdk.rpc_client.protos.cosmos.tx.v1beta1 import GetTxRequest
from cosmpy.aerial.wallet import Wallet
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from .block_clock import BlockClock
from .chain_answers import (
    Header,
    read_balance,
    read_header,
    read_inference_nonce,
    read_reputer_nonces,
    read_scored_nonce,
    read_sequence,
    read_topic,
    read_window,
    read_worker_nonces,
)
from .contract import Role
from .endpoint import Endpoint
from .errors import ChainUnavailableError, RefusedError, SdkRefusedError, one_line, shorten
from .failover import Endpoints, Failover, newest_of, seconds_behind
from .http_answers import HttpAnswerError
from .money import allo
from .networks import Network
from .timings import Timings
from .transactions import set_timeout_heights
from .unreachable import explain
from .waiting import in_own_task
from .windows import Topic, Window

T = TypeVar("T")

UNANSWERED: Final = (ChainUnavailableError, RefusedError, GRPCError)
"""What a query raises that the endpoint does not answer, or answers with nonsense."""

# Raised when a call does not reach a working node; TimeoutError is an OSError.
_UNREACHABLE: Final = (OSError, StreamTerminatedError, ProtocolError, HttpAnswerError)
_FAILING: Final = {
    Status.UNAVAILABLE,
    Status.DEADLINE_EXCEEDED,
    Status.CANCELLED,
    Status.RESOURCE_EXHAUSTED,
    Status.INTERNAL,
}

# The SDK wants this much before it sends anything: 300,000 gas at its highest fee tier
# (_pre_flight_checks of allora_sdk/rpc_client/tx_manager.py).
_FEE_GAS: Final = 300_000
_FEE_TIER: Final = 2.5


class Chain:
    """The chain, at endpoints that may fail and recover at any time.

    Args:
        network: The network that it is, and its endpoints.
        wallet: Signs the transactions.
        clock: Learns of each block.
        timings: Limits and intervals.
        on_endpoint: Called with the host of the endpoint in use, when another one is.
    """

    def __init__(
        self,
        network: Network,
        wallet: Wallet,
        clock: BlockClock,
        timings: Timings,
        on_endpoint: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.network = network
        self.address = str(wallet.address())
        self._clock = clock
        self._timings = timings
        self._newest: Header | None = None
        set_timeout_heights()
        self._endpoints = Endpoints(
            [Endpoint(sdk, wallet, timings) for sdk in network.endpoints],
            on_change=lambda endpoint: on_endpoint(endpoint.host),
        )
        self.failover = Failover(self._endpoints, network.sdk.chain_id, timings)
        # The SDK chooses the version of the chain's messages.
        self.messages: Any = sys.modules[type(self.client.emissions.query).__module__]

    @property
    def endpoint(self) -> Endpoint:
        """The endpoint in use."""
        return self._endpoints.current

    @property
    def client(self) -> AlloraRPCClient:
        """The SDK's client of the endpoint in use."""
        return self.endpoint.client

    def close(self) -> None:
        """Close all connections."""
        self._endpoints.close()

    def event_type(self, role: Role) -> str:
        """Return the type of the event that opens a window for a role."""
        return self._event(f"{side_of(role)}SubmissionWindowOpened")

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
        endpoint = self.endpoint
        try:
            # Beyond the deadline of each stub, for what the SDK puts around the call.
            result = read(await in_own_task(call, self._timings.chain_call + 1))
        except Exception as error:
            meaning = self.translate(error, endpoint)
            if meaning is error and not isinstance(error, GRPCError):
                meaning = ChainUnavailableError(
                    f"{endpoint.address} answers nonsense: {one_line(error)}"
                )
            if isinstance(meaning, ChainUnavailableError):
                self.note_failure(str(meaning), endpoint)
            if meaning is error:
                raise
            raise meaning from error
        self.note_success()
        return result

    async def query(self, name: str, read: Callable[[Any], T], **fields: object) -> T:
        """Return what `read` extracts from an answer of the chain's own module, emissions.

        Args:
            name: Of the query, as in `Topic` for `GetTopic`.
            read: Reads the answer.
            fields: Of the request.

        Raises:
            SdkRefusedError, ChainUnavailableError, GRPCError: As `ask`.
        """
        request = getattr(self.messages, f"Get{name}Request")(**fields)
        method = re.sub("([A-Z])", r"_\1", f"Get{name}").lower()[1:]
        return await self.ask(getattr(self.client.emissions.query, method)(request), read)

    def translate(self, error: Exception, endpoint: Endpoint) -> Exception:
        """Return the SdkRefusedError or ChainUnavailableError that an error means, or the error.

        Args:
            error: Of a call.
            endpoint: Which was called.
        """
        if isinstance(error, GRPCError):
            if error.status is Status.UNIMPLEMENTED:
                return SdkRefusedError(
                    f"the network does not support this SDK's protocol ({_message(error)}); set "
                    "ALLORA_SDK_VERSION to a version of the SDK that does, and build again"
                )
            if error.status in _FAILING:
                return ChainUnavailableError(
                    f"{endpoint.address} answers {error.status.name}: {_message(error)}"
                )
        if isinstance(error, _UNREACHABLE):
            return ChainUnavailableError(explain(error, endpoint.address))
        return error

    def note_failure(self, reason: str, endpoint: Endpoint) -> None:
        """Record a call that failed; the reason names the endpoint that was called."""
        self._endpoints.failed(endpoint, reason)

    def note_success(self) -> None:
        """Record a call that was answered."""
        self._endpoints.works()

    # --- queries

    async def check_chain_id(self) -> None:
        """Raise an error if the endpoint belongs to another network.

        Raises:
            RefusedError: All endpoints do.
            ChainUnavailableError: Another endpoint is asked next, which may not.
        """
        endpoint = self.endpoint
        self._check_chain_id(endpoint, await self.ask(self.client.chain_id(), shorten))

    def _check_chain_id(self, endpoint: Endpoint, chain_id: str) -> None:
        expected = self.network.sdk.chain_id
        endpoint.is_foreign = chain_id != expected
        if not endpoint.is_foreign:
            return
        reason = f"{endpoint.host} belongs to the chain {chain_id!r}, not to {expected!r}"
        if self._endpoints.are_foreign:
            raise RefusedError(f"{reason}; correct ALLORA_NETWORK or ALLORA_GRPC_URL")
        self.note_failure(reason, endpoint)
        raise ChainUnavailableError(reason)

    async def topic(self, topic_id: int) -> Topic:
        """Return a topic, or raise `RefusedError` if there is none."""
        try:
            topic = await self.query(
                "Topic",
                lambda answer: answer.topic and read_topic(topic_id, answer.topic),
                topic_id=topic_id,
            )
        except GRPCError as error:
            raise _no_topic(topic_id, error.message or error.status.name) from error
        if topic is None:
            raise _no_topic(topic_id, "it answers nothing")
        return topic

    async def poll_height(self) -> int:
        """Set the clock by the newest block, and return its height."""
        endpoint = self.endpoint
        call = self.client.tendermint.query.get_latest_block(GetLatestBlockRequest())
        header = await self.ask(call, read_header)
        self._check_chain_id(endpoint, header.chain_id)
        self._check_is_new(endpoint, header)
        self._clock.observe(header.height, header.time)
        return header.height

    def _check_is_new(self, endpoint: Endpoint, header: Header) -> None:
        """Raise an error if another endpoint knew newer blocks before."""
        behind = seconds_behind(header, self._newest)
        if self._endpoints.are_several and behind > self._timings.endpoint_behind:
            reason = f"{endpoint.address} is {behind:.0f} s behind"
            self.note_failure(reason, endpoint)
            raise ChainUnavailableError(reason)
        self._newest = newest_of([header])

    async def transaction(self, tx_hash: str) -> Any | None:  # noqa: ANN401
        """Return a transaction's result, or None as long as it is in no block."""
        call = self.client.tx.query.get_tx(GetTxRequest(hash=tx_hash))
        try:
            return await self.ask(call, lambda answer: answer.tx_response)
        except GRPCError as error:
            if error.status is Status.NOT_FOUND:
                return None
            raise

    async def open_nonces(self, role: Role, topic_id: int) -> list[int]:
        """Return the nonces whose windows are open for a role, the oldest first."""
        read = read_reputer_nonces if role is Role.REPUTER else read_worker_nonces
        return await self.query(f"Open{side_of(role)}SubmissionWindows", read, topic_id=topic_id)

    async def newest_window(self, role: Role, topic_id: int) -> Window | None:
        """Return the newest window that is open for a role, or None."""
        name = f"{side_of(role)}SubmissionWindowStatus"
        return await self.query(name, read_window, topic_id=topic_id, address=self.address)

    async def newest_submission(self, role: Role, topic_id: int) -> int | None:
        """Return the nonce of the wallet's newest submission in a topic, or None.

        The height of its score: the chain sets it at each submission, whether that counts or not
        (AppendReputerLoss and PlanInferenceAdmission in x/emissions/keeper of
        https://github.com/allora-network/allora-chain).
        """
        name, about = score_of(role, self.address)
        return await self.query(name, read_scored_nonce, topic_id=topic_id, **about)

    async def newest_inference(self, topic_id: int) -> int | None:
        """Return the nonce of the wallet's newest inference in a topic, or None."""
        return await self.query(
            "WorkerLatestInputInferenceByTopicId",
            read_inference_nonce,
            topic_id=topic_id,
            worker_address=self.address,
        )

    async def account_sequence(self) -> int:
        """Return the sequence of the account's next transaction."""
        request = QueryAccountInfoRequest(address=self.address)
        return await self.ask(self.client.auth.query.account_info(request), read_sequence)

    async def balance(self) -> int:
        """Return the wallet's balance in uallo."""
        request = QueryBalanceRequest(address=self.address, denom=self.network.sdk.fee_denom)
        return await self.ask(self.client.bank.query.balance(request), read_balance)

    def height_in(self, seconds: float) -> int:
        """Return the height that the chain should have after some seconds."""
        return self._clock.height + math.ceil(seconds / self._clock.block_seconds)

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


def side_of(role: Role) -> str:
    """Return how the chain calls a role where inferers and forecasters are the same to it."""
    return "Reputer" if role is Role.REPUTER else "Worker"


def score_of(role: Role, address: str) -> tuple[str, dict[str, str]]:
    """Return the query of the average of somebody's scores, and its field with the address."""
    return f"{role.title()}ScoreEma", {role.value: address}


def _message(error: GRPCError) -> str:
    return shorten(str(error.message))


def _no_topic(topic_id: int, answer: str) -> RefusedError:
    return RefusedError(
        f"the chain knows no topic {topic_id} ({shorten(answer)}); correct ALLORA_WORKER_TOPIC_ID"
    )
