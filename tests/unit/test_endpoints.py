"""`allora doctor` asks each endpoint of ALLORA_GRPC_URL for its newest block."""

from __future__ import annotations

import base64
import contextlib
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.endpoints.checks import check_endpoints
from allora_cli.doctor.findings import Finding, Verdict
from settings import Settings

MakeSettings = Callable[..., Settings]
SERVER = Path(__file__).with_name("grpc_server.mjs")
TESTNET = "allora-testnet-1"


def field(number: int, value: int | bytes) -> bytes:
    """A field of a protobuf message; a number below 2^14, or at most 127 bytes."""
    if isinstance(value, int):
        return bytes([number << 3, value & 0x7F | 0x80, value >> 7])
    return bytes([number << 3 | 2, len(value)]) + value


def block(height: int, chain_id: str = TESTNET) -> bytes:
    """An answer with a newest block, as a gRPC message."""
    header = field(1, field(1, 11)) + field(2, chain_id.encode()) + field(3, height)
    message = field(1, b"id") + field(2, field(1, header))
    return bytes(4) + bytes([len(message)]) + message


@contextlib.contextmanager
def endpoint(body: bytes = b"", status: int = 200, grpc: str = "0") -> Iterator[str]:
    command = ["node", str(SERVER), str(status), grpc, base64.b64encode(body).decode()]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            yield f"grpc+http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def found(make_settings: MakeSettings, *urls: str) -> Finding:
    settings = make_settings(ALLORA_NETWORK="testnet", ALLORA_GRPC_URL=",".join(urls))
    return check_endpoints(CheckContext(known_settings=settings))


def test_endpoints_that_work(make_settings: MakeSettings) -> None:
    with endpoint(block(9000)) as first, endpoint(block(9010)) as second:
        finding = found(make_settings, first, second)
    assert (finding.verdict, finding.detail) == (Verdict.OK, "2 work, at block 9,010")
    assert finding.facts["endpoints"][0] == {"url": first, "height": 9000}


def test_a_block_with_many_transactions(make_settings: MakeSettings) -> None:
    with endpoint(block(9000) + bytes(90_000)) as url:
        assert found(make_settings, url).verdict is Verdict.OK


def test_the_network_s_own_are_not_asked(make_settings: MakeSettings) -> None:
    settings = make_settings(ALLORA_NETWORK="testnet")
    finding = check_endpoints(CheckContext(known_settings=settings))
    assert (finding.verdict, finding.is_quiet) == (Verdict.OK, True)


def test_an_endpoint_of_another_network(make_settings: MakeSettings) -> None:
    with endpoint(block(9000)) as first, endpoint(block(9000, "allora-mainnet-1")) as second:
        finding = found(make_settings, first, second)
    assert finding.verdict is Verdict.FAIL
    assert finding.detail == f"{second} belongs to allora-mainnet-1, not to {TESTNET}"


def test_an_endpoint_that_is_behind(make_settings: MakeSettings) -> None:
    with endpoint(block(9000)) as first, endpoint(block(9021)) as second:
        finding = found(make_settings, first, second)
    assert finding.verdict is Verdict.WARNING
    assert finding.detail == f"{first} is 21 blocks behind"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 404, "grpc": ""}, "answers with HTTP status 404 and not with gRPC"),
        ({"grpc": "12"}, "answers with gRPC status 12"),
        ({"body": b"\0\0\0\0\2hi"}, "answers with no block"),
        ({"body": b""}, "answers with no block"),
    ],
)
def test_an_endpoint_that_is_none(
    make_settings: MakeSettings, answer: dict[str, object], said: str
) -> None:
    with endpoint(**answer) as url:  # type: ignore[arg-type]
        finding = found(make_settings, url)
    assert (finding.verdict, finding.detail) == (Verdict.WARNING, f"{url}: {said}")


def test_an_endpoint_that_is_away(make_settings: MakeSettings) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"grpc+http://127.0.0.1:{bound.getsockname()[1]}"
        finding = found(make_settings, url)
    assert (finding.verdict, finding.detail) == (
        Verdict.WARNING,
        f"{url}: nothing listens there",
    )
