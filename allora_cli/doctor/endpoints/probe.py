"""Ask a gRPC endpoint for the chain's newest block."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from containers.worker.allora_worker.urls import address_of

_CALL: Final = Path(__file__).with_name("call.mjs")
_METHOD: Final = "/cosmos.base.tendermint.v1beta1.Service/GetLatestBlock"
_SECONDS: Final = 6
_SECONDS_TO_START: Final = 10
_PREFIX: Final = 5
"""Bytes before a gRPC message: compressed or not, and its length."""

# https://protobuf.dev/programming-guides/encoding/#structure
_VARINT, _LENGTH_DELIMITED = 0, 2
# Of GetLatestBlockResponse, Block and Header, as in
# https://github.com/cosmos/cosmos-sdk/blob/main/proto/cosmos/base/tendermint/v1beta1/query.proto
_BLOCKS: Final = (2, 3)
_HEADER: Final = 1
_CHAIN_ID: Final = 2
_HEIGHT: Final = 3

_ERRORS: Final = {
    "ECONNREFUSED": "nothing listens there",
    "ENOTFOUND": "DNS does not find its host",
    "ETIMEDOUT": f"no answer within {_SECONDS} seconds",
}


class EndpointError(Exception):
    """An endpoint is of no use; the message is the rest of a sentence about it."""


@dataclass(frozen=True)
class NewestBlock:
    """The newest block that an endpoint knows."""

    chain_id: str
    height: int


def newest_block(grpc_url: str) -> NewestBlock:
    """Return an endpoint's newest block.

    Raises:
        EndpointError: there is no usable answer.
        OSError: Node.js does not run.
    """
    answer = _call(grpc_url)
    if error := answer.get("error"):
        raise EndpointError(_ERRORS.get(error, f"no connection ({error})"))
    if answer["grpc"] is None:
        raise EndpointError(f"answers with HTTP status {answer['status']} and not with gRPC")
    if answer["grpc"] != "0":
        raise EndpointError(f"answers with gRPC status {answer['grpc']}")
    try:
        return _read(base64.b64decode(answer["body"])[_PREFIX:])
    except (IndexError, KeyError, StopIteration, ValueError) as unreadable:
        raise EndpointError("answers with no block") from unreadable


def _call(grpc_url: str) -> dict[str, str]:
    scheme = urlsplit(grpc_url).scheme.removeprefix("grpc+")
    command = ["node", str(_CALL), f"{scheme}://{address_of(grpc_url)}", _METHOD, str(_SECONDS)]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS + _SECONDS_TO_START,
            check=True,
        )
    except subprocess.TimeoutExpired:
        return {"error": "ETIMEDOUT"}
    except subprocess.CalledProcessError as error:
        return {"error": f"node ends with {error.returncode}"}
    answer: dict[str, str] = json.loads(done.stdout)
    return answer


def _read(response: bytes) -> NewestBlock:
    """Return what the beginning of a GetLatestBlockResponse says.

    Raises:
        IndexError, KeyError, StopIteration, ValueError: it is none.
    """
    blocks = _messages(response)
    block = next(blocks[number] for number in _BLOCKS if number in blocks)
    header = _messages(block)[_HEADER]
    return NewestBlock(_messages(header)[_CHAIN_ID].decode(), _numbers(header)[_HEIGHT])


def _messages(message: bytes) -> dict[int, bytes]:
    """Return the messages and texts in a message, by their fields' numbers."""
    return {number: value for number, value in _fields(message) if isinstance(value, bytes)}


def _numbers(message: bytes) -> dict[int, int]:
    """Return the numbers in a message, by their fields' numbers."""
    return {number: value for number, value in _fields(message) if isinstance(value, int)}


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield a message's fields, of which the last one may be cut off."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        value, position = _varint(message, position)
        if key & 7 == _VARINT:
            yield key >> 3, value
        elif key & 7 == _LENGTH_DELIMITED:
            yield key >> 3, message[position : position + value]
            position += value
        else:
            raise ValueError("a field of another type")


def _varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:  # noqa: PLR2004 - the bit for "more follows"
            return value, position
