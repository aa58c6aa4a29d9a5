"""The model's process, as the server sees it: started, asked, limited in time, replaced."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from .calls import Question
from .failures import Kind, ModelError
from .log import log
from .settings import Settings

_LONGEST_LINE = 64 * 1024
_STOP_SECONDS = 5.0


class _Child:
    """A started process.

    Attributes:
        loading_until: When it must have loaded the model, on the monotonic clock; None once it has.
    """

    def __init__(self, settings: Settings) -> None:
        self.loading_until: float | None = time.monotonic() + settings.load_seconds
        self._received = bytearray()
        self._socket, others = socket.socketpair()
        with others:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "forge_server.child", str(others.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[others.fileno()],
                start_new_session=True,  # so that its own processes end with it
            )

    def send(self, question: Question) -> None:
        with contextlib.suppress(OSError):  # its end shows when it is asked for the answer
            self._socket.sendall(json.dumps(vars(question)).encode() + b"\n")

    def receive(self, seconds: float) -> dict[str, Any]:
        """Return its next message.

        Raises:
            TimeoutError: There is none yet.
            ModelError: It has ended, or says what makes no sense.
        """
        until = time.monotonic() + seconds
        while b"\n" not in self._received:
            self._socket.settimeout(max(until - time.monotonic(), 0.001))
            try:
                chunk = self._socket.recv(4096)
            except ConnectionError:
                chunk = b""
            if not chunk:
                raise ModelError(Kind.ENDED, self._how_it_ended())
            self._received += chunk
            if len(self._received) > _LONGEST_LINE:
                raise ModelError(Kind.ENDED, "The model's process sends what is no answer.")
        line, _, rest = bytes(self._received).partition(b"\n")
        self._received = bytearray(rest)
        try:
            return dict(json.loads(line))
        except (TypeError, ValueError):
            raise ModelError(Kind.ENDED, "The model's process sends what is no answer.") from None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        self.kill()
        self._socket.close()
        self._process.wait()

    def _how_it_ended(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        if code == -signal.SIGKILL:
            return (
                "The model's process was killed: it probably needs more memory than the host has."
            )
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            return (
                f"The model's process crashed ({name}): check MODEL_PYTHON and MODEL_REQUIREMENTS."
            )
        return f"The model's process ended by itself, with status {code}."


class Model:
    """Asks the model, one question at a time, in a process that is replaced when it fails."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._child: _Child | None = None
        self._unusable: ModelError | None = None

    def prepare(self) -> None:
        """Load the model, so that the first question need not wait."""
        with contextlib.suppress(ModelError), self._turn(self._settings.load_seconds):
            self._ready(self._settings.load_seconds)
            log("info", f"{self._settings.model.name} is loaded")

    def ask(self, question: Question) -> str:
        """Return the model's answer.

        Raises:
            ModelError: There is none in time.
        """
        seconds = self._settings.predict_seconds
        with self._turn(seconds):
            child = self._ready(seconds)
            child.send(question)
            try:
                # All of it, also when the model has only just been loaded.
                message = child.receive(seconds)
            except TimeoutError:
                self._replace()
                raise ModelError(
                    Kind.TIMEOUT, f"The model did not answer within {seconds:g} s and was stopped."
                ) from None
            except ModelError as error:
                self._replace()
                raise self._unusable or error from None
            return self._answer(message)

    def stop(self) -> None:
        """End the process, and a question that waits for it; start no other."""
        self._unusable = ModelError(Kind.ENDED, "The server stops.")
        if child := self._child:
            child.kill()
        with contextlib.suppress(ModelError), self._turn(_STOP_SECONDS):
            self._end()

    @contextlib.contextmanager
    def _turn(self, seconds: float) -> Iterator[None]:
        if not self._lock.acquire(timeout=seconds):
            loads = self._child and self._child.loading_until
            kind, what = (Kind.LOADING, "is being loaded") if loads else (Kind.BUSY, "is busy")
            raise ModelError(kind, f"The model {what}.")
        try:
            yield
        finally:
            self._lock.release()

    def _ready(self, seconds: float) -> _Child:
        """Return a process that has loaded the model; a new one if there is none."""
        if self._unusable:
            raise self._unusable.with_traceback(None)  # or it would grow
        child = self._child = self._child or _Child(self._settings)
        if child.loading_until is None:
            return child
        wait = min(seconds, child.loading_until - time.monotonic())
        try:
            message = child.receive(wait)
        except TimeoutError:
            if time.monotonic() < child.loading_until:
                raise ModelError(Kind.LOADING, "The model is being loaded.") from None
            self._end()
            limit = f"{self._settings.load_seconds:g} s"
            raise ModelError(Kind.TIMEOUT, f"The model was not loaded within {limit}.") from None
        except ModelError as error:
            self._end()
            raise self._unusable or error from None
        child.loading_until = None
        if "ready" not in message:
            self._end()
            self._unusable = _failure(message)
            log("error", self._unusable.sentence)
            raise self._unusable
        return child

    def _answer(self, message: dict[str, Any]) -> str:
        if isinstance(message.get("answer"), str):
            return str(message["answer"])
        raise _failure(message)

    def _replace(self) -> None:
        """Have the next process load the model meanwhile."""
        self._end()
        if not self._unusable:
            self._child = _Child(self._settings)

    def _end(self) -> None:
        if self._child:
            self._child.end()
        self._child = None


def _failure(message: dict[str, Any]) -> ModelError:
    try:
        return ModelError(Kind(message["kind"]), str(message["sentence"]))
    except (KeyError, ValueError):
        return ModelError(Kind.FAILED, "The model's process sends what is no answer.")
