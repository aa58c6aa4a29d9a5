"""What the host's Python scripts meet: an emulated AWS."""

from collections.abc import Iterator

import boto3
import pytest
import requests
from botocore.config import Config
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="module")
def emulator() -> Iterator[str]:
    """The URL of an emulated AWS."""
    server = ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    _load_services(url)
    yield url
    server.stop()


def _load_services(url: str) -> None:
    """Make the first calls, which take moto longer on a busy machine than the scripts wait."""
    boto = boto3.Session("testing", "testing", region_name="us-east-1")
    patience = Config(read_timeout=120)
    boto.client("ssm", endpoint_url=url, config=patience).describe_parameters()
    boto.client("s3", endpoint_url=url, config=patience).list_buckets()


@pytest.fixture
def endpoint(emulator: str) -> str:
    """The URL of an emulated AWS in which nothing exists."""
    requests.post(f"{emulator}/moto-api/reset", timeout=60).raise_for_status()
    return emulator
