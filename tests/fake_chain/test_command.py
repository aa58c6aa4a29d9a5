"""The command that people and containers start."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from devtools.fake_chain import Options

COMMAND = (sys.executable, "-m", "devtools.fake_chain")
ANY_PORTS = ("--grpc-port=0", "--websocket-port=0", "--control-port=0")
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_and_what_happens_and_stops_on_a_signal(name: signal.Signals) -> None:
    with subprocess.Popen(
        (*COMMAND, *ANY_PORTS, "--topic=69", "--topic=77"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            urls = json.loads(process.stdout.readline())
            assert urls["grpc"].startswith("grpc+http://127.0.0.1:")
            assert urls["websocket"].startswith("ws://127.0.0.1:")
            assert urls["websocket"].endswith("/websocket")
            answer = requests.post(urls["control"] + "/window", json={"topic": 77}, timeout=30)
            nonce = answer.json()["nonce"]
            assert process.stdout.readline() == (
                f"block {nonce}  window open  topic 77 worker nonce {nonce}, "
                f"until block {nonce + 12}\n"
            )
            process.send_signal(name)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_it_behaves_as_it_is_told() -> None:
    behaviour = json.dumps({"topics": {"69": {"labels": ["down", "up"]}}})
    with subprocess.Popen(
        (*COMMAND, *ANY_PORTS, "--behaviour", behaviour), cwd=ROOT, stdout=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout
            json.loads(process.stdout.readline())
            assert b"behaviour    {'topics': {'69': {'labels': ['down', 'up']}}}" in (
                process.stdout.readline()
            )
        finally:
            process.kill()


@pytest.mark.parametrize("behaviour", ["{", '{"unknown": 1}', "[]"])
def test_it_explains_a_behaviour_that_makes_no_sense(behaviour: str) -> None:
    done = subprocess.run(
        (*COMMAND, "--behaviour", behaviour), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_it_explains_options_that_make_no_sense() -> None:
    done = subprocess.run(
        (*COMMAND, "--window-blocks=12", "--epoch-blocks=6"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "an epoch must last at least as long as a window, or be 0" in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [{"topics": ()}, {"block_seconds": 0}, {"window_blocks": 0}, {"epoch_blocks": -1}],
)
def test_options_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|needed"):
        Options(**wrong)  # type: ignore[arg-type]
