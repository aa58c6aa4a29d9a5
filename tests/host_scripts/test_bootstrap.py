"""bin/bootstrap.py: the archive arrives however late AWS is, is checked, and takes over."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from shared.host_events import FIELDS, Code, Event, State
from tests.host.waiting import wait_for
from tests.host_scripts import imds

BIN = Path(__file__).parents[2] / "scripts/host/bin"
REGION = "us-east-1"
BUCKET, PREFIX = "allora-tfstate", "allora-single-node/build-contexts"
GROUP, INSTANCE = "/allora/tester/host", "i-0123456789abcdef0"
ROLE = "allora-worker-role"
SECONDS = 120
INSTALL = """#!/bin/sh
echo "installed in $ALLORA_ROOT" >"$ALLORA_ROOT/installed"
"""


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, text in {"bin/install.sh": INSTALL, **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            member.mode = 0o755 if name.startswith("bin/") else 0o644
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


class Host:
    """A host in a directory, as user data has written it, with its metadata and its journal."""

    def __init__(self, directory: Path, endpoint: str, imds_url: str) -> None:
        self.root = directory / "root"
        self.metadata = directory / "imds"
        self.role = self.metadata / f"iam/security-credentials/{ROLE}"
        self._calls = directory / "calls"
        self._endpoint, self._imds_url = endpoint, imds_url
        self._directory = directory
        self._bootstrap = self.root / "opt/allora-bootstrap"
        self._bootstrap.mkdir(parents=True)
        for name in ("bootstrap.py", "aws.py"):
            shutil.copy(BIN / name, self._bootstrap)
        (self.root / "dev").mkdir()
        (self.root / "etc/allora").mkdir(parents=True)
        self.role.parent.mkdir(parents=True)
        (self.metadata / "instance-id").write_text(INSTANCE)
        self.role.write_text(
            json.dumps({"AccessKeyId": "testing", "SecretAccessKey": "testing", "Token": "token"})
        )
        stubs = directory / "stubs"
        stubs.mkdir()
        for name in ("logger", "systemctl"):
            noted = shlex.quote(str(self._calls))
            stub = stubs / name
            stub.write_text(f'#!/bin/sh\nprintf "%s\\n" "{name} $*" >>{noted}\n')
            stub.chmod(0o755)
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, sha256: str) -> subprocess.Popen[bytes]:
        """Runs the bootstrap, with short pauses."""
        settings = {
            "AWS_REGION": REGION,
            "LOG_GROUP_PREFIX": "/allora/tester",
            "ARCHIVE_BUCKET": BUCKET,
            "ARCHIVE_REGION": REGION,
            "ARCHIVE_PREFIX": PREFIX,
            "ARCHIVE_SHA256": sha256,
        }
        (self.root / "etc/allora/host.env").write_text(
            "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())
        )
        run = "import bootstrap; bootstrap.PAUSES = (0.2,); bootstrap.main()"
        process = subprocess.Popen(
            [sys.executable, "-c", run],
            cwd=self._bootstrap,
            env={
                "PATH": f"{self._directory / 'stubs'}:{os.environ['PATH']}",
                "ALLORA_ROOT": str(self.root),
                "IMDS_ENDPOINT": self._imds_url,
                "AWS_ENDPOINT_URL": self._endpoint,
            },
        )
        self._processes.append(process)
        return process

    def run(self, sha256: str) -> None:
        assert self.start(sha256).wait(SECONDS) == 0

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    @property
    def journal(self) -> list[tuple[str, dict[str, Any]]]:
        """Tag and event of each line in the journal."""
        lines = [call.split(" ", 4) for call in self.calls if call.startswith("logger")]
        return [(tag, json.loads(text)) for _, _, tag, _, text in lines]

    @property
    def console(self) -> list[dict[str, Any]]:
        console = self.root / "dev/console"
        return [json.loads(line) for line in console.read_text().splitlines()]

    @property
    def installed(self) -> bool:
        """Whether the archive's install.sh has run."""
        return (self.root / "installed").exists()

    def waits(self) -> bool:
        return any(event["state"] == "waiting" for _, event in self.journal)

    def check_names(self) -> None:
        """Assert that its events have the names that the `allora` command knows."""
        for _, event in self.journal:
            assert event.keys() <= FIELDS
            assert Event(event["event"])
            assert State(event["state"])
            assert Code(event["code"]) if event["state"] == State.WAITING else "code" not in event

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@pytest.fixture
def host(tmp_path: Path, endpoint: str) -> Iterator[Host]:
    with imds.serve(tmp_path / "imds") as imds_url:
        host = Host(tmp_path, endpoint, imds_url)
        yield host
        host.close()
    host.check_names()


def client(service: Any, endpoint: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture
def s3(endpoint: str) -> Any:
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket=BUCKET)
    return s3


@pytest.fixture
def logs(endpoint: str) -> Any:
    logs = client("logs", endpoint)
    logs.create_log_group(logGroupName=GROUP)
    return logs


def put(s3: Any, content: bytes, sha256: str | None = None) -> str:
    sha256 = sha256 or hashlib.sha256(content).hexdigest()
    s3.put_object(Bucket=BUCKET, Key=f"{PREFIX}/{sha256}.tar", Body=content)
    return sha256


def arrived(logs: Any) -> list[dict[str, Any]]:
    """The events in CloudWatch."""
    found = logs.get_log_events(
        logGroupName=GROUP, logStreamName=f"{INSTANCE}/boot", startFromHead=True
    )
    return [json.loads(event["message"]) for event in found["events"]]


def test_what_was_deployed_is_unpacked_and_takes_over(host: Host, s3: Any, logs: Any) -> None:
    sha256 = put(s3, archive(**{"build-contexts/worker/Dockerfile": "FROM scratch"}))
    host.run(sha256)
    assert (host.root / "installed").read_text() == f"installed in {host.root}\n"
    dockerfile = host.root / "opt/allora/build-contexts/worker/Dockerfile"
    assert dockerfile.read_text() == "FROM scratch"
    assert dockerfile.stat().st_mode & 0o777 == 0o644
    expected = [("bootstrap", "started"), ("bootstrap", "done")]
    assert [(event["event"], event["state"]) for event in arrived(logs)] == expected
    assert host.console == arrived(logs)
    # report.py sends the others: what has arrived is not sent twice.
    assert host.journal == [("allora-bootstrap", event) for event in arrived(logs)]


def test_what_is_unpacked_is_not_fetched_again(host: Host, s3: Any, logs: Any) -> None:
    assert logs
    sha256 = put(s3, archive())
    host.run(sha256)
    s3.delete_object(Bucket=BUCKET, Key=f"{PREFIX}/{sha256}.tar")
    (host.root / "installed").unlink()
    host.run(sha256)
    assert host.installed


def test_another_archive_replaces_the_first(host: Host, s3: Any, logs: Any) -> None:
    assert logs
    host.run(put(s3, archive(old="1")))
    host.run(put(s3, archive(new="2")))
    there = {path.name for path in (host.root / "opt/allora").iterdir()}
    assert there == {"bin", "new", "sha256"}


def test_what_an_interruption_has_left_is_no_obstacle(host: Host, s3: Any, logs: Any) -> None:
    assert logs
    for left in ("allora.new", "allora"):
        (host.root / "opt" / left / "bin/install.sh").mkdir(parents=True)
    host.run(put(s3, archive()))
    assert host.installed
    assert not (host.root / "opt/allora.new").exists()


def test_an_archive_that_comes_late_is_waited_for(host: Host, s3: Any, logs: Any) -> None:
    content = archive()
    sha256 = hashlib.sha256(content).hexdigest()
    process = host.start(sha256)
    wait_for("it has been tried twice", lambda: len(host.journal) > 2)
    put(s3, content)
    assert process.wait(SECONDS) == 0
    assert host.installed
    started, *waiting, done = arrived(logs)
    assert (started["state"], done["state"]) == ("started", "done")
    for event in waiting:
        assert event["state"] == "waiting"
        assert event["code"] == "archive_unavailable"
        assert event["needs_operator"] is False
        assert f"s3://{BUCKET}/{PREFIX}/{sha256}.tar cannot be read: NoSuchKey" in event["message"]


def test_credentials_that_come_late_are_waited_for(host: Host, s3: Any, logs: Any) -> None:
    later = host.role.rename(host.metadata / "later")
    process = host.start(put(s3, archive()))
    wait_for("it has been tried", host.waits)
    later.rename(host.role)
    assert process.wait(SECONDS) == 0
    assert host.installed
    # What CloudWatch did not get is left to report.py: it has another identifier.
    kept = [event for tag, event in host.journal if tag == "allora"]
    sent = [event for tag, event in host.journal if tag == "allora-bootstrap"]
    assert "started" in [event["state"] for event in kept]
    assert sent == arrived(logs)
    assert sent[-1]["state"] == "done"


@pytest.mark.usefixtures("logs")
def test_a_policy_that_comes_late_is_waited_for(host: Host, s3: Any, endpoint: str) -> None:
    """IAM is eventually consistent: the embedded AWS refuses all requests after some."""
    requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=60).raise_for_status()
    try:
        process = host.start(hashlib.sha256(archive()).hexdigest())
        wait_for("it has been tried", host.waits)
    finally:
        requests.post(f"{endpoint}/moto-api/reset-auth", data="inf", timeout=60)
    put(s3, archive())
    assert process.wait(SECONDS) == 0
    assert host.installed
    waiting = [event["message"] for _, event in host.journal if event["state"] == "waiting"]
    assert "InvalidAccessKeyId" in waiting[0]


def test_session_manager_is_tried_again_once_aws_answers(host: Host, s3: Any, logs: Any) -> None:
    """The agent, whose own first try may have been too early, would sleep for half an hour."""
    assert logs
    wake = "systemctl try-restart --no-block *amazon-ssm-agent.service"
    sha256 = put(s3, archive())
    role = host.role.read_text()
    host.role.unlink()
    process = host.start(sha256)
    wait_for("it has been tried", host.waits)
    assert wake not in host.calls
    host.role.write_text(role)
    assert process.wait(SECONDS) == 0
    assert host.calls.count(wake) == 1
    host.run(sha256)  # by hand perhaps, in a session of this agent
    assert host.calls.count(wake) == 1


def test_another_content_is_refused_and_reported(host: Host, s3: Any, logs: Any) -> None:
    sha256 = put(s3, archive(), sha256="0" * 64)
    process = host.start(sha256)
    wait_for("it has been tried", host.waits)
    assert process.poll() is None
    assert not (host.root / "opt/allora").exists()
    refused = arrived(logs)[1]
    assert refused["needs_operator"] is True
    assert "is not what was deployed" in refused["message"]


def test_a_full_disk_is_waited_for(host: Host, s3: Any, logs: Any) -> None:
    assert logs
    obstacle = host.root / "opt/allora.new"
    obstacle.write_text("in the way")
    process = host.start(put(s3, archive()))
    wait_for("it has been tried", host.waits)
    obstacle.unlink()
    assert process.wait(SECONDS) == 0
    assert host.installed


def test_lines_do_nothing_to_a_terminal(host: Host, s3: Any) -> None:
    assert s3
    host.start("\x1b[2J\u202e")
    wait_for("it has been tried", host.waits)
    assert host.console
    assert all(32 <= byte < 127 for line in host.calls for byte in line.encode())
