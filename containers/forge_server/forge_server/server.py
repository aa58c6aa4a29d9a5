"""The HTTP interface.

- `GET /inference/{token}?topic_id=…&block_height=…`: the model's prediction, a plain number, or a
  JSON object of labels and numbers.
- `GET /health`: whether the model predicts: the last prediction, if it is not old, or a new one.

An error is one sentence of plain text.
"""

from __future__ import annotations

import threading
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

from .calls import Question
from .failures import STATUS, ModelError
from .log import log
from .process import Model
from .settings import Settings


class Server(ThreadingHTTPServer):
    """Answers the worker with the model's predictions."""

    daemon_threads = True

    def __init__(self, settings: Settings, model: Model) -> None:
        super().__init__(("0.0.0.0", settings.port), _Handler)  # noqa: S104 - its container's network
        self._model = model
        self._health = _Health(settings)

    def predict(self, question: Question) -> tuple[HTTPStatus, str]:
        """Return the status and the text of an answer."""
        try:
            answer = self._model.ask(question)
        except ModelError as error:
            log("error", error.sentence)
            return STATUS[error.kind], error.sentence
        log("info", f"topic {question.topic_id} at {question.nonce}: {answer}")
        self._health.note(question)
        return HTTPStatus.OK, answer

    def health(self) -> tuple[HTTPStatus, str]:
        """Return 200 if the model predicts."""
        if self._health.is_fresh:
            return HTTPStatus.OK, "The model predicts."
        return self.predict(self._health.question)


class _Health:
    """When the model has worked last, and on what."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.health_seconds
        self._lock = threading.Lock()
        self._worked_at: float | None = None
        self.question = Question(topic_id=settings.topic_id, nonce=0, token="")

    def note(self, question: Question) -> None:
        with self._lock:
            self._worked_at, self.question = time.monotonic(), question

    @property
    def is_fresh(self) -> bool:
        with self._lock:
            worked = self._worked_at
        return worked is not None and time.monotonic() < worked + self._seconds


class _Handler(BaseHTTPRequestHandler):
    server: Server
    timeout = 10  # seconds for a request to arrive

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        parts = url.path.strip("/").split("/")
        if parts == ["health"]:
            self._answer(*self.server.health())
        elif len(parts) == 2 and parts[0] == "inference":  # noqa: PLR2004
            question = _question(unquote(parts[1]), parse_qs(url.query))
            if question:
                self._answer(*self.server.predict(question))
            else:
                self._answer(HTTPStatus.BAD_REQUEST, "topic_id and block_height must be numbers.")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "A model of the Forge kit answers /inference alone.")

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Log nothing: predictions are logged."""


def _question(token: str, query: dict[str, list[str]]) -> Question | None:
    numbers = [query.get(name, ["0"])[-1] for name in ("topic_id", "block_height")]
    if not all(number.isascii() and number.isdigit() and len(number) <= 20 for number in numbers):  # noqa: PLR2004
        return None
    return Question(topic_id=int(numbers[0]), nonce=int(numbers[1]), token=token)
