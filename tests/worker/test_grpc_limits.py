from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime

import hpack
import pytest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import (
    Block,
    GetLatestBlockResponse,
    Header,
)
from allora_sdk.rpc_client.protos.emissions.v3 import Nonce, Nonces
from allora_sdk.rpc_client.protos.emissions.v10 import (
    GetLatestNetworkInferencesResponse,
    GetNetworkInferencesAtBlockResponse,
    GetOpenWorkerSubmissionWindowsResponse,
    LabeledValue,
    NetworkInferenceBundle,
    WorkerInference,
)
from allora_sdk.rpc_client.protos.tendermint.types import Commit, CommitSig, Data
from allora_worker.grpc_limits import _LimitedCodec, limit_answers
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.exceptions import StreamTerminatedError

CODEC = _LimitedCodec()
TIME = datetime(2026, 1, 1, tzinfo=UTC)


def test_of_a_block_the_header_is_taken() -> None:
    block = Block(
        header=Header(chain_id="x", height=7, time=TIME),
        data=Data(txs=[b"x" * 1000] * 1000),
        last_commit=Commit(height=6, signatures=[CommitSig()] * 100_000),
    )
    encoded = bytes(GetLatestBlockResponse(sdk_block=block))
    answer = CODEC.decode(encoded, GetLatestBlockResponse)
    assert answer == GetLatestBlockResponse(
        sdk_block=Block(header=Header(chain_id="x", height=7, time=TIME))
    )


@pytest.mark.parametrize(
    "data", [b"\x1a", b"\x1a\x05", b"\x08\x01", b"\x12\x00" * 101, b"\xff" * 20], ids=bytes.hex
)
def test_a_block_that_is_none_is_no_answer(data: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        CODEC.decode(data, GetLatestBlockResponse)


def test_thousands_of_nonces_are_no_answer() -> None:
    nonces = Nonces(nonces=[Nonce(block_height=number) for number in range(3000)])
    encoded = bytes(GetOpenWorkerSubmissionWindowsResponse(nonces=nonces))
    with pytest.raises(ValueError, match="GetOpenWorkerSubmissionWindowsResponse of"):
        CODEC.decode(encoded, GetOpenWorkerSubmissionWindowsResponse)


@pytest.mark.parametrize(
    "kind", [GetNetworkInferencesAtBlockResponse, GetLatestNetworkInferencesResponse]
)
def test_a_network_may_have_many_inferers(
    kind: type[GetNetworkInferencesAtBlockResponse | GetLatestNetworkInferencesResponse],
) -> None:
    inferences = [
        WorkerInference(worker=f"allo1{number:038}", values=[LabeledValue(value="65000.25")])
        for number in range(2000)
    ]
    answer = kind(network_inferences=NetworkInferenceBundle(inferer_values=inferences))
    assert CODEC.decode(bytes(answer), kind) == answer


@pytest.mark.asyncio
async def test_a_flood_of_pings_ends_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = b"\0\0\0\4\0\0\0\0\0"
    ping = b"\0\0\x08\6\0\0\0\0\0" + b"12345678"

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"/a/b")
        writer.write(settings + ping * 100_000)
        with contextlib.suppress(ConnectionError):
            while await reader.read(2**16):  # until the client has enough
                pass
        writer.close()

    # Uncompressed, so that the server can tell when it is asked.
    encode = hpack.Encoder.encode
    monkeypatch.setattr(
        hpack.Encoder, "encode", lambda self, headers: encode(self, headers, huffman=False)
    )
    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    async with server:
        channel = Channel("127.0.0.1", server.sockets[0].getsockname()[1])
        limit_answers(channel)
        ask: UnaryUnaryMethod[Nonce, Nonce] = UnaryUnaryMethod(channel, "/a/b", Nonce, Nonce)
        try:
            with pytest.raises(StreamTerminatedError):
                await ask(Nonce(block_height=1), timeout=60)
        finally:
            channel.close()
