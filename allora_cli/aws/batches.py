"""Lists for requests that take so many items at once and no more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], most: int) -> Iterator[list[T]]:
    """Yield the items in order, in lists of at most so many."""
    rest = iter(items)
    while batch := list(islice(rest, most)):
        yield batch
