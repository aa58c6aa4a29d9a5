"""Durations with which a worker is tested."""

from __future__ import annotations

from allora_worker.timings import Timings

QUICK = Timings(
    chain_call=1.0,
    chain_pause_min=0.05,
    chain_pause_max=0.2,
    default_block=0.1,
    poll_min=0.1,
    poll_max=0.2,
    events_silence=1.0,
    events_pause_min=0.05,
    events_pause_max=0.2,
    events_reopen=0.5,
    submission_pause=0.1,
    refused_pause_min=0.1,
    refused_pause_max=0.2,
    model_connect=1.0,
    model_answer=1.0,
    model_pauses=(0.05,),
    model_probe=0.05,
    consumer_answer=1.0,
    gauges=0.2,
    balance=0.1,
    stop_submission=5.0,
    stop=20.0,
)
"""A minute of the real worker is about a second."""
