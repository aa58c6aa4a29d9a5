"""The emissions module: what the messages in a block do, and when they must not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from allora_sdk.rpc_client.protos.emissions import v10

from .accounts import Accounts
from .rejection import (
    ALREADY_SUBMITTED,
    BUNDLE_SIGNATURE,
    INSUFFICIENT_FUNDS,
    INVALID_TOPIC,
    INVALID_VALUE,
    NONCE_STILL_UNFULFILLED,
    NOT_REGISTERED,
    NOT_WHITELISTED,
    WINDOW_NOT_OPEN,
    Rejection,
)
from .transactions import DENOM, Payload, Transaction, payloads
from .windows import Role, Windows


@dataclass(frozen=True)
class Submission:
    """A payload that the chain took, in which block, and as which of the account's transactions."""

    payload: Payload
    height: int
    sequence: int


class Topics:
    """Who is registered, has staked and has submitted what, in all topics.

    Args:
        ids: The topics that exist.
        accounts: Whose money is staked.
        windows: When submissions are taken.
    """

    def __init__(self, ids: tuple[int, ...], accounts: Accounts, windows: Windows) -> None:
        self.ids = ids
        self.submissions: list[Submission] = []
        self.stakes: Counter[tuple[int, str]] = Counter()
        self._accounts = accounts
        self._windows = windows
        self._registered: set[tuple[int, Role, str]] = set()

    def is_registered(self, topic: int, role: Role, address: str) -> bool:
        """Return whether an address takes part in a topic."""
        return (topic, role, address) in self._registered

    def registered(self, topic: int) -> list[str]:
        """Return all who take part in a topic, in whichever role."""
        return sorted({address for id_, _, address in self._registered if id_ == topic})

    def payloads(self, topic: int) -> list[Payload]:
        """Return what was submitted in a topic, oldest first."""
        return [each.payload for each in self.submissions if each.payload.topic == topic]

    def execute(self, transaction: Transaction, height: int, *, whitelisted: bool) -> list[str]:
        """Do what a transaction says, all of it or nothing.

        Returns:
            What it did, one line for each thing, for people.

        Raises:
            Rejection: It must not.
        """
        message = transaction.message
        if isinstance(message, v10.RegisterRequest):
            return [self._register(message)]
        if isinstance(message, v10.AddStakeRequest):
            return [self._stake(message)]
        found = payloads(message)
        if not found:
            raise Rejection(INVALID_VALUE, "neither inference nor forecast: invalid value")
        for payload in found:
            self._check(payload, transaction.signer, whitelisted=whitelisted)
        self.submissions += [Submission(each, height, transaction.sequence) for each in found]
        return [f"submitted    {each} (fee {transaction.fee} {DENOM})" for each in found]

    def _register(self, message: v10.RegisterRequest) -> str:
        self._check_topic(message.topic_id)
        role: Role = "reputer" if message.is_reputer else "worker"
        self._registered.add((message.topic_id, role, message.sender))
        return f"registered   topic {message.topic_id} {role} {message.sender}"

    def _stake(self, message: v10.AddStakeRequest) -> str:
        self._check_topic(message.topic_id)
        if not message.amount.isdecimal():
            raise Rejection(INVALID_VALUE, f"stake {message.amount!r}: invalid value")
        account, amount = self._accounts[message.sender], int(message.amount)
        if account.balance < amount:
            raise Rejection(INSUFFICIENT_FUNDS, "insufficient funds", "sdk")
        account.balance -= amount
        self.stakes[message.topic_id, message.sender] += amount
        return f"staked       topic {message.topic_id} {message.sender}: {amount} {DENOM}"

    def _check(self, payload: Payload, sender: str, *, whitelisted: bool) -> None:
        self._check_topic(payload.topic)
        _check_content(payload, sender)
        role: Role = "reputer" if payload.role == "reputer" else "worker"
        if not self.is_registered(payload.topic, role, sender):
            raise Rejection(NOT_REGISTERED, "address is not registered in this topic")
        if not whitelisted:
            raise Rejection(NOT_WHITELISTED, f"{role} is not permitted to submit payload")
        self._check_window(payload, role)
        if any(payload.same_slot(each.payload) for each in self.submissions):
            raise Rejection(ALREADY_SUBMITTED, f"{payload.role} already submitted")

    def _check_topic(self, topic: int) -> None:
        if topic not in self.ids:
            raise Rejection(INVALID_TOPIC, f"topic {topic}: invalid topic ID")

    def _check_window(self, payload: Payload, role: Role) -> None:
        topic, nonce = payload.topic, payload.nonce
        if role == "reputer" and self._windows.is_open(topic, "worker", nonce):
            raise Rejection(NONCE_STILL_UNFULFILLED, f"nonce {nonce} still unfulfilled")
        if not self._windows.is_open(topic, role, nonce):
            raise Rejection(
                WINDOW_NOT_OPEN, f"{role} window not open for topic: {topic}, nonce: {nonce}"
            )


def _check_content(payload: Payload, sender: str) -> None:
    if payload.address != sender:
        raise Rejection(INVALID_VALUE, f"data of {payload.address} sent by {sender}")
    if not payload.bundle_signature_valid:
        raise Rejection(BUNDLE_SIGNATURE, "signature verification was failed")
    if payload.inconsistency:
        raise Rejection(INVALID_VALUE, f"{payload.inconsistency}: invalid value")
    numbers = payload.numbers()
    if not numbers:
        raise Rejection(INVALID_VALUE, "no value: invalid value")
    for text in numbers:
        if not _is_finite_number(text):
            raise Rejection(INVALID_VALUE, f"{text!r}: invalid value")


def _is_finite_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False
