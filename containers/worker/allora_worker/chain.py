"""Client of the chain's endpoint, with a deadline for every call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

from allora_sdk import AlloraRPCClient, AlloraWalletConfig
from allora_sdk.rpc_client.protos.cosmos.auth.v1beta1 import QueryAccountInfoRequest
from allora_sdk.rpc_client.protos.cosmos.bank.v1beta1 import QueryBalanceRequest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetLatestBlockRequest
from cosmpy.aerial.wallet import Wallet
from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

from . import reports
from .block_clock import BlockClock
from .contract import Role
from .errors import ChainUnavailableError, RefusedError, SdkRefusedError, one_line, shorten
from .event_names import Event
from .grpc_limits import limit_answers
from .money import allo
from .networks import Network
from .timings import Timings
from .transactions import CheckedTransactions
from .urls import host_of
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

# More than this is a fault of the endpoint.
_MAX_BLOCKS: Final = 10_000_000  # of an epoch: nearly two years
_MAX_UALLO: Final = 2**256  # https://pkg.go.dev/cosmossdk.io/math#Int

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
        self.failures = 0
        """Failed calls that are not in the metric yet."""
        self.problem: str | None = None
        """Why the endpoint does not work; None when it does."""
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

    def close(self) -> None:
        """Close all connections."""
        for channel in (*self._draining, self.client.grpc_client):
            channel.close()

    def event_type(self, role: Role) -> str:
        """Return the type of the event that opens a window for a role."""
        module: str = self.messages.__name__
        _, _, package = module.partition(".protos.")
        actor = "Reputer" if role is Role.REPUTER else "Worker"
        return f"{package}.Event{actor}SubmissionWindowOpened"

    async def call(
        self, ask: Callable[[AlloraRPCClient], Awaitable[Any]], read: Callable[[Any], T]
    ) -> T:
        """Call the chain, and return what `read` extracts from its answer.

        Raises:
            SdkRefusedError: The network does not support the SDK's version of its protocol.
            ChainUnavailableError: The endpoint failed, or its answer cannot be read.
            GRPCError: The node answered with another status.
        """
        try:
            # Beyond the deadline of each stub, for what the SDK puts around the call.
            answer = await in_own_task(ask(self.client), self._timings.chain_call + 1)
            result = read(answer)
        except Exception as error:
            meaning = translate(error)
            if meaning is error and not isinstance(error, GRPCError):
                meaning = ChainUnavailableError(f"it answers nonsense: {one_line(error)}")
            if isinstance(meaning, ChainUnavailableError):
                self.note_failure(str(meaning))
            if meaning is error:
                raise
            raise meaning from error
        self.note_success()
        return result

    def note_failure(self, reason: str) -> None:
        """Record a call that failed, and reconnect after several."""
        self.failures += 1
        self._failed_in_a_row += 1
        if self.problem is None:
            self.problem = f"{host_of(self.network.sdk.url)} fails: {reason}"
            reports.warning(Event.CHAIN_UNAVAILABLE, f"the chain's endpoint {self.problem}")
        if self._failed_in_a_row % _FAILURES_UNTIL_NEW_CLIENT == 0:
            self._reconnect()

    def note_success(self) -> None:
        """Record a call that was answered."""
        self._failed_in_a_row = 0
        if self.problem is not None:
            self.problem = None
            reports.info(
                Event.CHAIN_AVAILABLE, f"the chain's endpoint {host_of(self.network.sdk.url)} works"
            )

    # --- queries

    async def check_chain_id(self) -> None:
        """Raise `RefusedError` if the endpoint belongs to another network."""
        chain_id = await self.call(lambda client: client.chain_id(), shorten)
        if chain_id != self.network.sdk.chain_id:
            raise RefusedError(
                f"{host_of(self.network.sdk.url)} belongs to the chain {chain_id!r}, not to "
                f"{self.network.sdk.chain_id!r}; correct ALLORA_NETWORK or ALLORA_GRPC_URL"
            )

    async def topic(self, topic_id: int) -> Topic:
        """Return a topic, or raise `RefusedError` if there is none."""
        request = self.messages.GetTopicRequest(topic_id=topic_id)
        try:
            topic = await self.call(
                lambda client: client.emissions.query.get_topic(request),
                lambda answer: answer.topic and _read_topic(topic_id, answer.topic),
            )
        except GRPCError as error:
            raise _no_topic(topic_id, error.message or error.status.name) from error
        if topic is None:
            raise _no_topic(topic_id, "it answers nothing")
        return topic

    async def poll_height(self) -> int:
        """Set the clock by the newest block, and return its height."""
        request = GetLatestBlockRequest()
        height, time = await self.call(
            lambda client: client.tendermint.query.get_latest_block(request), _read_header
        )
        self._clock.observe(height, time)
        return height

    async def unfulfilled_nonces(self, role: Role, topic_id: int) -> list[int]:
        """Return the nonces that await submissions, whether their windows are open or not."""
        if role is Role.REPUTER:
            request = self.messages.GetUnfulfilledReputerNoncesRequest(topic_id=topic_id)
            return await self.call(
                lambda client: client.emissions.query.get_unfulfilled_reputer_nonces(request),
                lambda answer: _read_nonces(each.reputer_nonce for each in _listed(answer)),
            )
        request = self.messages.GetUnfulfilledWorkerNoncesRequest(topic_id=topic_id)
        return await self.call(
            lambda client: client.emissions.query.get_unfulfilled_worker_nonces(request),
            lambda answer: _read_nonces(_listed(answer)),
        )

    async def newest_inference(self, topic_id: int) -> int | None:
        """Return the nonce of the wallet's newest inference in a topic, or None."""
        request = self.messages.GetWorkerLatestInputInferenceByTopicIdRequest(
            topic_id=topic_id, worker_address=self.address
        )
        return await self.call(
            lambda client: client.emissions.query.get_worker_latest_input_inference_by_topic_id(
                request
            ),
            lambda answer: (
                answer.latest_input_inference and int(answer.latest_input_inference.block_height)
            ),
        )

    async def account_sequence(self) -> int:
        """Return the sequence of the account's next transaction."""
        request = QueryAccountInfoRequest(address=self.address)
        return await self.call(
            lambda client: client.auth.query.account_info(request),
            lambda answer: int(answer.info.sequence),
        )

    async def balance(self) -> int:
        """Return the wallet's balance in uallo."""
        request = QueryBalanceRequest(address=self.address, denom=self.network.sdk.fee_denom)
        return await self.call(
            lambda client: client.bank.query.balance(request),
            lambda answer: _within(0, int(answer.balance.amount), _MAX_UALLO),
        )

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


async def in_own_task(call: Awaitable[T], seconds: float) -> T:
    """Await a call of the SDK in a task of its own, or raise `TimeoutError` after some seconds.

    grpclib cancels the task of a call that fails or takes too long, and never uncancels it. Before
    Python 3.11.3 `asyncio.timeout` does not work in such a task.
    """
    async with asyncio.timeout(seconds):
        return await asyncio.ensure_future(call)


def translate(error: Exception) -> Exception:
    """Return the SdkRefusedError or ChainUnavailableError that an error means, or the error."""
    if isinstance(error, GRPCError):
        if error.status is Status.UNIMPLEMENTED:
            return SdkRefusedError(
                f"the network does not support this SDK's protocol ({_message(error)}); set "
                "ALLORA_SDK_VERSION to a version of the SDK that does, and build again"
            )
        if error.status in _FAILING:
            return ChainUnavailableError(f"{error.status.name} {_message(error)}")
    if isinstance(error, TimeoutError):
        return ChainUnavailableError("it does not answer")
    if isinstance(error, _UNREACHABLE):
        return ChainUnavailableError(one_line(error))
    return error


def _message(error: GRPCError) -> str:
    return shorten(str(error.message))


def _no_topic(topic_id: int, answer: str) -> RefusedError:
    return RefusedError(
        f"the chain knows no topic {topic_id} ({shorten(answer)}); correct ALLORA_WORKER_TOPIC_ID"
    )


# --- answers, which are not trusted


def _within(least: int, number: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(f"{number} is not between {least} and {most}")
    return number


def _read_topic(topic_id: int, topic: Any) -> Topic:  # noqa: ANN401 - the SDK has no types for it
    arity = getattr(topic, "output_arity", None)
    return Topic(
        topic_id=topic_id,
        name=shorten(topic.metadata),
        loss_method=shorten(topic.loss_method),
        epoch_length=_within(1, topic.epoch_length, _MAX_BLOCKS),
        ground_truth_lag=_within(0, topic.ground_truth_lag, _MAX_BLOCKS),
        submission_window=_within(0, topic.worker_submission_window, _MAX_BLOCKS),
        takes_scalar=arity is None or arity.name != "MULTI",
    )


def _read_header(answer: Any) -> tuple[int, datetime]:  # noqa: ANN401
    header = (answer.sdk_block or answer.block).header
    if not isinstance(header.time, datetime) or header.time.tzinfo is None:
        raise ValueError("a block without a time")
    return _within(1, header.height, 2**63), header.time


def _listed(answer: Any) -> Iterable[Any]:  # noqa: ANN401
    return answer.nonces.nonces if answer.nonces else []


def _read_nonces(nonces: Iterable[Any]) -> list[int]:
    return sorted(int(nonce.block_height) for nonce in nonces)
