"""bin/report.py: the journal's lines arrive in CloudWatch Logs, each once and in order."""

from __future__ import annotations

import http.client
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.host.waiting import wait_for
from tests.host_scripts import imds

ROOT = Path(__file__).parents[2]
REGION = "us-east-1"
INSTANCE = "i-0123456789abcdef0"
GROUP, MODEL_GROUP = "/allora/tester/host", "/allora/tester/model"
ROLE = "allora-worker-role"
KEY, SECRET, TOKEN = "AKIAEXAMPLEOFTHETEST", "the-secret/key+of-the-role", "a-token==of/the-role"
CREDENTIALS = {"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": TOKEN}
SECONDS = 120
NOW = int(time.time() * 1_000_000)
"""In microseconds, as the journal has it."""


class Front(ThreadingHTTPServer):
    """Stands before the emulated AWS, and is sometimes not there.

    Attributes:
        asked: headers (by name in lower case) and body of every request, in order.
        answers: what it answers, once each, in place of the emulated AWS; None hangs up.
        gate: closed while requests have to wait.
    """

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.endpoint = endpoint.removeprefix("http://")
        self.asked: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, str] | None] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def puts(self) -> list[list[str]]:
        """The messages of each request to put events."""
        return [
            [event["message"] for event in json.loads(body)["logEvents"]]
            for headers, body in self.asked
            if headers["x-amz-target"].endswith(".PutLogEvents")
        ]


class _Passing(BaseHTTPRequestHandler):
    server: Front

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((headers, body))
        if self.server.answers:
            answer = self.server.answers.pop(0)
            if answer is None:
                return
            status, text = answer
        else:
            connection = http.client.HTTPConnection(self.server.endpoint, timeout=SECONDS)
            connection.request("POST", self.path, body, headers)
            passed = connection.getresponse()
            status, text = passed.status, passed.read().decode()
            connection.close()
        self.server.gate.wait(SECONDS)
        with suppress(BrokenPipeError):
            self.send_response(status)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


class Host:
    """A host in a directory, with a journal, metadata, and the program that is tested."""

    def __init__(self, directory: Path, front: Front, imds_url: str) -> None:
        self.front = front
        self.root = directory / "root"
        self.cursor = self.root / "var/lib/allora-report/cursor"
        self.metadata = directory / "imds"
        self._journal = directory / "journal"
        self._journal.write_text("")
        self._directory = directory
        self._imds_url = imds_url
        self._running: list[subprocess.Popen[str]] = []
        settings = {"AWS_REGION": REGION, "LOG_GROUP_PREFIX": "/allora/tester", "X": "it's = odd"}
        self._write(
            self.root / "etc/allora/host.env",
            "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items()),
        )
        self._write(self.metadata / "instance-id", INSTANCE)
        self._write(self.metadata / f"iam/security-credentials/{ROLE}", json.dumps(CREDENTIALS))
        stand_in = directory / "bin/journalctl"
        program = Path(__file__).with_name("journalctl.py")
        python = shlex.quote(sys.executable)
        self._write(stand_in, f'#!/bin/sh\nexec {python} {shlex.quote(str(program))} "$@"\n')
        stand_in.chmod(0o755)

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def remembers(self) -> str:
        """The cursor that is kept on its disk; empty until there is one."""
        return self.cursor.read_text() if self.cursor.exists() else ""

    def log(self, *messages: Any, at: int = NOW, **fields: str) -> None:
        """Entries of the journal, by start.sh of allora.service unless told otherwise."""
        count = len(self._journal.read_text().splitlines())
        with self._journal.open("a") as journal:
            for number, message in enumerate(messages, start=count + 1):
                entry = {
                    "__CURSOR": f"s=0a;i={number}",
                    "__REALTIME_TIMESTAMP": str(at + number * 1000),
                    "SYSLOG_IDENTIFIER": "start.sh",
                    "MESSAGE": message,
                }
                journal.write(json.dumps(entry | fields) + "\n")

    def start(self) -> subprocess.Popen[str]:
        """Starts the program."""
        environment = {
            "PATH": f"{self._directory / 'bin'}:{os.environ['PATH']}",
            "ALLORA_ROOT": str(self.root),
            "JOURNAL": str(self._journal),
            "IMDS_ENDPOINT": self._imds_url,
            "AWS_ENDPOINT_URL": self.front.url,
        }
        with (self._directory / "output").open("a") as output:
            process = subprocess.Popen(
                [sys.executable, ROOT / "scripts/host/bin/report.py"],
                env=environment,
                text=True,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._running.append(process)
        return process

    @property
    def output(self) -> str:
        return (self._directory / "output").read_text()

    def stop(self, process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> None:
        """Ends the program as systemd does; what it has started ends with it."""
        if how == signal.SIGKILL:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, how)
            process.wait(SECONDS)
        else:
            process.send_signal(how)
            assert process.wait(SECONDS) == 0
            with pytest.raises(ProcessLookupError):
                os.killpg(process.pid, 0)

    def close(self) -> None:
        for process in self._running:
            self.stop(process, signal.SIGKILL)


@pytest.fixture
def logs(endpoint: str) -> Iterator[Any]:
    client = boto3.client(
        "logs",
        region_name=REGION,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    client.create_log_group(logGroupName=GROUP)
    yield client
    with suppress(client.exceptions.ResourceNotFoundException):
        client.delete_log_group(logGroupName=GROUP)
    client.close()


@pytest.fixture
def front(endpoint: str) -> Iterator[Front]:
    server = Front(endpoint)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server
    server.gate.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def host(tmp_path: Path, front: Front) -> Iterator[Host]:
    with imds.serve(tmp_path / "imds") as imds_url:
        host = Host(tmp_path, front, imds_url)
        yield host
        host.close()


def arrived(logs: Any, stream: str = "boot") -> list[str]:
    try:
        found = logs.get_log_events(
            logGroupName=GROUP, logStreamName=f"{INSTANCE}/{stream}", startFromHead=True
        )
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in found["events"]]


def expect(logs: Any, *messages: str, stream: str = "boot") -> None:
    """These lines have arrived, and no others."""
    wait_for(f"{messages[-1]} arrives", lambda: messages[-1] in arrived(logs, stream))
    assert arrived(logs, stream) == list(messages)


def test_lines_arrive_in_their_streams_once_and_in_order(host: Host, logs: Any) -> None:
    begun = '{"event": "internet", "state": "started", "message": "Reach the internet"}'
    ready = '{"event": "installation", "state": "done", "message": "ready"}'
    host.log(begun, SYSLOG_IDENTIFIER="allora")
    host.log("#5 building")
    host.log('{"event": "status"}', SYSLOG_IDENTIFIER="allora-status")
    host.log("E: no route", SYSLOG_IDENTIFIER="allora-log")
    host.start()
    first = (begun, "#5 building", "E: no route")
    expect(logs, *first)
    expect(logs, '{"event": "status"}', stream="status")
    host.log(ready)
    expect(logs, *first, ready)
    assert host.output == ""
    times = logs.get_log_events(
        logGroupName=GROUP, logStreamName=f"{INSTANCE}/status", startFromHead=True
    )
    assert [event["timestamp"] for event in times["events"]] == [NOW // 1000 + 3]


def test_what_the_bootstrap_has_sent_is_not_sent_again(host: Host, logs: Any) -> None:
    kept = '{"event": "bootstrap", "state": "waiting"}'
    host.log(kept, SYSLOG_IDENTIFIER="allora")
    host.log('{"event": "bootstrap", "state": "done"}', SYSLOG_IDENTIFIER="allora-bootstrap")
    host.log("ends")
    host.start()
    expect(logs, kept, "ends")


@pytest.mark.parametrize(
    "answer",
    [
        None,
        (503, "<html>Service Unavailable</html>"),
        (400, '{"__type": "ThrottlingException", "message": "Rate exceeded"}'),
        (400, '{"__type": "com.amazonaws.logs#ExpiredTokenException", "message": "expired"}'),
    ],
    ids=["hangs up", "503", "throttles", "expired"],
)
def test_cloudwatch_away_and_back(
    host: Host, logs: Any, front: Front, answer: tuple[int, str] | None
) -> None:
    front.answers = [answer, answer]
    host.log("one", "two")
    host.start()
    wait_for("it was tried", lambda: front.asked)
    host.log("three")
    expect(logs, "one", "two", "three")
    assert not front.answers


def test_the_way_to_the_metadata_comes_late(host: Host, logs: Any) -> None:
    role = host.metadata / f"iam/security-credentials/{ROLE}"
    role.rename(host.metadata / "later")
    host.log("one")
    host.start()
    wait_for("it is told", lambda: "1 lines wait: " in host.output)
    (host.metadata / "later").rename(role)
    expect(logs, "one")


def test_a_log_group_that_comes_late(host: Host, logs: Any, front: Front) -> None:
    logs.delete_log_group(logGroupName=GROUP)
    host.log("one")
    host.start()
    wait_for("it was tried", lambda: len(front.asked) > 2)
    logs.create_log_group(logGroupName=GROUP)
    expect(logs, "one")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_loses_and_doubles_nothing(host: Host, logs: Any, how: signal.Signals) -> None:
    host.log("one", "two")
    process = host.start()
    expect(logs, "one", "two")
    wait_for("it remembers", lambda: host.remembers == "s=0a;i=2")
    host.stop(process, how)
    host.log("three")
    host.start()
    expect(logs, "one", "two", "three")


def test_a_stop_in_the_middle_of_a_request_waits_for_its_answer(
    host: Host, logs: Any, front: Front
) -> None:
    host.log("one")
    process = host.start()
    expect(logs, "one")
    wait_for("it remembers", lambda: host.remembers == "s=0a;i=1")
    front.gate.clear()
    host.log("two")
    expect(logs, "one", "two")
    threading.Timer(0.5, front.gate.set).start()
    host.stop(process)
    host.log("three")
    host.start()
    expect(logs, "one", "two", "three")


def test_what_cloudwatch_will_never_take_holds_nothing_up(
    host: Host, logs: Any, front: Front
) -> None:
    front.answers = [(400, '{"__type": "InvalidParameterException", "message": "no good"}')]
    host.log("one")
    host.start()
    wait_for("it is told", lambda: "1 lines are lost: InvalidParameter" in host.output)
    host.log("two")
    expect(logs, "two")


def test_one_line_that_cloudwatch_refuses_takes_no_other_with_it(
    host: Host, logs: Any, front: Front
) -> None:
    refused = (400, '{"__type": "InvalidParameterException", "message": "no good"}')
    front.answers = [refused, refused]  # all of them, then the first of them
    host.log("one", "two", "three")
    host.start()
    expect(logs, "two", "three")
    assert "1 lines are lost" in host.output


@pytest.mark.parametrize("cursor", ["", "\0\0\0", "--file=/etc/passwd"])
def test_a_cursor_that_is_none_means_from_the_beginning(host: Host, logs: Any, cursor: str) -> None:
    host.cursor.parent.mkdir(parents=True)
    host.cursor.write_text(cursor)
    host.log("one")
    host.start()
    expect(logs, "one")


def test_full_disk_is_no_reason_to_say_everything_again(host: Host, logs: Any) -> None:
    host.cursor.with_suffix(".new").mkdir(parents=True)  # cannot be written
    host.log("one")
    process = host.start()
    expect(logs, "one")
    host.log("two")
    expect(logs, "one", "two")
    assert process.poll() is None
    assert not host.cursor.exists()


def test_lines_of_every_kind(host: Host, logs: Any) -> None:
    host.log("", "  indented \n", None, [208, 27, 91, 109], "x" * 300_000, "ends")
    host.start()
    expect(logs, "  indented", "\ufffd", "x" * 8192, "ends")


_METRIC = json.dumps(
    {
        "_aws": {
            "Timestamp": NOW // 1000,
            "CloudWatchMetrics": [
                {"Namespace": "Allora", "Dimensions": [[]], "Metrics": [{"Name": "Balance"}]}
            ],
        },
        "Balance": 1000,
    }
)


@pytest.mark.parametrize(
    "before", ["", " ", "\t", "\ufeff", "\0", "\r", "\x1b[0m", "\u202e", "[", "2026 "]
)
def test_nobody_else_s_line_becomes_a_metric(host: Host, logs: Any, before: str) -> None:
    host.log(before + _METRIC, "ends")
    host.start()
    wait_for("it arrives", lambda: "ends" in arrived(logs))
    wrapped = json.loads(arrived(logs)[0])
    assert wrapped.keys() == {"text"}
    assert wrapped["text"].endswith(_METRIC)
    assert '"_aws"' not in arrived(logs)[0]


@pytest.mark.parametrize(
    ("line", "identifier"),
    [
        ('  {"event": "worker", "state": "done", "message": "as a build prints it"}', "start.sh"),
        ('{"event": "worker", "state": "done", "message": "as apt prints it"}', "allora-log"),
        ('{"event": "worker", "state": "done", "message": "x", "_aws": {}}', "start.sh"),
        ('{"event": "worker", "state":', "start.sh"),
        ("{" * 100_000, "start.sh"),
    ],
)
def test_nobody_else_s_line_is_an_event(host: Host, logs: Any, line: str, identifier: str) -> None:
    host.log(line, SYSLOG_IDENTIFIER=identifier)
    host.log("ends")
    host.start()
    wait_for("it arrives", lambda: "ends" in arrived(logs))
    assert json.loads(arrived(logs)[0]) == {"text": line[:8192]}


def test_nobody_s_line_moves_a_terminal_s_cursor(host: Host, logs: Any) -> None:
    host.log("a\x1b[2Jb\rc\x9bd\u202ee\u2028f\x00g\nallora: ready")
    host.start()
    expect(logs, r"a\x1b[2Jb\rc\x9bd\u202ee\u2028f\x00g\nallora: ready")


def test_the_model_s_lines_have_their_own_group_and_no_metrics(
    host: Host, logs: Any, front: Front
) -> None:
    logs.create_log_group(logGroupName=MODEL_GROUP)
    host.log("worth 5", SYSLOG_IDENTIFIER="allora-model")
    host.log("{}", SYSLOG_IDENTIFIER="allora-status")
    host.start()
    expect(logs, "{}", stream="status")
    found = logs.get_log_events(logGroupName=MODEL_GROUP, logStreamName=INSTANCE)["events"]
    assert [event["message"] for event in found] == ["worth 5"]
    assert arrived(logs) == []
    formats = {
        (json.loads(body)["logStreamName"], headers.get("x-amzn-logs-format"))
        for headers, body in front.asked
    }
    assert formats == {(INSTANCE, None), (f"{INSTANCE}/status", "json/emf")}


def test_no_request_spans_a_day_and_each_is_in_order_of_time(
    host: Host, logs: Any, front: Front
) -> None:
    day = 24 * 60 * 60 * 1_000_000
    yesterday = NOW // day * day - day
    host.log("the week before", at=yesterday - 6 * day)
    host.log("last week", at=yesterday - 5 * day)
    host.log("first", at=yesterday)
    host.log("late", at=yesterday + day - 1_000_000)
    host.log("clock put right", at=yesterday + 1_000_000)
    host.start()
    wait_for("all arrive", lambda: len(arrived(logs)) == 5)
    assert front.puts()[-2:] == [["last week"], ["first", "clock put right", "late"]]
    for headers, body in front.asked:
        if headers["x-amz-target"].endswith("PutLogEvents"):
            moments = [event["timestamp"] for event in json.loads(body)["logEvents"]]
            assert moments == sorted(moments)
            assert moments[-1] - moments[0] < day // 1000


def test_requests_are_signed_as_botocore_signs_them(host: Host, logs: Any, front: Front) -> None:
    host.log("naïve ☕")
    host.start()
    expect(logs, "naïve ☕")
    for headers, body in front.asked:
        assert headers["x-amz-security-token"] == TOKEN
        assert given_signature(headers) == signature(front.url, headers, body)
        # Otherwise this would show nothing.
        assert given_signature(headers) != signature(front.url, headers, body + b" ")
    assert {headers["x-amz-target"] for headers, _ in front.asked} == {
        "Logs_20140328.PutLogEvents",
        "Logs_20140328.CreateLogStream",
    }


def given_signature(headers: dict[str, str]) -> str:
    return headers["authorization"].rpartition("Signature=")[2]


def signature(url: str, headers: dict[str, str], body: bytes) -> str:
    names = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    assert {"host", "x-amz-date", "x-amz-security-token", "x-amz-target"} <= set(names)
    request = AWSRequest("POST", f"{url}/", {name: headers[name] for name in names}, body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "logs", REGION)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    made: str = auth.signature(text, request)
    assert f"Credential={auth.scope(request)}" in headers["authorization"]
    return made


def test_credentials_are_in_no_process_file_or_output(host: Host, logs: Any, front: Front) -> None:
    front.gate.clear()
    host.log("one")
    process = host.start()
    wait_for("a request is under way", lambda: front.asked)
    family = [process.pid, *children(process.pid)]
    assert len(family) == 2  # with journalctl
    seen = b"".join(
        Path(f"/proc/{pid}/{name}").read_bytes()
        for pid in family
        for name in ("cmdline", "environ")
    )
    assert b"report.py" in seen
    front.gate.set()
    expect(logs, "one")
    wait_for("it remembers", lambda: host.remembers)
    files = [path for path in host.root.rglob("*") if path.is_file()]
    assert host.cursor in files
    seen += b"".join(path.read_bytes() for path in files) + host.output.encode()
    for secret in (KEY, SECRET, TOKEN):
        assert secret.encode() not in seen


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
