"""A fake chain in a process of its own, with the packages of the images."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.local.deployment import ROOT

PYTHON = ROOT / ".tools" / "images" / "bin" / "python"


@dataclass(frozen=True)
class Chain:
    """Where it is."""

    rest: str
    control: str

    @property
    def balances(self) -> dict[str, int]:
        """In uallo, by address."""
        return {address: int(amount) for address, amount in self._state()["balances"].items()}

    @property
    def waiting(self) -> int:
        """How many transactions wait for a block."""
        return int(self._state()["waiting"])

    def _state(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.control}/state") as answer:  # noqa: S310
            state: dict[str, Any] = json.load(answer)
        return state


@contextmanager
def fake_chain(chain_id: str, block_seconds: float = 0.1) -> Iterator[Chain]:
    """A chain with this id, and a block each so many seconds."""
    assert PYTHON.exists(), "the images' packages are missing: run the tests with make test"
    ports = [word for name in ("grpc", "websocket", "control") for word in (f"--{name}-port", "0")]
    with subprocess.Popen(
        [
            *(str(PYTHON), "-m", "devtools.fake_chain", *ports),
            *("--chain-id", chain_id, "--block-seconds", str(block_seconds)),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        try:
            urls = json.loads(process.stdout.readline())
            yield Chain(urls["rest"], urls["control"])
        finally:
            process.terminate()
            process.stdout.read()
