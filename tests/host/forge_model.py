"""A model of the Forge kit that looks around where it runs, and tells on its output what it found.

Its pickle holds this file's text, so that whatever Python loads it compiles it.
"""

from __future__ import annotations

import json
import os
import pickle
import socket
from pathlib import Path
from typing import Any

TARGETS = (("169.254.169.254", 80), ("worker", 9010))


class Model:
    """Pickles into the function `predict` below."""

    def __reduce__(self) -> tuple[Any, ...]:
        scope = {"text": Path(__file__).read_text(), "__name__": "model"}
        return eval, ("exec(text) or globals()['predict']", scope)


def predict(nonce: int) -> float:
    found = {
        "connections": [connect(*each) for each in TARGETS],
        "groups": os.getgroups(),
        "key": os.environ.get("ALLORA_API_KEY"),
        "of_the_server": has_the_key(1),
        "secrets": [file.name for file in Path("/run/secrets").iterdir()],
        "user": os.getuid(),
        "writes": [write(f"{folder}/x") for folder in ("/app", "/model", "/usr", "/tmp")],
        "privileges": privileges(),
    }
    print(json.dumps({"found": found}), flush=True)
    return nonce + 0.5


def connect(address: str, port: int) -> str:
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError as error:
        return type(error).__name__
    return "yes"


def has_the_key(pid: int) -> bool:
    try:
        return "ALLORA_API_KEY=" in Path(f"/proc/{pid}/environ").read_text()
    except OSError:
        return False


def write(path: str) -> bool:
    try:
        Path(path).write_text("x")
    except OSError:
        return False
    return True


def privileges() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {name: status[name].strip() for name in ("CapEff", "NoNewPrivs")}


def saved() -> bytes:
    """Return the pickle."""
    return pickle.dumps(Model())
