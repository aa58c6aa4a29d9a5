"""bin/fetch-build-contexts.py as the host runs it: a real boto3, an emulated S3."""

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import boto3
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts/host/bin/fetch-build-contexts.py"
BUCKET = "allora-tfstate"
PREFIX = "allora-single-node/build-contexts"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


@pytest.fixture
def s3(endpoint: str) -> Any:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )
    client.create_bucket(Bucket=BUCKET)
    return client


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def put(s3: Any, content: bytes, digest: str | None = None) -> str:
    digest = digest or hashlib.sha256(content).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{digest}.tar", Body=content)
    return digest


class Host:
    def __init__(self, root: Path, endpoint: str) -> None:
        self.contexts = root / "opt/allora/build-contexts"
        self.environment = {
            "PATH": os.environ["PATH"],
            "ALLORA_ROOT": str(root),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "BUILD_CONTEXTS_BUCKET": BUCKET,
            "BUILD_CONTEXTS_REGION": "us-east-1",
            "BUILD_CONTEXTS_PREFIX": PREFIX,
            **CREDENTIALS,
        }

    def run(self, digest: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(SCRIPT)],
            env={**self.environment, "BUILD_CONTEXTS_SHA256": digest, **environment},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def host(tmp_path: Path, endpoint: str) -> Host:
    return Host(tmp_path / "root", endpoint)


def test_what_was_deployed_is_unpacked(s3: Any, host: Host) -> None:
    digest = put(s3, archive(worker__Dockerfile="FROM scratch"))
    result = host.run(digest)
    assert result.returncode == 0, result.stderr
    assert (host.contexts / "worker/Dockerfile").read_text() == "FROM scratch"


def test_a_second_run_needs_no_network(s3: Any, host: Host) -> None:
    digest = put(s3, archive(worker__Dockerfile="FROM scratch"))
    assert host.run(digest).returncode == 0
    assert host.run(digest, AWS_ENDPOINT_URL="http://127.0.0.1:9").returncode == 0


def test_nothing_of_another_archive_stays(s3: Any, host: Host) -> None:
    assert host.run(put(s3, archive(worker__old="old"))).returncode == 0
    assert host.run(put(s3, archive(worker__new="new"))).returncode == 0
    assert [path.name for path in (host.contexts / "worker").iterdir()] == ["new"]


def test_an_interrupted_unpacking_is_done_again(s3: Any, host: Host) -> None:
    digest = put(s3, archive(worker__Dockerfile="FROM scratch"))
    (host.contexts / "worker").mkdir(parents=True)
    (host.contexts / "worker/half").write_text("")
    assert host.run(digest).returncode == 0
    assert [path.name for path in (host.contexts / "worker").iterdir()] == ["Dockerfile"]


def test_another_content_under_that_name_is_refused(s3: Any, host: Host) -> None:
    digest = hashlib.sha256(b"what was deployed").hexdigest()
    put(s3, archive(worker__Dockerfile="FROM evil"), digest)
    result = host.run(digest)
    assert result.returncode == 78
    assert "is not what was deployed" in result.stderr
    assert "Traceback" not in result.stderr
    assert not host.contexts.exists()


def test_a_missing_object_names_the_remedy(s3: Any, host: Host) -> None:
    assert s3
    result = host.run("1" * 64)
    assert result.returncode == 1
    assert f"s3://{BUCKET}/{PREFIX}/{'1' * 64}.tar cannot be read" in result.stderr
    assert "cdktf deploy allora-common allora-single-node" in result.stderr
    assert "Traceback" not in result.stderr


def test_no_answer_is_one_sentence(host: Host) -> None:
    result = host.run("1" * 64, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert result.returncode == 1
    assert "Check the instance's way to the internet" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_host_that_builds_nothing_fetches_nothing(host: Host) -> None:
    assert host.run("", AWS_ENDPOINT_URL="http://127.0.0.1:9").returncode == 0
    assert not host.contexts.exists()
