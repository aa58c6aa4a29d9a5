"""Spare a synth the search for garbage: it is over before there is any to speak of."""

import atexit
import gc

ALLOCATIONS = 100_000
"""Objects, net, between two searches (Python's default: 700); a synth makes about as many."""


def collect_rarely() -> None:
    """Search rarely, and not at all when the process ends and frees its memory anyway."""
    gc.set_threshold(ALLOCATIONS)
    atexit.register(gc.freeze)
