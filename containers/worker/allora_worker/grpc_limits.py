"""Limits the answers over gRPC.

grpclib accepts answers up to 4 GiB, and betterproto makes an object of each few bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from betterproto2 import decode_varint, encode_varint
from grpclib.client import Channel, Handler
from grpclib.encoding.proto import ProtoCodec
from grpclib.protocol import AbstractHandler, Connection, EventsProcessor, H2Protocol
from h2.events import DataReceived, Event, ResponseReceived, StreamEnded, TrailersReceived

from .flood import FloodDetector

_MAX_BYTES: Final = 64 * 1024
_MAX_BYTES_OF: Final[Mapping[str, int]] = {
    "GetOpenWorkerSubmissionWindowsResponse": 4 * 1024,
    "GetOpenReputerSubmissionWindowsResponse": 4 * 1024,
    "GetTxResponse": 256 * 1024,  # with all its events
    "GetNetworkInferencesAtBlockResponse": 1024 * 1024,  # of all workers
    "GetLatestNetworkInferencesResponse": 1024 * 1024,
    "GetInferencesAtBlockResponse": 1024 * 1024,
    "GetForecastsAtBlockResponse": 1024 * 1024,
    "GetNetworkLossBundleAtBlockResponse": 1024 * 1024,
}
# The paths of the fields that are decoded: of a block its header, without the transactions.
_HEADER_IN: Final[Mapping[str, tuple[frozenset[int], ...]]] = {
    "GetLatestBlockResponse": (frozenset({2, 3}), frozenset({1})),
}
_MAX_FIELDS: Final = 100
_LENGTH_DELIMITED: Final = 2  # https://protobuf.dev/programming-guides/encoding/#structure
# A node sends no more at once: https://pkg.go.dev/google.golang.org/grpc#MaxCallRecvMsgSize
_MAX_BYTES_OF_A_STREAM: Final = 5 * 1024 * 1024
_MAX_EVENTS: Final = 2_000  # in ten seconds, beside answers: pings, settings, windows
_EVENTS_OF_ANSWERS: Final = (ResponseReceived, DataReceived, TrailersReceived, StreamEnded)

_Abort = Callable[[], None]


def limit_answers(channel: Channel) -> None:
    """Make calls raise `StreamTerminatedError` or `ValueError` when their answer is too large."""
    config, h2_config = channel._config, channel._h2_config  # noqa: SLF001 - the SDK's channel

    def make_protocol() -> H2Protocol:
        return _LimitedProtocol(Handler(), config, h2_config)

    channel._codec = _LimitedCodec()  # noqa: SLF001
    channel._protocol_factory = make_protocol  # type: ignore[method-assign] # noqa: SLF001


class _LimitedCodec(ProtoCodec):
    def decode(self, data: bytes, message_type: Any) -> Any:  # noqa: ANN401 - any message
        name = message_type.__name__
        if name in _HEADER_IN:
            data = _pick(data, *_HEADER_IN[name])
        most = _MAX_BYTES_OF.get(name, _MAX_BYTES)
        if len(data) > most:
            raise ValueError(f"{name} of {len(data)} bytes, and {most} are the most")
        return super().decode(data, message_type)


def _pick(data: bytes, wanted: frozenset[int], *within: frozenset[int]) -> bytes:
    """Return a message, of nothing but messages, with some of its fields.

    Args:
        data: The encoded message.
        wanted: Numbers of the fields to keep.
        within: The same for the messages in these fields, level by level.

    Raises:
        ValueError: It is no such message.
    """
    picked, position = b"", 0
    for _ in range(_MAX_FIELDS):
        if position >= len(data):
            return picked
        key, position = decode_varint(data, position)
        length, position = decode_varint(data, position)
        end = position + length
        if key & 7 != _LENGTH_DELIMITED or end > len(data):
            raise ValueError("a message that cannot be decoded")
        if key >> 3 in wanted:
            field = _pick(data[position:end], *within) if within else data[position:end]
            picked += encode_varint(key) + encode_varint(len(field)) + field
        position = end
    raise ValueError(f"a message of more than {_MAX_FIELDS} fields")


class _LimitedProcessor(EventsProcessor):
    """Aborts a connection with too many events other than answers.

    Each ping is acknowledged, and a server that does not read would fill the memory.
    """

    def __init__(self, handler: AbstractHandler, connection: Connection, abort: _Abort) -> None:
        super().__init__(handler, connection)
        self._abort = abort
        self._flood = FloodDetector(_MAX_EVENTS, sys.maxsize)

    def process(self, event: Event) -> None:
        if not isinstance(event, _EVENTS_OF_ANSWERS) and self._flood.is_flooded_by(0):
            self._abort()
            self.close("the server floods the connection")
        else:
            super().process(event)

    def process_data_received(self, event: DataReceived) -> None:
        super().process_data_received(event)
        stream = self.streams.get(event.stream_id)
        if stream is not None and stream.data_received > _MAX_BYTES_OF_A_STREAM:
            stream.__terminated__(f"more than {_MAX_BYTES_OF_A_STREAM} bytes")


class _LimitedProtocol(H2Protocol):
    def connection_made(self, transport: Any) -> None:  # noqa: ANN401
        super().connection_made(transport)
        self.processor = _LimitedProcessor(self.handler, self.connection, transport.abort)
