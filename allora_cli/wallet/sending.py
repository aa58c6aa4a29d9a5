"""Send a transfer once: whatever the chain answers, or does not, it is never paid twice.

A signed transaction names its account's sequence, and a last block. So it can be handed over again
as it is; and another one is signed only when the one before was refused at once, or when it can be
in no block any more.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from allora_cli.chain import ChainError
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.wallet.node import Node, Verdict
from allora_cli.wallet.transaction import SignedTransaction, Transfer, sign
from containers.worker.allora_worker.foreign_text import first_line

if TYPE_CHECKING:
    from ecdsa import SigningKey

# Of code space "sdk": https://github.com/cosmos/cosmos-sdk/blob/main/types/errors/errors.go
_ALREADY_IN_MEMPOOL: Final = 19
_WRONG_SEQUENCE: Final = 32


class State(Enum):
    """What is known at the end."""

    SENT = "sent"
    """It is in a block, and was done."""
    FAILED = "failed"
    """It is in a block, was not done, and cost its fee."""
    REFUSED = "refused"
    """It was refused at once, and cost nothing."""
    OVERTAKEN = "overtaken"
    """Other transactions of the wallet came before it each time; it cost nothing."""
    EXPIRED = "expired"
    """It is in no block, and can be in none any more; it cost nothing."""
    UNKNOWN = "unknown"
    """Nobody has said whether it is in a block."""


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    Attributes:
        height: of the block that it is in; 0 when it is in none.
        text: the chain's words on a failure.
    """

    state: State
    transaction: SignedTransaction
    height: int = 0
    text: str = ""


@dataclass(frozen=True)
class Patience:
    """How long to wait.

    Attributes:
        blocks: a transaction may be included for so many blocks; a block takes about 5 seconds.
        lag: so many blocks later, every node behind the API knows of it.
        seconds: after which nothing more is asked, if the API is silent or the chain stands still.
        pause: seconds between two questions.
        signatures: how often a transaction is signed when others of the same wallet come before it.
    """

    blocks: int = 24
    lag: int = 6
    seconds: float = 300
    pause: float = 2
    signatures: int = 10


def send(node: Node, transfer: Transfer, key: SigningKey, patience: Patience) -> Outcome:
    """Send a transfer, and wait for its block.

    Raises:
        ChainError: there was no answer before anything was handed over.
        KeyboardInterrupt: the same for Ctrl-C; afterwards it ends the waiting.
    """
    outcome: Outcome | None = None
    try:
        for _ in range(patience.signatures):
            transaction = sign(
                transfer,
                node.account(transfer.sender),
                key,
                chain_id=node.network.chain_id,
                last_block=node.height() + patience.blocks,
            )
            outcome = Outcome(State.UNKNOWN, transaction)
            outcome = _send(node, transaction, patience)
            if outcome.state is not State.OVERTAKEN:
                return outcome
    except KeyboardInterrupt:
        if outcome is None or outcome.state is State.OVERTAKEN:
            raise
        return outcome
    return Outcome(State.OVERTAKEN, transaction)


def require_sent(node: Node, outcome: Outcome) -> None:
    """Raise an OperatorError for every end but success."""
    transaction = outcome.transaction
    name = f"The transaction {transaction.hash}"
    page = node.network.transaction_url(transaction.hash)
    facts = {"state": outcome.state.value, "hash": transaction.hash, "explorer_url": page}
    match outcome.state:
        case State.SENT:
            return
        case State.FAILED:
            problem = (
                f"{name} failed in block {outcome.height}, and cost its fee: {outcome.text}. "
                f"Nothing was sent: {page}"
            )
        case State.REFUSED:
            problem = (
                f"The chain refused the transaction: {outcome.text}. Nothing was sent or paid."
            )
        case State.OVERTAKEN:
            problem = (
                "Other transactions of this wallet came first each time. Nothing was sent or paid. "
                "Run the same command again; or stop what sends them."
            )
        case State.EXPIRED:
            problem = (
                f"{name} was in no block until {transaction.last_block}, the last one that could "
                "include it. Nothing was sent or paid. Run the same command again."
            )
        case State.UNKNOWN:
            raise OperatorError(
                ErrorCode.TRANSFER_UNKNOWN,
                f"It is not known whether the coins were sent: nothing was heard of the "
                f"transaction {transaction.hash}. Do not send again before you have looked: {page} "
                f"shows it if it was done; after block {transaction.last_block} it cannot be done "
                "any more.",
                exit_code=ExitCode.TIMEOUT,
                facts=facts | {"last_block": transaction.last_block},
            )
    raise OperatorError(ErrorCode.TRANSFER_FAILED, problem, facts=facts)


def _send(node: Node, transaction: SignedTransaction, patience: Patience) -> Outcome:
    verdict = _hand_over(node, transaction)
    if verdict is None or _waits(verdict):
        return _follow(node, transaction, patience, is_handed_over=verdict is not None)
    if (verdict.codespace, verdict.code) != ("sdk", _WRONG_SEQUENCE):
        return Outcome(State.REFUSED, transaction, text=_shown(verdict))
    time.sleep(patience.pause)
    # A proxy may have handed it over twice, so that the second time came too late.
    try:
        earlier = node.find(transaction)
    except ChainError:
        return Outcome(State.UNKNOWN, transaction)
    return _in_block(transaction, earlier) if earlier else Outcome(State.OVERTAKEN, transaction)


def _follow(
    node: Node, transaction: SignedTransaction, patience: Patience, *, is_handed_over: bool
) -> Outcome:
    until = time.monotonic() + patience.seconds
    while time.monotonic() < until:
        time.sleep(patience.pause)
        try:
            height = node.height()  # before the question, whose answer is not older then
            verdict = node.find(transaction)
        except ChainError:
            continue
        if verdict is not None:
            return _in_block(transaction, verdict)
        if height > transaction.last_block + patience.lag:
            return Outcome(State.EXPIRED, transaction)
        if not is_handed_over:
            # Refused now, it may be one that was taken on before: only a block tells.
            again = _hand_over(node, transaction)
            is_handed_over = again is not None and _waits(again)
    return Outcome(State.UNKNOWN, transaction)


def _in_block(transaction: SignedTransaction, verdict: Verdict) -> Outcome:
    if verdict.code:
        return Outcome(State.FAILED, transaction, verdict.height, _shown(verdict))
    return Outcome(State.SENT, transaction, verdict.height)


def _shown(verdict: Verdict) -> str:
    return first_line(verdict.text.encode(errors="replace"))


def _hand_over(node: Node, transaction: SignedTransaction) -> Verdict | None:
    """Return the answer; None when there is none, and the transaction may have been taken on."""
    try:
        return node.broadcast(transaction)
    except ChainError:
        return None


def _waits(verdict: Verdict) -> bool:
    already = (verdict.codespace, verdict.code) == ("sdk", _ALREADY_IN_MEMPOOL)
    return not verdict.code or already
