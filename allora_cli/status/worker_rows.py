"""Rows of a screen that a worker's own report fills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Final

from rich.text import Text

from allora_cli.host.status_report import Submission, Topic, Worker
from allora_cli.status import verdicts
from allora_cli.terminal.text import clamp, duration

NOT_KNOWN: Final = "?"

_DETAILED_TOPICS: Final = 2
_TOPICS: Final = 3
_DIGITS: Final = 40


def versions(worker: Worker | None) -> Text:
    """Return the versions that a worker runs as."""
    if worker is None:
        return Text(NOT_KNOWN)
    return Text(f"Allora SDK {worker.version}, {worker.network}, {worker.role}")


def topics(topics: Mapping[int, Topic | None], now: datetime) -> Iterator[tuple[str, Text]]:
    """Yield a row for each of the first topics."""
    is_detailed = len(topics) <= _DETAILED_TOPICS
    for id_, topic in islice(topics.items(), _TOPICS):
        yield f"Topic {id_}", _topic(topic, now, is_detailed=is_detailed)
    if len(topics) > _TOPICS:
        yield "", Text(f"and {len(topics) - _TOPICS} more: --json has them")


def _topic(topic: Topic | None, now: datetime, *, is_detailed: bool) -> Text:
    if topic is None:
        return Text(NOT_KNOWN)
    text = Text(topic.state.replace("_", " "), style="red" if topic.reason else "")
    if topic.earning:
        told = verdicts.facts if is_detailed else verdicts.summary
        text.append(f", {told(topic.earning)}", "red" if verdicts.earns_nothing(topic) else "")
    last = topic.last_submission
    if last is None:
        return text.append(", no submission since the worker's start")
    ago = duration(now - last.at)
    if not is_detailed:
        return text.append(f", last submission {ago} ago")
    text.append(f"\nlast submission {_value(last)} for nonce {last.nonce}, {ago} ago")
    if topic.earning and (compared := verdicts.comparison(topic.earning)):
        text.append(f"\n{compared}")
    return text.append(f"\ntransaction {clamp(last.tx_hash, 2 * _DIGITS)}" if last.tx_hash else "")


def _value(submission: Submission) -> str:
    if isinstance(submission.value, dict | list):
        return f"of {len(submission.value)} values"
    return clamp(str(submission.value), _DIGITS)


def wallet(worker: Worker | None) -> Text:
    """Return the wallet's address, its balance, the fees that it paid, and who else sends."""
    if worker is None:
        return Text(NOT_KNOWN)
    balance = NOT_KNOWN if worker.balance_allo is None else f"{worker.balance_allo:g}"
    text = Text(f"{worker.address or NOT_KNOWN}  {balance} ALLO")
    if fees := worker.fees:
        spent = f"; fees {fees.last_24_hours_allo:g} of {fees.max_daily_fees_allo:g} a day"
        text.append(spent, style="red" if fees.refusal else "")
    if (foreign := worker.foreign_transactions) and (count := foreign.last_24_hours):
        text.append(f"; {count} foreign transaction{'s' * (count != 1)} a day", "yellow")
    return text
