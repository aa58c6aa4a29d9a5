"""Limits the fees that the wallet signs: of a transaction, and of 24 hours."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from . import reports
from .errors import NotSignedError, one_line
from .event_names import Event
from .fee_record import FeeRecord, Signed, read_record, write_record
from .money import allo
from .settings import FeeLimits

_REPEAT_SECONDS: Final = 60.0


class Fees:
    """The fees that were signed, and their limits.

    The chain takes one transaction of each sequence at most. So no endpoint can make the wallet pay
    more than the sum, over the sequences, of the highest fee signed with each.

    Args:
        limits: The operator's.
        directory: Has the record; without it, each process counts from its start.
        now: Unix time.
    """

    def __init__(
        self, limits: FeeLimits, directory: Path, now: Callable[[], float] = time.time
    ) -> None:
        self._limits = limits
        self._file = directory / "fees.json"
        self._now = now
        self._is_kept = True
        self._reported_at = -math.inf
        self.refusal: str | None = None
        """Why the last transaction was not signed; None when it was."""
        self._record = self._recall()
        self._keep()

    @property
    def last_day(self) -> int:
        """The most that the signatures of the last 24 hours can have cost, in uallo."""
        return self._record.at(self._now()).total

    def sign(self, account: int, sequence: int, fee: int) -> None:
        """Record a fee in uallo before its signature, or raise `NotSignedError` above a limit."""
        before = self._record.at(self._now())
        after = before.adding(Signed(account, sequence, fee, self._now()))
        if fee > self._limits.a_transaction:
            raise self.refuse(
                f"its fee would be {allo(fee):g} ALLO, and ALLORA_MAX_FEE allows "
                f"{allo(self._limits.a_transaction):g}"
            )
        if after.total > self._limits.a_day:
            raise self.refuse(
                f"its fee of {allo(fee):g} ALLO would make {allo(after.total):g} in 24 hours, and "
                f"ALLORA_MAX_DAILY_FEES allows {allo(self._limits.a_day):g}"
            )
        self.refusal = None
        self._record = after
        self._keep()

    def refuse(self, reason: str) -> NotSignedError:
        """Return the error for a transaction; report it, at most once a minute."""
        self.refusal = f"a transaction is not signed, and nothing is paid: {reason}"
        if time.monotonic() - self._reported_at >= _REPEAT_SECONDS:
            self._reported_at = time.monotonic()
            reports.error(Event.FEE_REFUSED, self.refusal)
        return NotSignedError(self.refusal)

    def report(self) -> dict[str, object]:
        """Return the fees' part of `/health`."""
        return {
            "last_24_hours_allo": allo(self.last_day),
            "max_fee_allo": allo(self._limits.a_transaction),
            "max_daily_fees_allo": allo(self._limits.a_day),
            "refusal": self.refusal,
        }

    def _recall(self) -> FeeRecord:
        try:
            return read_record(self._file)
        except (OSError, ValueError) as error:
            reports.warning(
                Event.FEES_FORGOTTEN,
                f"{self._file} cannot be read ({one_line(error)}): the fees of the last 24 hours "
                "are counted from now on",
            )
            return FeeRecord()

    def _keep(self) -> None:
        """Write the record; report a failure once."""
        try:
            write_record(self._file, self._record)
        except OSError as error:
            if self._is_kept:
                reports.warning(
                    Event.FEES_NOT_KEPT,
                    f"{self._file} cannot be written ({error.strerror}): the fees of 24 hours are "
                    "counted from each start of the worker; make its directory writable",
                )
            self._is_kept = False
        else:
            self._is_kept = True
