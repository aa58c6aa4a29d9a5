"""How large an answer over gRPC may be.

grpclib takes whatever a server announces, up to 4 GiB, and betterproto makes an object of each few
bytes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from betterproto2 import decode_varint, encode_varint
from grpclib.client import Channel, Handler
from grpclib.encoding.proto import ProtoCodec
from grpclib.protocol import EventsProcessor, H2Protocol

_MOST_BYTES: Final = 64 * 1024
_MOST_BYTES_OF: Final[Mapping[str, int]] = {
    "GetUnfulfilledWorkerNoncesResponse": 4 * 1024,
    "GetUnfulfilledReputerNoncesResponse": 4 * 1024,
    "GetTxResponse": 256 * 1024,  # with all its events
    "GetNetworkInferencesAtBlockResponse": 1024 * 1024,  # of all workers
}
# A block has all its transactions with it. Only its header is wanted.
_HEADER_IN: Final[Mapping[str, tuple[frozenset[int], ...]]] = {
    "GetLatestBlockResponse": (frozenset({2, 3}), frozenset({1})),
}
_MOST_FIELDS: Final = 100
_LENGTH_DELIMITED: Final = 2  # https://protobuf.dev/programming-guides/encoding/#structure
# A node sends no more at once: https://pkg.go.dev/google.golang.org/grpc#MaxCallRecvMsgSize
_MOST_BYTES_OF_A_STREAM: Final = 5 * 1024 * 1024


def limit_answers(channel: Channel) -> None:
    """Makes calls over a channel fail when their answer is too large.

    They raise `StreamTerminatedError` or `ValueError` then.
    """
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
        most = _MOST_BYTES_OF.get(name, _MOST_BYTES)
        if len(data) > most:
            raise ValueError(f"{name} of {len(data)} bytes, and {most} are the most")
        return super().decode(data, message_type)


def _pick(data: bytes, wanted: frozenset[int], *within: frozenset[int]) -> bytes:
    """A message with only some of its fields.

    Args:
        data: The message, whose fields are all messages.
        wanted: The numbers of the fields that stay.
        within: The same for the messages in these fields, level by level.

    Raises:
        ValueError: It is no such message.
    """
    picked, position = b"", 0
    for _ in range(_MOST_FIELDS):
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
    raise ValueError(f"a message of more than {_MOST_FIELDS} fields")


class _LimitedProcessor(EventsProcessor):
    def process_data_received(self, event: Any) -> None:  # noqa: ANN401 - as grpclib has it
        super().process_data_received(event)
        stream = self.streams.get(event.stream_id)
        if stream is not None and stream.data_received > _MOST_BYTES_OF_A_STREAM:
            stream.__terminated__(f"more than {_MOST_BYTES_OF_A_STREAM} bytes")


class _LimitedProtocol(H2Protocol):
    def connection_made(self, transport: Any) -> None:  # noqa: ANN401
        super().connection_made(transport)
        self.processor = _LimitedProcessor(self.handler, self.connection)
