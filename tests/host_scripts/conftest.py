"""What the host's Python scripts meet: an emulated AWS."""

from collections.abc import Iterator

import pytest
import requests
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """The URL of an emulated AWS."""
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def endpoint(emulator: str) -> str:
    """The URL of an emulated AWS in which nothing exists."""
    requests.post(f"{emulator}/moto-api/reset", timeout=60).raise_for_status()
    return emulator
