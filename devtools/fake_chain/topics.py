"""The emissions module: what the messages in a block do, and when they must not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from allora_sdk.rpc_client.protos.emissions import v10

from . import labels
from .accounts import Accounts
from .behaviour import Behaviour
from .competition import Competition
from .facts import TopicFacts
from .options import Options
from .rejection import (
    BUNDLE_SIGNATURE,
    INSUFFICIENT_FUNDS,
    INSUFFICIENT_STAKE,
    INVALID_TOPIC,
    INVALID_VALUE,
    NO_FORECAST_ELEMENTS,
    NONCE_NOT_FOUND,
    NONCE_STILL_UNFULFILLED,
    NOT_REGISTERED,
    NOT_WHITELISTED,
    PLAIN_ERROR,
    REPUTER_WINDOW_NOT_OPEN,
    UNDEFINED,
    WORKER_WINDOW_NOT_OPEN,
    Rejection,
)
from .transactions import DENOM, Payload, Transaction, payloads
from .windows import Role, Windows

LEAST, MOST = Decimal("1e-40"), Decimal("1e40")
"""Of the sizes of a number that is submitted, besides 0."""


@dataclass(frozen=True)
class Submission:
    """A payload whose transaction succeeded.

    Attributes:
        payload: What was submitted.
        height: In which block.
        sequence: As which of the account's transactions.
        is_admitted: Whether it counted then. If not, the chain has dropped it.
    """

    payload: Payload
    height: int
    sequence: int
    is_admitted: bool


class Topics:
    """Who is registered, has staked and has submitted what, in all topics.

    Args:
        options: The topics that exist, and their durations.
        accounts: Whose money is staked.
        stakes: What reputers have staked, in uallo, by topic and address.
        windows: When submissions are taken.
        competition: Who takes part in an epoch.
    """

    def __init__(
        self,
        options: Options,
        accounts: Accounts,
        stakes: Counter[tuple[int, str]],
        windows: Windows,
        competition: Competition,
    ) -> None:
        self.ids = options.topics
        self.submissions: list[Submission] = []
        self.stakes = stakes
        self._accounts = accounts
        self._windows = windows
        self._competition = competition
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

    def execute(
        self, transaction: Transaction, height: int, now: float, behaviour: Behaviour
    ) -> list[str]:
        """Do what a transaction says, all of it or nothing.

        Args:
            transaction: What is to be done.
            height: Of the block that it is in.
            now: The moment of that block, in the unit of the chain's durations.
            behaviour: What the node does differently.

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
            self._check(payload, transaction.signer, height, now, behaviour)
        done = [
            Submission(each, height, transaction.sequence, self._competition.submit(each))
            for each in found
        ]
        self.submissions += done
        return [
            f"{'submitted' if each.is_admitted else 'left out '}    {each.payload} "
            f"(fee {transaction.fee} {DENOM})"
            for each in done
        ]

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

    def _check(
        self, payload: Payload, sender: str, height: int, now: float, behaviour: Behaviour
    ) -> None:
        """Raise `Rejection` for the first rule that is broken, in the chain's order.

        x/emissions/keeper/msgserver/msg_server_worker_payload.go and …_reputer_payload.go.
        """
        self._check_topic(payload.topic)
        facts = self._competition.facts(payload.topic)
        role: Role = "reputer" if payload.role == "reputer" else "worker"
        if not may_submit(behaviour, facts, sender):
            text = f"{role} is not permitted to submit payload"
            raise Rejection(NOT_WHITELISTED, text)
        _check_content(payload, sender)
        self._check_window(payload, role, height, now)
        if not self.is_registered(payload.topic, role, sender):
            text = f"{role} is not registered in this topic: address not registered"
            raise Rejection(NOT_REGISTERED, text)
        if role == "reputer":
            self._check_losses(payload)
            if self.stakes[payload.topic, sender] < behaviour.minimum_stake:
                text = "reputer does not have sufficient stake in the topic: insufficient stake"
                raise Rejection(INSUFFICIENT_STAKE, text)
        if payload.role == "inferer":
            labels.check(payload.values, facts)
        self._competition.check(payload)

    def _check_losses(self, payload: Payload) -> None:
        """Raise `Rejection` unless a reputer scores exactly who takes part.

        `validateValueBundle` in x/emissions/keeper/msgserver/msg_server_reputer_payload.go.
        """
        epoch = self._competition.epoch(payload.topic, payload.nonce)
        if not payload.losses or not epoch or not epoch.inferences:
            return
        inferers, forecasters = epoch.inferences.inferers, epoch.inferences.forecasters
        for scored, known in (
            (payload.losses.inferers, inferers),
            (payload.losses.forecasters, forecasters),
            (payload.losses.without_inferers, inferers),
            (payload.losses.with_forecasters, forecasters),
            (payload.losses.without_forecasters, forecasters),
        ):
            _check_same_workers(scored, known)

    def _check_topic(self, topic: int) -> None:
        if topic not in self.ids:
            raise Rejection(INVALID_TOPIC, f"topic {topic}: invalid topic ID")

    def _check_window(self, payload: Payload, role: Role, height: int, now: float) -> None:
        topic, nonce = payload.topic, payload.nonce
        workers = self._windows.find(topic, "worker", nonce)
        window = self._windows.find(topic, role, nonce)
        if role == "reputer" and workers and not workers.is_over:
            raise Rejection(NONCE_STILL_UNFULFILLED, "worker nonce: nonce still unfulfilled")
        # Nobody knows when a window will open that does so on demand alone.
        is_expected = role == "reputer" and workers and not workers.is_scheduled and not window
        if is_expected or (window and not window.is_over and not window.takes_at(now)):
            start, end = (window.start, window.end) if window else (0, 0)
            raise Rejection(
                WORKER_WINDOW_NOT_OPEN if role == "worker" else REPUTER_WINDOW_NOT_OPEN,
                f"{role.title()} window not open for topic: {topic}, current block {height}, "
                f"start window: {start}, end window: {end}: {role} nonce window not available",
            )
        if not window or window.is_over:
            context = "reputer nonce: " if role == "reputer" else ""
            raise Rejection(NONCE_NOT_FOUND, f"{context}unfulfilled nonce not found")


def may_submit(behaviour: Behaviour, facts: TopicFacts, address: str) -> bool:
    """Return whether a topic's whitelist, if it has one, names an address."""
    return behaviour.whitelisted and (facts.whitelist is None or address in facts.whitelist)


def _check_same_workers(scored: Iterable[str], known: Iterable[str]) -> None:
    found, expected = sorted(scored), sorted(known)
    if len(found) != len(expected):
        text = "worker sets don't match - different unique workers"
        raise Rejection(PLAIN_ERROR, text, UNDEFINED)
    for worker, other in zip(expected, found, strict=True):
        if worker != other:
            text = f"worker mismatch: expected {worker}, got {other}"
            raise Rejection(PLAIN_ERROR, text, UNDEFINED)


def _check_content(payload: Payload, sender: str) -> None:
    if payload.address != sender:
        raise Rejection(INVALID_VALUE, f"data of {payload.address} sent by {sender}")
    if not payload.bundle_signature_valid:
        raise Rejection(BUNDLE_SIGNATURE, "signature verification was failed")
    if payload.inconsistency:
        raise Rejection(INVALID_VALUE, f"{payload.inconsistency}: invalid value")
    numbers = payload.numbers()
    if not numbers and payload.role == "forecaster":
        text = "No valid forecast elements found in Forecast: no valid forecast elements found"
        raise Rejection(NO_FORECAST_ELEMENTS, text)
    if not numbers:
        raise Rejection(INVALID_VALUE, "no value: invalid value")
    for text in numbers:
        if not _is_possible_number(text):
            raise Rejection(INVALID_VALUE, f"{text!r}: invalid value")


def _is_possible_number(text: str) -> bool:
    """Return whether the chain can hold a number: `BoundedExp40Dec` in its folder math."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    if not number.is_finite():
        return False
    return not number or LEAST <= number.copy_abs() <= MOST
