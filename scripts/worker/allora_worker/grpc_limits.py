"""How large an answer over gRPC may be.

grpclib takes whatever a server announces, up to 4 GiB, and betterproto makes an object of each few
bytes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from grpclib.client import Channel, Handler
from grpclib.encoding.proto import ProtoCodec
from grpclib.protocol import EventsProcessor, H2Protocol

MOST_BYTES: Final = 256 * 1024
# A node's own limit is 4 MiB: https://pkg.go.dev/google.golang.org/grpc#MaxCallRecvMsgSize
_MOST_BYTES_OF: Final[Mapping[str, int]] = {
    "GetLatestBlockResponse": 4 * 1024 * 1024,  # with all its transactions
    "GetNetworkInferencesAtBlockResponse": 4 * 1024 * 1024,  # of all workers
}
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
        most = _MOST_BYTES_OF.get(name, MOST_BYTES)
        if len(data) > most:
            raise ValueError(f"{name} of {len(data)} bytes, and {most} are the most")
        return super().decode(data, message_type)


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
