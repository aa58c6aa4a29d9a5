"""The fees that the wallet signed in the last 24 hours, in a file that outlives the process."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

_DAY: Final = 24 * 3600
_HOUR: Final = 3600
# A transaction is signed again within seconds of the first time, if at all.
_MAX_SEQUENCES: Final = 100
_NO_RECORD: Final = "it is no record of fees"


class Signed(NamedTuple):
    """The transactions with one sequence of one account; the chain takes one of them at most."""

    account: int
    sequence: int
    fee: int
    """The highest of their fees, in uallo."""
    at: float
    """Unix time of the last signature."""


@dataclass(frozen=True)
class FeeRecord:
    """The fees of the last 24 hours; its size is bounded."""

    signed: tuple[Signed, ...] = ()
    """The newest transactions, the last one last."""
    hours: Mapping[int, int] = field(default_factory=dict)
    """Sums of the older fees in uallo, by the hour of Unix time."""

    @property
    def total(self) -> int:
        """The most that the transactions can have cost, in uallo."""
        return sum(each.fee for each in self.signed) + sum(self.hours.values())

    def at(self, now: float) -> FeeRecord:
        """Return the record without the fees older than a day.

        Fees of the future, because the clock was wrong, count as of now.
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
        """Return the record with one more transaction, the newest."""
        same = [each for each in self.signed if each[:2] == new[:2]]
        others = [each for each in self.signed if each[:2] != new[:2]]
        highest = max(each.fee for each in (new, *same))
        others.append(new._replace(fee=highest))
        hours = dict(self.hours)
        for each in others[:-_MAX_SEQUENCES]:
            hours[_hour(each.at)] = hours.get(_hour(each.at), 0) + each.fee
        return FeeRecord(tuple(others[-_MAX_SEQUENCES:]), hours)


def read_record(path: Path) -> FeeRecord:
    """Return the record in a file; an empty one without the file.

    Raises:
        OSError: The file cannot be read.
        ValueError: Its content is no record.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return FeeRecord()
    except RecursionError as error:
        raise ValueError(_NO_RECORD) from error
    try:
        signed = tuple(Signed(*each) for each in document["signed"])
        hours = {int(hour): fees for hour, fees in document["hours"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(_NO_RECORD) from error
    numbers = [*(number for each in signed for number in each), *hours, *hours.values()]
    if not all(type(each) in (int, float) and each >= 0 for each in numbers):
        raise ValueError(_NO_RECORD)
    return FeeRecord(signed, hours)


def write_record(path: Path, record: FeeRecord) -> None:
    """Replace the file atomically, or raise `OSError`."""
    text = json.dumps({"signed": record.signed, "hours": record.hours})
    new = path.with_suffix(".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _hour(at: float) -> int:
    return int(at // _HOUR)
