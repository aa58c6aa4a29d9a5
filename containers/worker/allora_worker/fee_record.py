"""What the wallet's signatures of the last 24 hours can have cost, in a file that outlives us."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

_DAY: Final = 24 * 3600
_HOUR: Final = 3600
_MOST_SEQUENCES: Final = 100
"""A transaction is signed again within seconds of the first time, if at all."""


class Signed(NamedTuple):
    """The transactions that were signed with one sequence of one account.

    Args:
        account: The account's number.
        sequence: Of several transactions with the same one, the chain takes one at most.
        fee: The highest of theirs, in uallo.
        at: When the last of them was signed, in seconds of Unix time.
    """

    account: int
    sequence: int
    fee: int
    at: float


@dataclass(frozen=True)
class FeeRecord:
    """All that was signed in the last 24 hours.

    Its size is bounded, whatever sequences are signed: of the older ones the hours' sums are kept.

    Args:
        signed: The last ones, the newest last.
        hours: Fees of those before, in uallo, by the hour of Unix time.
    """

    signed: tuple[Signed, ...] = ()
    hours: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """The most that all of it can have cost, in uallo."""
        return sum(each.fee for each in self.signed) + sum(self.hours.values())

    def at(self, now: float) -> FeeRecord:
        """The record without what is older than a day.

        What is of the future, because the clock was wrong, counts as of this moment.
        """
        signed = [each._replace(at=min(each.at, now)) for each in self.signed]
        hours: dict[int, int] = {}
        for hour, fees in self.hours.items():
            known = min(hour, _hour(now))
            hours[known] = hours.get(known, 0) + fees
        since = now - _DAY
        return FeeRecord(
            tuple(each for each in signed if each.at > since),
            {hour: fees for hour, fees in hours.items() if (hour + 1) * _HOUR > since},
        )

    def adding(self, new: Signed) -> FeeRecord:
        """The record with one more transaction, of the present."""
        same = [each for each in self.signed if each[:2] == new[:2]]
        others = [each for each in self.signed if each[:2] != new[:2]]
        highest = max(each.fee for each in (new, *same))
        others.append(new._replace(fee=highest))
        hours = dict(self.hours)
        for each in others[:-_MOST_SEQUENCES]:
            hours[_hour(each.at)] = hours.get(_hour(each.at), 0) + each.fee
        return FeeRecord(tuple(others[-_MOST_SEQUENCES:]), hours)


def read_record(path: Path) -> FeeRecord:
    """The record in a file; an empty one when there is no such file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It holds something else.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return FeeRecord()
    try:
        document = json.loads(text)
        signed = tuple(Signed(*each) for each in document["signed"])
        hours = {int(hour): fees for hour, fees in document["hours"].items()}
        numbers = [*(number for each in signed for number in each), *hours, *hours.values()]
        is_understood = all(type(each) in (int, float) and each >= 0 for each in numbers)
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("it is not what this program writes") from error
    if not is_understood:
        raise ValueError("it is not what this program writes")
    return FeeRecord(signed, hours)


def write_record(path: Path, record: FeeRecord) -> None:
    """Replaces the file at once: whoever reads it finds the old or the new record.

    Raises:
        OSError: The file cannot be written.
    """
    text = json.dumps({"signed": record.signed, "hours": record.hours})
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _hour(at: float) -> int:
    return int(at // _HOUR)
