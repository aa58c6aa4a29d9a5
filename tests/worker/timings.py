"""Durations with which a worker is tested."""

from __future__ import annotations

import dataclasses

from allora_worker.timings import Timings

QUICK = Timings(
    chain_call=30.0,
    chain_pause_min=0.05,
    chain_pause_max=0.2,
    endpoint_check=0.2,
    endpoint_behind=2.0,
    endpoint_rest=3600,
    default_block=0.1,
    poll_min=0.1,
    poll_max=0.2,
    hint_pause=0.05,
    payment_pause_min=0.5,
    payment_pause_max=1.0,
    events_silence=30.0,
    events_pause_min=0.05,
    events_pause_max=0.2,
    events_reopen=0.5,
    verdict_min=0.1,
    verdict_max=0.2,
    submission_pause=0.1,
    refused_pause_min=0.1,
    refused_pause_max=0.2,
    model_connect=30.0,
    model_answer=30.0,
    model_pauses=(0.05,),
    model_probe=0.05,
    consumer_answer=30.0,
    gauges=0.2,
    balance=0.1,
    stop_submission=30.0,
    stop=45.0,
)
"""Short pauses, but patient limits: no call fails because a busy computer stands still."""

HASTY_WITH_CHAIN = dataclasses.replace(QUICK, chain_call=2.0)
"""For tests in which the endpoint hangs, which nothing but a limit tells."""

HASTY_WITH_MODEL = dataclasses.replace(QUICK, model_answer=1.0)
"""For tests in which the model server hangs."""
