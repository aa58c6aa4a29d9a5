"""All durations of the worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Durations in seconds, which only tests change."""

    chain_call: float = 10.0
    """Limit of one call to the chain's endpoint; the SDK sets none."""
    chain_pause_min: float = 1.0
    chain_pause_max: float = 15.0
    """Between attempts while the endpoint fails, doubling. Windows are about a minute long."""
    endpoint_check: float = 60.0
    """Between comparisons of several endpoints."""
    endpoint_behind: float = 120.0
    """By which an endpoint's newest block may be older than another's."""
    endpoint_rest: float = 300.0
    """Until an endpoint that failed is preferred again."""
    websocket_return: float = 1800.0
    """On another websocket, until the preferred one is tried again."""
    default_block: float = 5.5
    """Between blocks, until it has been measured."""
    poll_min: float = 5.0
    poll_max: float = 60.0
    """Bounds of the time between polls, which is a third of the topic's submission window."""
    hint_pause: float = 1.0
    """Between polls after a hint that a window has opened."""
    payment_pause_min: float = 60.0
    payment_pause_max: float = 3600.0
    """Bounds of the pause after several paid transactions were rejected: half of an epoch."""
    prepare_again: float = 3600.0
    """Between checks of the topic and of the wallet's registration."""
    events_silence: float = 60.0
    """Without a block, after which the websocket counts as dead."""
    events_pause_min: float = 1.0
    events_pause_max: float = 30.0
    """Between attempts to open the websocket, doubling."""
    events_reopen: float = 600.0
    """Between two reconnects because an open websocket missed a window."""
    verdict_min: float = 30.0
    verdict_max: float = 900.0
    """Bounds of the time between questions about the network's verdict, which is an epoch."""
    submission: float = 300.0
    """Limit of one transaction with all of the SDK's attempts."""
    submission_pause: float = 3.0
    """Between attempts to submit within one window."""
    refused_pause_min: float = 60.0
    refused_pause_max: float = 600.0
    """Between attempts while the network refuses, doubling."""
    refused_exit: float = 300.0
    """Until the process ends because the network refuses it in every topic."""
    model_connect: float = 3.0
    model_answer: float = 20.0
    """Limit of the first request in a window; doubled after each timeout."""
    model_pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 5.0)
    """Between requests within a window; the last one repeats."""
    model_probe: float = 15.0
    """Between requests until the model server's first answer."""
    consumer_answer: float = 10.0
    """Limit of a consumer's request."""
    gauges: float = 60.0
    """Between reports of the gauges."""
    balance: float = 60.0
    """Between checks of the wallet's balance."""
    faucet: float = 600.0
    """Between requests to the testnet's faucet."""
    watchdog: float = 120.0
    """Limit of a standstill of the event loop."""
    stop_submission: float = 15.0
    """Limit of a transaction in flight during a stop."""
    stop: float = 25.0
    """Limit of the whole stop; Docker kills after 30."""
