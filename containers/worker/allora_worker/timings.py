"""Every duration that the worker waits, in one place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Durations in seconds. Tests shorten them; nothing else has to change them."""

    chain_call: float = 10.0
    """For one call to the chain's endpoint. The SDK sets no deadline at all."""
    chain_pause_min: float = 1.0
    chain_pause_max: float = 15.0
    """Between attempts while the endpoint fails, doubling. Windows are about a minute long."""
    default_block: float = 5.5
    """Between blocks, until it has been measured."""
    poll_min: float = 5.0
    poll_max: float = 60.0
    """Bounds of the time between polls, which is a third of the topic's submission window."""
    hint_pause: float = 1.0
    """Between polls while somebody says that there is a window to be found."""
    payment_pause_min: float = 60.0
    payment_pause_max: float = 3600.0
    """Bounds of the time between transactions after several were paid for and rejected, which is
    half of the topic's epoch."""
    prepare_again: float = 3600.0
    """Between looks at what a topic needs: its windows' length, the wallet's registration."""
    events_silence: float = 60.0
    """Without a block on the websocket, after which it counts as deaf."""
    events_pause_min: float = 1.0
    events_pause_max: float = 30.0
    """Between attempts to open the websocket, doubling."""
    events_reopen: float = 600.0
    """Between two times that an open websocket is given up because it missed a window."""
    submission: float = 300.0
    """For one transaction with all of the SDK's attempts."""
    submission_pause: float = 3.0
    """Between attempts to submit within one window."""
    refused_pause_min: float = 60.0
    refused_pause_max: float = 600.0
    """Between attempts while the network refuses, doubling."""
    refused_exit: float = 300.0
    """After which the process ends when the network refuses it in every topic."""
    model_connect: float = 3.0
    model_answer: float = 20.0
    """For the first request of a window; a model that was too slow gets twice the time next."""
    model_pauses: tuple[float, ...] = (1.0, 2.0, 4.0, 5.0)
    """Between requests within a window; the last one repeats."""
    model_probe: float = 15.0
    """Between requests until the model server has answered for the first time."""
    consumer_answer: float = 10.0
    """For an inference that a consumer asks for."""
    gauges: float = 60.0
    """Between reports of the metrics that are measured, not counted."""
    balance: float = 60.0
    """Between looks at the wallet's balance."""
    faucet: float = 600.0
    """Between requests to the testnet's faucet."""
    watchdog: float = 120.0
    """For which the event loop may stand still."""
    stop_submission: float = 15.0
    """For a transaction in flight when the worker is told to stop."""
    stop: float = 25.0
    """For the whole stop; Docker kills after 30."""
