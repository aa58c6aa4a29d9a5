"""Tells a server that answers without gRPC, as a CDN does, from a node that refuses a call.

grpclib turns HTTP statuses into gRPC's: a 404 would be UNIMPLEMENTED, which a node answers when it
does not know the SDK's version of the chain's protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from grpclib.client import Channel, Stream
from grpclib.exceptions import GRPCError

_HTTP_OK: Final = "200"


class HttpAnswerError(Exception):
    """A server answered a call with HTTP alone; the text is what it answered."""


class _Call(Stream[Any, Any]):
    def _raise_for_status(self, headers_map: Mapping[str, str]) -> None:
        status = headers_map[":status"]
        if status == _HTTP_OK:
            return
        if "grpc-status" in headers_map:
            self._raise_for_grpc_status(*self._process_grpc_status(dict(headers_map)))
        raise HttpAnswerError(f"HTTP status {status}")

    def _raise_for_content_type(self, headers_map: Mapping[str, str]) -> None:
        try:
            super()._raise_for_content_type(dict(headers_map))
        except GRPCError as error:
            kind = headers_map.get("content-type", "no type")
            raise HttpAnswerError(f"HTTP content of {kind}") from error


def tell_http_from_grpc(channel: Channel) -> None:
    """Make calls raise `HttpAnswerError` when their answer is not gRPC."""
    request = channel.request

    def call(*arguments: Any, **options: Any) -> Stream[Any, Any]:  # noqa: ANN401 - as grpclib
        stream = request(*arguments, **options)
        stream.__class__ = _Call
        return stream

    channel.request = call  # type: ignore[method-assign]
