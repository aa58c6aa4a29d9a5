"""The fake chain, in the cloud, and what the test asks of it."""

from __future__ import annotations

import http.client
import json
import subprocess
from pathlib import Path
from typing import Any

from tests.host import cloud, namespaces
from tests.host.slots import Slot

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".tools" / "images" / "bin" / "python"
"""With the packages of worker and fake chain."""
NAME = "chain.test"
"""Its host name."""

# With one block a second, as long as the windows of Allora's topics with blocks of five seconds.
_WINDOW_BLOCKS = 60
REST_PORT = 1317
_GRPC, _WEBSOCKET, _CONTROL = 9090, 26657, 8090
GRPC_URL = f"grpc+http://{NAME}:{_GRPC}"
WEBSOCKET_URL = f"ws://{NAME}:{_WEBSOCKET}/websocket"


class Chain:
    """A chain whose windows open when the test says so; without a topic, the first one is meant."""

    def __init__(self, slot: Slot, *, chain_id: str, topics: tuple[int, ...], log: Path) -> None:
        self._slot = slot
        self._topics = topics
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    *("nsenter", f"--net={namespaces.path(slot.cloud_network)}"),
                    *(str(PYTHON), "-m", "devtools.fake_chain", "--bind", cloud.ADDRESS),
                    *("--chain-id", chain_id),
                    *(word for topic in topics for word in ("--topic", str(topic))),
                    *("--window-blocks", str(_WINDOW_BLOCKS)),
                    *("--grpc-port", str(_GRPC), "--websocket-port", str(_WEBSOCKET)),
                    *("--control-port", str(_CONTROL), "--rest-port", str(REST_PORT)),
                ],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        assert self._process.stdout
        ready = self._process.stdout.readline()
        assert ready, f"the fake chain did not start:\n{log.read_text()}"

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        self._process.wait(timeout=30)

    @property
    def state(self) -> dict[str, Any]:
        """All that it has seen."""
        state: dict[str, Any] = self._ask("GET", "/state")
        return state

    @property
    def submissions(self) -> list[dict[str, Any]]:
        """What was submitted and accepted, in order."""
        found: list[dict[str, Any]] = self.state["submissions"]
        return found

    def submission(self, nonce: int, topic: int | None = None) -> dict[str, Any] | None:
        """That for a window, if it was accepted."""
        window = topic or self._topics[0], nonce
        return next((s for s in self.submissions if (s["topic"], s["nonce"]) == window), None)

    def open_window(self, announce: str = "both", topic: int | None = None) -> int:
        """Opens a window for submissions.

        Args:
            announce: by websocket (``event``), to those who ask (``poll``), or both.

        Returns:
            Its nonce.
        """
        wanted = {"topic": topic or self._topics[0], "announce": announce}
        answer = self._ask("POST", "/window", wanted)
        nonce: int = answer["nonce"]
        return nonce

    def settle(self, topic: int | None = None) -> None:
        """Closes the windows, scores what was submitted, and pays."""
        self._ask("POST", "/settle", {"topic": topic or self._topics[0]})

    def behave(self, **behaviour: Any) -> None:
        """Changes how it behaves, such as ``frozen=True``."""
        self._ask("POST", "/behaviour", behaviour)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        connection = http.client.HTTPConnection(cloud.ADDRESS, _CONTROL)
        connection.sock = cloud.connect(self._slot, cloud.ADDRESS, _CONTROL)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None)
            answer = connection.getresponse()
            content = answer.read()
            assert answer.status == http.client.OK, content
            return json.loads(content)
        finally:
            connection.close()
