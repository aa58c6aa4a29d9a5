"""Answers as services of a gRPC server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol, get_type_hints

from grpclib.const import Cardinality, Handler, Status
from grpclib.exceptions import GRPCError

Answer = Callable[[Any], Any]


class Service(Protocol):
    """A gRPC service."""

    name: str

    def answers(self) -> list[Answer]:
        """Return its methods: functions from a request to a response, both annotated.

        An answer raises `grpclib.GRPCError` for another status than OK.
        """

    def check(self) -> None:
        """Raise `grpclib.GRPCError` when the whole service does not answer."""


class Answers:
    """Several services, in the form that grpclib's server takes.

    Args:
        services: What is answered.
        calls: Counts the calls by method.
        admit: Returns whether one more call is answered.
    """

    def __init__(
        self, services: list[Service], calls: Counter[str], admit: Callable[[], bool]
    ) -> None:
        self._services = services
        self._calls = calls
        self._admit = admit

    def __mapping__(self) -> dict[str, Handler]:
        """Grpclib's interface: handlers by path."""
        handlers = {}
        for service in self._services:
            for answer in service.answers():
                request, response = _messages(answer)
                method = request.__name__.removeprefix("Query").removesuffix("Request")
                handlers[f"/{service.name}/{method}"] = Handler(
                    self._handler(service, method, answer),
                    Cardinality.UNARY_UNARY,
                    request,
                    response,
                )
        return handlers

    def _handler(self, service: Service, method: str, answer: Answer) -> Callable[[Any], Any]:
        async def handle(stream: Any) -> None:  # noqa: ANN401 - generic in both messages
            request = await stream.recv_message()
            self._calls[method] += 1
            if not self._admit():
                raise GRPCError(Status.RESOURCE_EXHAUSTED, "rate limit exceeded")
            service.check()
            await stream.send_message(answer(request))

        return handle


def _messages(answer: Answer) -> tuple[type, type]:
    """Return the types of an answer's request and response, which are its annotations."""
    hints = get_type_hints(answer)
    response = hints.pop("return")
    (request,) = hints.values()
    return request, response
