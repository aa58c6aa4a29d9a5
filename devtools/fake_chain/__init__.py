"""A stand-in for an Allora node on this computer, for trying and testing a worker.

It answers what a worker of allora_sdk asks over gRPC and over the CometBFT websocket, and a little
over REST, checks what the worker sends as the network would (signatures, account sequence, fee,
registration, window), and fails on request, over HTTP, as a real node does.
`python -m fake_chain --help`.

It also plays the others in a topic, scores everybody and pays, by the network's published rules:
`behaviour.py` says what can be chosen, `competition.py` what then happens. It simplifies how a
reward is divided among inferers, forecasters and reputers (`rewards.py`), how forecasts become
inferences (`network.py`), and that every reputer is listened to.
"""

from __future__ import annotations

from .options import Options
from .server import FakeChain

__all__ = ["FakeChain", "Options"]
