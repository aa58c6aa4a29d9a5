"""Candles in a CSV file: a header line, then at least the columns `time` and `close`."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from model_server.prices import Candle, SourceError, candle_of


def write_candles(file: TextIO, candles: Iterable[Candle]) -> None:
    """Write candles; times in seconds since 1970, prices as they are."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["time", "close"])
    writer.writerows([candle.time, repr(candle.close)] for candle in candles)


def read_candles(file: TextIO) -> list[Candle]:
    """Read candles.

    Args:
        file: Times in seconds since 1970 or in ISO 8601 (without a zone: UTC), in any order;
            other columns do not matter.

    Returns:
        The candles in the order of time.

    Raises:
        ValueError: The file has another form; the text says where.
    """
    reader = csv.DictReader(file)
    if not {"time", "close"} <= set(reader.fieldnames or ()):
        raise ValueError("the first line must name the columns time and close")
    candles = []
    for row in reader:
        try:
            candles.append(candle_of(_seconds(row["time"]), row["close"]))
        except (SourceError, TypeError, ValueError) as error:
            raise ValueError(f"line {reader.line_num}: {error}") from None
    return sorted(candles, key=lambda candle: candle.time)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
