"""The chain itself: blocks, and what happens in them.

Nothing here does input or output, and no time passes: the owner of a ledger makes its blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from .accounts import Accounts
from .bank_send import Send
from .behaviour import Behaviour, Failure
from .mempool import Mempool
from .options import Options
from .rejection import UNDECODABLE, Rejection
from .topics import Submission, Topics
from .transactions import Transaction, TransactionError, decode
from .windows import Announcement, Event, Role, Window, Windows, closed, opened

FIRST_HEIGHT = 1000


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
        self.windows = Windows(self.options.window_blocks)
        self.topics = Topics(self.options.topics, self.accounts, self.windows)
        self._mempool = Mempool(self.accounts)
        self._times = [datetime.now(UTC)]
        self._rejected: list[dict[str, object]] = []

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
            self._mempool.add(transaction, self.behaviour)
        except Rejection as rejection:
            self._reject("CheckTx", rejection.failure, transaction)
            return transaction.hash, rejection.failure
        return transaction.hash, None

    def make_block(self) -> Block:
        """Deliver what waits, and close and open the windows that are due."""
        self.height += 1
        self._times.append(datetime.now(UTC))
        for transaction in self._mempool.take_all():
            self._deliver(transaction)
        due = [each for each in self.windows.all if each.is_open and self.height >= each.end]
        events = [self._close(window) for window in due]
        if self.options.epoch_blocks:
            events += [opened(window) for window in self._open_scheduled()]
        return Block(self.height, self._times[-1], events)

    def open_window(self, topic: int, role: Role, announce: Announcement) -> tuple[Window, Block]:
        """Make a block that opens a window.

        Raises:
            ValueError: There is no such topic.
        """
        self._require(topic)
        block = self.make_block()
        window = self._open(topic, role, announce)
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
        block.events.extend([self._close(window) for window in windows])
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
            return rejection.failure
        for line in done:
            self._tell(line)
        return None

    def _do(self, transaction: Transaction) -> list[str]:
        if isinstance(transaction.message, Send):
            return transaction.message.execute(self.accounts)
        return self.topics.execute(transaction, self.height, whitelisted=self.behaviour.whitelisted)

    def _open_scheduled(self) -> list[Window]:
        first_of_epoch = (self.height - FIRST_HEIGHT - 1) % self.options.epoch_blocks == 0
        windows = []
        for topic in self.topics.ids:
            if self.windows.unscored(topic):
                windows.append(self._open(topic, "reputer", "both"))
            if first_of_epoch:
                windows.append(self._open(topic, "worker", "both"))
        return windows

    def _open(self, topic: int, role: Role, announce: Announcement) -> Window:
        window = self.windows.open(topic, role, self.height, announce)
        self._tell(
            f"window open  topic {topic} {role} nonce {window.nonce}, until block {window.end}"
        )
        return window

    def _close(self, window: Window) -> Event:
        window.is_open = False
        self._tell(f"window over  topic {window.topic} {window.role} nonce {window.nonce}")
        return closed(window)

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
        "tx_signature_valid": True,  # nothing else gets into the mempool
        "bundle_signature_valid": payload.bundle_signature_valid,
        "height": submission.height,
        "sequence": submission.sequence,
    }
