"""Reduce garbage collection in a program that soon ends."""

import atexit
import gc

ALLOCATIONS = 100_000
"""Allocations between two collections (Python's default: 700); a synth makes about as many."""


def collect_rarely() -> None:
    """Collect rarely, and not at all when the process ends."""
    gc.set_threshold(ALLOCATIONS)
    atexit.register(gc.freeze)
