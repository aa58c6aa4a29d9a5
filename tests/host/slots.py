"""Several runs and workers boot hosts on one machine; each has a slot, with names of its own."""

from __future__ import annotations

import fcntl
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.host import cache


@dataclass(frozen=True)
class Slot:
    """A share of the machine that one process has for itself.

    Attributes:
        number: the lowest one that was free.
    """

    number: int

    @property
    def name(self) -> str:
        """For everything of which the machine has only one of a name."""
        return f"allora-test-{self.number}"

    @property
    def directory(self) -> Path:
        """For its files, which stay until the slot is taken again."""
        return _directory() / str(self.number)

    @property
    def host_network(self) -> str:
        """The network namespace of its host."""
        return f"{self.name}-host"

    @property
    def cloud_network(self) -> str:
        """The network namespace of everything that the host reaches."""
        return f"{self.name}-cloud"


@contextmanager
def lowest_free() -> Iterator[Slot]:
    """Take the lowest slot that nobody has."""
    for number in itertools.count():
        with _taken(number) as slot:
            if slot:
                yield slot
                return


@contextmanager
def abandoned() -> Iterator[list[Slot]]:
    """Take all slots that were used before and that nobody has now."""
    with ExitStack() as stack:
        numbers = sorted(int(path.name) for path in _directory().iterdir() if path.is_dir())
        found = [stack.enter_context(_taken(number)) for number in numbers]
        yield [slot for slot in found if slot]


@contextmanager
def _taken(number: int) -> Iterator[Slot | None]:
    with (_directory() / f"{number}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield Slot(number)


def _directory() -> Path:
    path = cache.directory() / "runs"
    path.mkdir(exist_ok=True)
    return path
