"""Sends the wallet's transactions, one at a time, through the SDK's use cases."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from allora_sdk import FeeTier, RunContext
from allora_sdk.rpc_client.tx_manager import InsufficientBalanceError, TxError
from allora_sdk.worker.forecaster import Forecaster
from allora_sdk.worker.inferer import Inferer, SanityCheckConfig
from allora_sdk.worker.reputer import Reputer
from allora_sdk.worker.types import WorkerResult
from cosmpy.aerial.wallet import Wallet
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from .chain import Chain
from .contract import Role
from .endpoint import Endpoint
from .errors import (
    ChainUnavailableError,
    FailureKind,
    NotSignedError,
    RefusedError,
    one_line,
    shorten,
)
from .losses import Truth, loss_method
from .own_sequence import OwnSequence
from .sending import Sending, Sent, sending
from .timings import Timings
from .transactions import NotTakenError, UnconfirmedError, WindowOverError
from .waiting import in_own_task
from .windows import Topic

Value = Decimal | Mapping[str, Decimal] | Truth
"""An inference, a forecaster's losses by the inferers' addresses, or a reputer's truth."""

_EMISSIONS: Final = "emissions"
# Numbers in this code space:
# https://github.com/allora-network/allora-chain/blob/main/x/emissions/types/errors.go
_WINDOWS_CLOSED: Final = (67, 68)  # for workers, for reputers
_NONCE_NOT_FOUND: Final = 75
# https://github.com/cosmos/cosmos-sdk/blob/main/types/errors/errors.go
_SDK_INSUFFICIENT_FUNDS: Final = ("sdk", 5)
_SDK_TIMEOUT_HEIGHT: Final = ("sdk", 30)


class AttemptFailedError(Exception):
    """An attempt to submit failed; the text says why.

    Args:
        kind: The window's `FailureKind`, unless a later attempt succeeds.
        reason: The text.
        was_paid: Whether the chain took the fee.
        is_final: Whether every later attempt must fail, too.
    """

    def __init__(
        self, kind: FailureKind, reason: str, *, was_paid: bool = False, is_final: bool = False
    ) -> None:
        super().__init__(reason)
        self.kind = kind
        self.was_paid = was_paid
        self.is_final = is_final


class SequenceMovedError(Exception):
    """Nothing was sent, because somebody else has sent with the wallet meanwhile.

    Args:
        in_a_day: How often that was so in the last 24 hours.
    """

    def __init__(self, in_a_day: int) -> None:
        super().__init__("somebody else has sent a transaction with the wallet")
        self.in_a_day = in_a_day


@dataclass(frozen=True)
class Accepted:
    """A transaction that the chain accepted."""

    tx_hash: str
    height: int


class Submitter:
    """Registers and submits in one role."""

    def __init__(
        self,
        chain: Chain,
        wallet: Wallet,
        role: Role,
        timings: Timings,
        own_sequence: OwnSequence,
    ) -> None:
        self._chain = chain
        self._wallet = wallet
        self._role = role
        self._timings = timings
        # Each transaction carries the account's sequence number, which rises with each.
        self._one_at_a_time = asyncio.Lock()
        self._own_sequence = own_sequence

    async def check_whitelist(self, topic: Topic) -> None:
        """Raise `RefusedError` if the wallet is not on the topic's whitelist."""
        use_case = self._use_case(topic, Decimal(0))
        if not await self._chain.ask(use_case.worker_is_whitelisted(), bool):
            raise self._not_whitelisted(topic)

    async def register(self, topic: Topic) -> None:
        """Register the wallet in the topic, unless it is registered.

        Raises:
            NotSignedError: The wallet does not sign, because of the fee.
            RefusedError: The network refuses the wallet.
            ChainUnavailableError: The endpoint does not work.
        """
        async with self._one_at_a_time:
            # The clock may know no height yet, and the transaction's last block is by it.
            await self._chain.poll_height()
            endpoint = self._chain.endpoint
            try:
                registration = self._use_case(topic, Decimal(0)).initialize()
                with sending(Sending(last_block=self._chain.height_in(self._timings.submission))):
                    await in_own_task(registration, self._timings.submission)
                self._own_sequence.take_moved(await self._chain.account_sequence())
            except Exception as error:
                raise self._registration_failure(topic, error, endpoint) from error

    async def submit(self, topic: Topic, nonce: int, value: Value, limits: Sending) -> Accepted:
        """Submit a value in one attempt, unless an earlier one is in a block by now.

        Args:
            topic: The topic.
            nonce: The window's.
            value: What the model says.
            limits: The same `sent` for all attempts.

        Raises:
            AttemptFailedError: The attempt failed.
            SequenceMovedError: Somebody else has sent; look for the submission, and try again.
            RefusedError: All attempts will fail until the operator intervenes.
        """
        endpoint = self._chain.endpoint
        try:
            await self.check_whitelist(topic)
            async with self._one_at_a_time:
                if landed := await self._landed(limits.sent):
                    return landed
                sequence = await self._sequence()
                endpoint = self._chain.endpoint
                submission = self._use_case(topic, value).submit(nonce, sequence)
                with self._recorded(limits.sent), sending(limits):
                    result = await in_own_task(submission, self._timings.submission)
        except SequenceMovedError:
            raise
        except Exception as error:
            raise self._submission_failure(topic, error, endpoint) from error
        if not isinstance(result, WorkerResult):
            raise self._submission_failure(topic, result, endpoint) from result
        self._chain.note_success()
        if limits.sent.newest is not None:
            self._own_sequence.confirmed(limits.sent.newest)
        return Accepted(result.tx_result.txhash, int(result.tx_result.height))

    async def _sequence(self) -> int:
        """Return the account's sequence, or raise `SequenceMovedError`."""
        sequence = await self._chain.account_sequence()
        if self._own_sequence.take_moved(sequence):
            raise SequenceMovedError(self._own_sequence.moves_in_a_day)
        return sequence

    @contextlib.contextmanager
    def _recorded(self, sent: Sent) -> Iterator[None]:
        """Record what this process sends, so that it is not taken for somebody else's."""
        try:
            yield
        finally:
            if sent.newest is not None:
                self._own_sequence.sent(sent.newest)

    async def _landed(self, sent: Sent) -> Accepted | None:
        """Return what an earlier attempt came to, or None if none is in a block.

        Raises:
            TxError: The chain rejected it.
        """
        for tx_hash in sent.hashes:
            if (result := await self._chain.transaction(tx_hash)) is None:
                continue
            sent.settle(tx_hash)
            if result.code:
                raise TxError(result.codespace, result.code, result.raw_log, tx_hash)
            return Accepted(tx_hash, int(result.height))
        return None

    # --- failures

    def _registration_failure(
        self, topic: Topic, error: Exception, endpoint: Endpoint
    ) -> Exception:
        if isinstance(error, NotSignedError):
            return error
        meaning = self._meaning(topic, error, endpoint)
        if isinstance(meaning, RefusedError | ChainUnavailableError):
            return meaning
        reason = f"the chain does not register the wallet: {_text(error)}"
        # Without a TxError the SDK gave up after several attempts, of which one may have succeeded.
        return (RefusedError if isinstance(error, TxError) else ChainUnavailableError)(reason)

    def _submission_failure(self, topic: Topic, error: Exception, endpoint: Endpoint) -> Exception:
        if unsent := _unsent(error):
            return unsent
        meaning = self._meaning(topic, error, endpoint)
        if isinstance(meaning, RefusedError):
            return meaning
        if isinstance(meaning, ChainUnavailableError):
            reason = f"the chain's endpoint fails: {meaning}"
            return AttemptFailedError(FailureKind.CHAIN_UNAVAILABLE, reason)
        if not isinstance(error, TxError):
            reason = f"the transaction fails: {_text(error)}"
            return AttemptFailedError(FailureKind.REJECTED, reason)
        is_closed = error.codespace == _EMISSIONS and error.code in _WINDOWS_CLOSED
        return AttemptFailedError(
            FailureKind.WINDOW_CLOSED if is_closed else FailureKind.REJECTED,
            f"the chain rejects the transaction: {_text(error)}",
            was_paid=not isinstance(error, NotTakenError),
            is_final=is_closed or error.code == _NONCE_NOT_FOUND,
        )

    def _meaning(self, topic: Topic, error: Exception, endpoint: Endpoint) -> Exception:
        """Return the refusal or the failure of the endpoint behind an error, or the error."""
        if refusal := self._refusal(topic, error):
            return refusal
        meaning = self._chain.translate(error, endpoint)
        if isinstance(meaning, ChainUnavailableError) and meaning is not error:
            # Of a call that the SDK made by itself.
            self._chain.note_failure(str(meaning), endpoint)
        return meaning

    def _refusal(self, topic: Topic, error: Exception) -> RefusedError | None:
        if _is_for_lack_of_funds(error):
            return self._chain.unfunded()
        if not isinstance(error, TxError):
            return None
        text = error.message.lower()
        if "whitelist" in text or "not permitted" in text:
            return self._not_whitelisted(topic)
        if "not registered" in text:
            return RefusedError(f"the wallet is no longer registered: {_text(error)}")
        if re.search(r"\bstake\b", text):
            return RefusedError(
                f"the reputer has too little stake in topic {topic.topic_id}: {_text(error)}; "
                f"add stake for {self._chain.address}"
            )
        return None

    def _not_whitelisted(self, topic: Topic) -> RefusedError:
        return RefusedError(
            f"{self._chain.address} is not on the whitelist of topic {topic.topic_id}; ask the "
            "topic's creator, or choose another topic"
        )

    def _use_case(self, topic: Topic, value: Value) -> Any:  # noqa: ANN401 - of three types
        client, topic_id, tier = self._chain.client, topic.topic_id, FeeTier.STANDARD
        if self._role is Role.REPUTER:
            loss = _loss_of(topic, value if isinstance(value, Truth) else Truth(Decimal(0)))
            return Reputer(self._wallet, client, topic_id, loss, fee_tier=tier)
        if self._role is Role.FORECASTER:
            return Forecaster(self._wallet, client, topic_id, lambda _: value, tier)
        check = SanityCheckConfig(enabled=False)
        return Inferer(self._wallet, client, topic_id, lambda _: value, tier, sanity_check=check)


def _unsent(error: Exception) -> AttemptFailedError | None:
    if isinstance(error, NotSignedError):
        return AttemptFailedError(FailureKind.FEE, one_line(error))
    if isinstance(error, WindowOverError) or _is_too_late(error):
        reason = "the window was over before the transaction could be sent"
        return AttemptFailedError(FailureKind.WINDOW_CLOSED, reason, is_final=True)
    if isinstance(error, UnconfirmedError):
        return AttemptFailedError(FailureKind.CHAIN_UNAVAILABLE, one_line(error))
    return None


def _is_too_late(error: Exception) -> bool:
    """Return whether a node refuses a transaction, at no cost, because of its timeout height."""
    return isinstance(error, TxError) and (error.codespace, error.code) == _SDK_TIMEOUT_HEIGHT


def _is_for_lack_of_funds(error: Exception) -> bool:
    if isinstance(error, InsufficientBalanceError):
        return True
    if isinstance(error, GRPCError):
        # An account is created by its first coins.
        return error.status is Status.NOT_FOUND and "account" in str(error.message)
    return isinstance(error, TxError) and (error.codespace, error.code) == _SDK_INSUFFICIENT_FUNDS


def _loss_of(topic: Topic, truth: Truth) -> Any:  # noqa: ANN401 - as the SDK has it
    """Return the SDK's callback: the loss of an inference against the ground truth."""
    method = loss_method(topic)

    def callback(_: RunContext, inference: dict[str, float]) -> float:
        return method.log_loss(truth, inference["y"])

    return callback


def _text(error: Exception) -> str:
    if isinstance(error, TxError):
        return f"{shorten(str(error.message)) or 'no reason'} ({error.codespace} code {error.code})"
    if isinstance(error, GRPCError):
        return f"{error.status.name} {error.message}"
    return f"{type(error).__name__}: {one_line(error)}"
