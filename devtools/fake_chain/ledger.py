"""The chain itself: blocks, and what happens in them.

Nothing here does input or output, and no time passes: the owner of a ledger makes its blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from .accounts import Accounts
from .bank import move
from .bank_send import Send
from .behaviour import Behaviour
from .competition import Competition
from .failure import Failure
from .mempool import Mempool
from .options import Options
from .rejection import UNDECODABLE, Rejection
from .schedule import Schedule
from .topics import Submission, Topics, may_submit
from .transactions import DENOM, Transaction, TransactionError, decode
from .windows import Announcement, Event, Role, Window, Windows, closed, opened

FIRST_HEIGHT = 1000

MESSAGE_FAILED = "failed to execute message; message index: 0"
"""What an error of a transaction in a block begins with."""


@dataclass(frozen=True)
class Result:
    """What became of a transaction in its block; no failure means that it was done."""

    transaction: Transaction
    height: int
    failure: Failure | None


@dataclass(frozen=True)
class Block:
    """One block, with the events that its websocket subscribers learn of."""

    height: int
    time: datetime
    events: list[Event]


class Ledger:
    """The state of the chain.

    Args:
        options: What is fixed.
        say: Takes one line for a person on each thing that happens.

    Attributes:
        behaviour: How the node behaves; can be replaced at any time.
        height: Height of the newest block.
        results: The transactions in blocks, by hash.
        calls: How many calls have been answered since the newest block.
    """

    def __init__(self, options: Options, say: Callable[[str], None]) -> None:
        self.options = options
        self.behaviour = Behaviour(chain_id=options.chain_id)
        self._say = say
        self.reset()

    def reset(self) -> None:
        """Begin anew from the first height; only the chain's name stays."""
        self.height = FIRST_HEIGHT
        self.results: dict[str, Result] = {}
        self.accounts = Accounts()
        self.windows = Windows()
        self.calls = 0
        self._skipped = timedelta()
        self._times = [datetime.now(UTC)]
        first = self.height + 1 if self.options.durations == "blocks" else 0
        self.schedule = Schedule(self.options, self.windows, first)
        stakes: Counter[tuple[int, str]] = Counter()
        self.competition = Competition(self.options, self.accounts, stakes, lambda: self.behaviour)
        self.topics = Topics(self.options, self.accounts, stakes, self.windows, self.competition)
        self._mempool = Mempool(self.accounts)
        self._rejected: list[dict[str, object]] = []

    def admit_call(self) -> bool:
        """Return whether the node answers one more call."""
        self.calls += 1
        limit = self.behaviour.calls_per_block
        return limit is None or self.calls <= limit

    def broadcast(self, tx_bytes: bytes) -> tuple[str, Failure | None]:
        """Take a transaction on for the next block.

        Returns:
            Its hash, and why it is refused. A hash is missing when the bytes are no transaction.
        """
        try:
            transaction = decode(tx_bytes)
        except TransactionError as error:
            failure = Failure(UNDECODABLE, "sdk", str(error))
            self._reject("CheckTx", failure)
            return "", failure
        try:
            self._mempool.add(transaction, self.behaviour, self.height)
        except Rejection as rejection:
            self._reject("CheckTx", rejection.failure, transaction)
            return transaction.hash, rejection.failure
        return transaction.hash, None

    def make_block(self, seconds: float = 0) -> Block:
        """Deliver what waits, and close and open the windows that are due.

        Args:
            seconds: So much later than it is, for this block and all to come.
        """
        self.height += 1
        self.calls = 0
        self._skipped += timedelta(seconds=seconds)
        self._times.append(datetime.now(UTC) + self._skipped)
        self.schedule.open_due(self.now)
        for transaction in self._mempool.take_all(self.height):
            self._deliver(transaction)
        events = [event for topic in self.topics.ids for event in self._end_epoch(topic)]
        events += [event for each in self.schedule.due(self.now) for event in self._close(each)]
        return Block(self.height, self._times[-1], events)

    @property
    def now(self) -> float:
        """The moment of the newest block, in the unit of the chain's durations."""
        if self.options.durations == "blocks":
            return self.height
        return (self._times[-1] - self._times[0]).total_seconds()

    def is_active(self, topic: int) -> bool:
        """Return whether a topic's epochs begin and end."""
        return self.competition.facts(topic).is_active and not self.behaviour.inactive

    def may_submit(self, topic: int, address: str) -> bool:
        """Return whether a topic's whitelist, if it has one, names an address."""
        return may_submit(self.behaviour, self.competition.facts(topic), address)

    def open_window(self, topic: int, role: Role, announce: Announcement) -> tuple[Window, Block]:
        """Make a block that opens a window.

        Raises:
            ValueError: There is no such topic.
        """
        self._require(topic)
        block = self.make_block()
        window = self._open(topic, role, self.now, announce)
        if announce != "poll":
            block.events.append(opened(window))
        return window, block

    def close_windows(self, topic: int) -> tuple[list[Window], Block]:
        """Make a block that closes all of a topic's open windows.

        Raises:
            ValueError: There is no such topic.
        """
        self._require(topic)
        block = self.make_block()
        windows = [each for each in self.windows.all if each.topic == topic and each.is_open]
        block.events.extend([event for window in windows for event in self._close(window)])
        return windows, block

    def time_of(self, height: int) -> datetime:
        """Return when a block was made.

        Raises:
            ValueError: The chain has no such block.
        """
        if not FIRST_HEIGHT <= height <= self.height:
            raise ValueError(f"height {height} is not between {FIRST_HEIGHT} and {self.height}")
        return self._times[height - FIRST_HEIGHT]

    def state(self) -> dict[str, object]:
        """Return all that happened so far, for JSON."""
        balances = self.accounts.balances()
        return {
            "height": self.height,
            "registered": {str(topic): self.topics.registered(topic) for topic in self.topics.ids},
            "balance": str(self.accounts.lowest_balance()),
            "balances": {address: str(amount) for address, amount in balances.items()},
            "windows": [asdict(window) for window in self.windows.all],
            "submissions": [_report(each) for each in self.topics.submissions],
            "waiting": len(self._mempool),
            "rejected": self._rejected,
        }

    def _deliver(self, transaction: Transaction) -> None:
        account = self.accounts[transaction.signer]
        account.balance -= transaction.fee
        account.sequence += 1
        failure = self.behaviour.delivertx
        if failure is None:
            failure = self._execute(transaction)
        if failure is not None:
            self._reject("block", failure, transaction)
        self.results[transaction.hash] = Result(transaction, self.height, failure)

    def _execute(self, transaction: Transaction) -> Failure | None:
        try:
            done = self._do(transaction)
        except Rejection as rejection:
            failure = rejection.failure
            # https://github.com/cosmos/cosmos-sdk/blob/v0.50.x/baseapp/baseapp.go, runMsgs
            return failure._replace(log=f"{MESSAGE_FAILED}: {failure.log}")
        for line in done:
            self._tell(line)
        return None

    def _do(self, transaction: Transaction) -> list[str]:
        if isinstance(transaction.message, Send):
            return move(transaction.message, self.accounts)
        return self.topics.execute(transaction, self.height, self.now, self.behaviour)

    def _end_epoch(self, topic: int) -> list[Event]:
        """End a topic's epoch if this is the block: `UpdateNoncesOfActiveTopics`."""
        due = self.schedule.end_epoch(topic, self.now)
        has_ended = due is not None and self.is_active(topic)
        events = []
        if due is not None and has_ended:
            events.append(opened(self._open(topic, "worker", due, "both", is_scheduled=True)))
        if has_ended or self.options.durations == "seconds":
            for window in self.schedule.untold(topic, self.now):
                self._tell_opened(window)
                events.append(opened(window))
        if has_ended:
            for window in self.schedule.due_with_epoch(topic, self.now):
                events += self._close(window)
        return events

    def _open(
        self,
        topic: int,
        role: Role,
        moment: float,
        announce: Announcement,
        *,
        is_scheduled: bool = False,
    ) -> Window:
        window = self.schedule.open(
            topic, role, self.height, moment, announce, is_scheduled=is_scheduled
        )
        if self.competition.epoch(topic, window.nonce) is None:
            self.competition.begin(topic, window.nonce)
            if role == "reputer":
                self.competition.end_inferring(topic, window.nonce)
        self._tell_opened(window)
        return window

    def _close(self, window: Window) -> list[Event]:
        topic, nonce = window.topic, window.nonce
        window.is_open, window.is_over = False, True
        self._tell(f"window over  topic {topic} {window.role} nonce {nonce}")
        if window.role == "reputer":
            rewards = self.competition.end_reputing(topic, nonce, self.height)
            self._tell_standing(topic, nonce)
            return [closed(window), *rewards]
        is_inferred = self.competition.end_inferring(topic, nonce)
        if window.is_scheduled and is_inferred:
            too_old = self.schedule.plan_reputers(window)
            if too_old:
                too_old.is_open, too_old.is_over = False, True
        return [closed(window)]

    def _tell_standing(self, topic: int, nonce: int) -> None:
        """Tell how real participants did in an epoch."""
        epoch = self.competition.epoch(topic, nonce)
        if epoch is None:
            return
        for kind, scores in epoch.scores.items():
            order = sorted(scores, key=lambda each: scores[each], reverse=True)
            for place, address in enumerate(order, 1):
                if address in self.accounts:
                    paid = int(epoch.rewards[kind].get(address, 0))
                    self._tell(
                        f"scored       topic {topic} {kind} nonce {nonce} {address}: "
                        f"{scores[address]:.6f}, place {place} of {len(order)}, "
                        f"reward {paid} {DENOM}"
                    )

    def _tell_opened(self, window: Window) -> None:
        self._tell(
            f"window open  topic {window.topic} {window.role} nonce {window.nonce}, "
            f"until block {window.end}"
        )

    def _require(self, topic: int) -> None:
        if topic not in self.topics.ids:
            raise ValueError(f"there is no topic {topic}, only {list(self.topics.ids)}")

    def _reject(self, stage: str, failure: Failure, transaction: Transaction | None = None) -> None:
        self._rejected.append(
            {
                "reason": failure.log,
                "code": failure.code,
                "codespace": failure.codespace,
                "stage": stage,
                "message": type(transaction.message).__name__ if transaction else None,
                "address": transaction.signer if transaction else None,
                "height": self.height,
            }
        )
        sender = f" of {transaction.signer}" if transaction else ""
        where = f"{stage}, {failure.codespace} code {failure.code}"
        self._tell(f"rejected     transaction{sender} ({where}): {failure.log}")

    def _tell(self, what: str) -> None:
        self._say(f"block {self.height}  {what}")


def _report(submission: Submission) -> dict[str, object]:
    payload = submission.payload
    return {
        "role": payload.role,
        "topic": payload.topic,
        "nonce": payload.nonce,
        "address": payload.address,
        "values": [{"label": label, "value": value} for label, value in payload.values],
        "forecasts": payload.forecasts,
        "losses": asdict(payload.losses) if payload.losses else {},
        "is_admitted": submission.is_admitted,
        "tx_signature_valid": True,  # nothing else gets into the mempool
        "bundle_signature_valid": payload.bundle_signature_valid,
        "height": submission.height,
        "sequence": submission.sequence,
    }
