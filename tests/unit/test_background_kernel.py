"""The kernel loads packages in the background; whatever needs an answer waits for it."""

import threading
import time
from typing import Any

import pytest

from fast_synth.background_kernel import _LoadingInBackground


class Connection:
    """Answers as jsii's connection to the kernel does, loads only when allowed to."""

    def __init__(self) -> None:
        self.loads_may_proceed = threading.Event()
        self.log: list[str] = []
        self._only_one = threading.Lock()

    def load(self, request: str) -> None:
        self._answer(f"load {request}", after=self.loads_may_proceed)
        if request == "broken":
            raise RuntimeError("broken is not a package")

    def stats(self) -> int:
        return self._answer("stats")

    def create(self, request: str) -> int:
        return self._answer(f"create {request}")

    def _answer(self, request: str, after: threading.Event | None = None) -> int:
        assert self._only_one.acquire(blocking=False), "a request is already under way"
        try:
            if after:
                assert after.wait(timeout=60)
            time.sleep(0.01)  # long enough for another request to come, if one could
            self.log.append(request)
            return len(self.log)
        finally:
            self._only_one.release()


@pytest.fixture
def connection() -> Connection:
    return Connection()


@pytest.fixture
def background(connection: Connection) -> Any:
    return _LoadingInBackground(connection)  # type: ignore[arg-type]


def test_a_load_is_not_waited_for(connection: Connection, background: Any) -> None:
    background.load("cdktf")
    background.load("provider")
    assert "load cdktf" not in connection.log
    connection.loads_may_proceed.set()


def test_any_other_request_waits_for_all_loads(connection: Connection, background: Any) -> None:
    background.load("cdktf")
    background.load("provider")
    connection.loads_may_proceed.set()
    assert background.create("App") == 4
    assert connection.log == ["stats", "load cdktf", "load provider", "create App"]


def test_a_load_after_a_request_is_waited_for_too(connection: Connection, background: Any) -> None:
    connection.loads_may_proceed.set()
    background.create("App")
    background.load("provider")
    background.create("Vpc")
    assert connection.log == ["stats", "create App", "load provider", "create Vpc"]


def test_a_load_that_fails_is_an_error_of_the_next_request(
    connection: Connection, background: Any
) -> None:
    background.load("broken")
    connection.loads_may_proceed.set()
    with pytest.raises(RuntimeError, match="broken is not a package"):
        background.create("App")
    assert "create App" not in connection.log
