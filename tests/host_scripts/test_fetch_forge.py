"""bin/fetch-forge.py: the model from an emulated S3 or a server, by its digest alone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tests.host_scripts import imds
from tests.http_server import Handler, handled_by

SCRIPT = Path(__file__).parents[2] / "scripts/host/bin/fetch-forge.py"
MODEL = b"a pickle"
DIGEST = hashlib.sha256(MODEL).hexdigest()
URL = "s3://my-models/btc/predict.pkl"
ROLE = "iam/security-credentials/allora-worker-role"
CREDENTIALS = {"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "token"}


class Host:
    """A host's root directory, and its instance metadata."""

    def __init__(self, directory: Path, endpoint: str, imds_url: str) -> None:
        self.file = directory / "root/var/lib/allora/forge/predict.pkl"
        self.role = directory / "imds" / ROLE
        self.role.parent.mkdir(parents=True)
        self.role.write_text(json.dumps(CREDENTIALS))
        self.environment = {
            "PATH": os.environ["PATH"],
            "ALLORA_ROOT": str(directory / "root"),
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": endpoint,
            "IMDS_ENDPOINT": imds_url,
            "AWS_MAX_ATTEMPTS": "1",
            "MODEL_FORGE": URL,
            "MODEL_SHA256": DIGEST,
        }

    def run(self, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(SCRIPT)],
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def host(tmp_path: Path, endpoint: str) -> Iterator[Host]:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket="my-models")
    client.put_object(Bucket="my-models", Key="btc/predict.pkl", Body=MODEL)
    with imds.serve(tmp_path / "imds") as imds_url:
        yield Host(tmp_path, endpoint, imds_url)


def refused(host: Host, result: subprocess.CompletedProcess[str]) -> str:
    """The one sentence of a failure, after which there is no model."""
    assert result.returncode == os.EX_CONFIG
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    assert not host.file.parent.exists() or list(host.file.parent.iterdir()) == []
    return result.stderr


def test_an_object_is_fetched_for_every_user(host: Host) -> None:
    result = host.run()
    assert (result.returncode, result.stdout) == (0, f"MODEL_FORGE {URL} is in place\n")
    assert host.file.read_bytes() == MODEL
    assert host.file.stat().st_mode & 0o777 == 0o644
    assert host.file.parent.stat().st_mode & 0o777 == 0o755


def test_a_model_in_place_needs_no_network(host: Host) -> None:
    host.run()
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "IMDS_ENDPOINT": "http://127.0.0.1:9"}
    result = host.run(**nowhere)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_damaged_model_is_fetched_again(host: Host) -> None:
    host.file.parent.mkdir(parents=True)
    host.file.write_bytes(MODEL[:-1])
    assert host.run().returncode == 0
    assert host.file.read_bytes() == MODEL


def test_another_file_is_not_kept(host: Host) -> None:
    error = refused(host, host.run(MODEL_SHA256="0" * 64))
    assert f"has the SHA-256 {DIGEST}, not that of MODEL_SHA256, {'0' * 64}." in error


@pytest.mark.parametrize("key", ["btc/absent.pkl", "another-bucket/absent.pkl"])
def test_an_object_that_is_not_there(host: Host, key: str) -> None:
    error = refused(host, host.run(MODEL_FORGE=f"s3://my-models/{key}"))
    assert "cannot be read: NoSuchKey" in error
    assert "in a bucket in us-east-1 that lets this account read it" in error


def test_a_server_that_does_not_answer(host: Host) -> None:
    error = refused(host, host.run(MODEL_FORGE="https://127.0.0.1:9/predict.pkl"))
    assert "cannot be read: <urlopen error" in error
    assert "reachable from the instance" in error


def test_a_download_that_breaks_off_is_no_other_file(host: Host) -> None:
    class BreaksOff(Handler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(MODEL)))
            self.end_headers()
            self.wfile.write(MODEL[:-1])

    with handled_by(BreaksOff) as url:
        error = refused(host, host.run(MODEL_FORGE=f"{url}/predict.pkl"))
    assert "cannot be read: IncompleteRead(0 bytes read, 1 more expected)" in error
