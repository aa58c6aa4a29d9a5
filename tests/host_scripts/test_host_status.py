"""bin/host_status.py: how the host is, in the shape that everybody else reads."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import pytest

from containers.worker.allora_worker import metric_names
from scripts.host.bin import host_status

ROOT = Path(__file__).parents[2]
SAMPLE = json.loads((ROOT / "tests/samples/host_status.json").read_text())
COMMIT = "0123456789abcdef0123456789abcdef01234567"

DOCKER = """\
#!/usr/bin/env python3
import json, os, sys
container = json.loads(open(os.environ["CONTAINERS"]).read()).get(sys.argv[-1])
assert sys.argv[1:3] == ["inspect", "--type=container"]
if container is None:
    sys.exit("Error: No such container: " + sys.argv[-1])
if container == "garbage":
    print("Warning: not what was asked for")
    sys.exit(0)
fields = {".Id": "id", ".State.Status": "state", ".State.Health.Status": "health",
          ".State.StartedAt": "started_at", ".RestartCount": "restarts", ".Image": "image"}
text = sys.argv[3].removeprefix("--format=")
head, _, rest = text.partition("{{if .State.Health}}")
then, _, rest = rest.partition("{{else}}")
other, _, rest = rest.partition("{{end}}")
text = head + (then if container["health"] else other) + rest
for name, member in fields.items():
    text = text.replace("{{json " + name + "}}", json.dumps(container[member]))
print(text)
"""


class Worker(HTTPServer):
    """Answers on the worker's port, or at another address."""

    def __init__(self, address: str | tuple[str, int] = ("127.0.0.1", 0)) -> None:
        if isinstance(address, str):
            self.address_family = socket.AF_UNIX
        super().__init__(address, _Health)  # type: ignore[arg-type]
        self.status = 200
        self.text = json.dumps(SAMPLE["worker"])
        self.drip = 0.0
        """Seconds between characters."""
        self.dripped = 0
        """Characters that were sent so."""

    def server_bind(self) -> None:
        TCPServer.server_bind(self)  # HTTPServer asks for a name, which a socket's path has not

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Health(BaseHTTPRequestHandler):
    server: Worker

    def do_GET(self) -> None:
        self.send_response(self.server.status if self.path == "/health" else 404)
        self.send_header("Content-Length", str(len(self.server.text.encode())))
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            if self.server.drip:
                for character in self.server.text:
                    self.wfile.write(character.encode())
                    self.server.dripped += 1
                    time.sleep(self.server.drip)
            self.wfile.write(self.server.text.encode())

    def address_string(self) -> str:
        return "worker"

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@contextlib.contextmanager
def serving(server: Worker) -> Iterator[Worker]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def worker() -> Iterator[Worker]:
    with serving(Worker()) as server:
        yield server


class Host:
    """A host in a directory.

    Attributes:
        containers: what Docker knows, by name; None when there is no Docker.
    """

    def __init__(self, directory: Path, port: int) -> None:
        self.root = directory / "root"
        self.containers: dict[str, Any] | None = {}
        self._directory = directory
        self.write("etc/allora/host.env", f"ALLORA_WORKER_NAME='tester'\nWORKER_PORT='{port}'\n")
        self.write("etc/os-release", 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n')
        (directory / "bin").mkdir()

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def container(self, service: str, *, id_: str = "c0ffee", **changes: Any) -> None:
        described = {"id": id_} | SAMPLE["containers"][service] | changes
        assert self.containers is not None
        self.containers[f"allora-{service}-1"] = described

    def status(self) -> dict[str, Any]:
        """What the program prints."""
        status: dict[str, Any] = json.loads(self.line())
        return status

    def line(self) -> str:
        """The same, as it is printed."""
        docker = self._directory / "bin/docker"
        docker.unlink(missing_ok=True)
        if self.containers is not None:
            docker.write_text(DOCKER)
            docker.chmod(0o755)
        containers = self._directory / "containers.json"
        containers.write_text(json.dumps(self.containers))
        python = Path(sys.executable).parent
        result = subprocess.run(
            [sys.executable, ROOT / "scripts/host/bin/host_status.py"],
            env={
                "PATH": f"{self._directory / 'bin'}:{python}",
                "ALLORA_ROOT": str(self.root),
                "CONTAINERS": str(containers),
                "http_proxy": "http://127.0.0.1:1",
            },
            check=True,
            capture_output=True,
            text=True,
        )
        assert result.stderr == ""
        assert result.stdout.count("\n") == 1
        return result.stdout


@pytest.fixture
def host(worker: Worker) -> Iterator[Host]:
    # Not tmp_path: a socket's path has about 100 characters.
    with tempfile.TemporaryDirectory(prefix="host-") as directory:
        yield Host(Path(directory), worker.port)


def shape(value: Any) -> Any:
    """The value's keys and types."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    return "number" if type(value) in (int, float) else type(value).__name__


def test_status_has_the_shape_that_everybody_else_reads(host: Host) -> None:
    for service in ("worker", "model"):
        host.container(service)
    status = host.status()
    assert shape(status) == shape(SAMPLE)
    assert status["containers"] == SAMPLE["containers"]
    assert status["worker"] == SAMPLE["worker"]
    assert status["system"] == SAMPLE["system"]
    assert status["WorkerName"] == "tester"
    assert datetime.fromisoformat(status["time"]).utcoffset() is not None


def test_metrics_are_the_list_that_alarms_are_made_of(host: Host) -> None:
    """As https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html."""
    status = host.status()
    (directive,) = status["_aws"]["CloudWatchMetrics"]
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == host_status.METRICS
    assert directive["Namespace"] == metric_names.NAMESPACE
    assert directive["Dimensions"] == [list(metric_names.WORKER)]
    assert all(isinstance(status[name], str) for name in metric_names.WORKER)
    for name in host_status.METRICS:
        assert isinstance(status[name], int | float), name
    assert status["_aws"]["Timestamp"] // 1000 == int(
        datetime.fromisoformat(status["time"]).timestamp()
    )
    others = {metric.name for metric in metric_names.METRICS}
    assert others.isdisjoint(host_status.METRICS)


def test_disk_and_memory_are_the_machine_s(host: Host) -> None:
    status = host.status()
    df = subprocess.run(
        ["df", "--output=pcent", host.root], check=True, capture_output=True, text=True
    ).stdout.split()[1]
    assert abs(status["DiskUsed"] - float(df.rstrip("%"))) < 3
    assert 0 < status["MemoryUsed"] < 100
    assert status["uptime_seconds"] > 0


@pytest.mark.parametrize("docker", ["absent", "empty"])
def test_nothing_runs_yet(host: Host, worker: Worker, docker: str) -> None:
    host.containers = None if docker == "absent" else {}
    worker.text = "<html>"
    status = host.status()
    nothing = dict.fromkeys(SAMPLE["containers"]["worker"])
    assert status["containers"] == {"worker": nothing, "model": nothing}
    assert status["worker"] is None
    assert (status["WorkerRestarts"], status["ModelRestarts"]) == (0, 0)


def test_one_container_and_no_health_check(host: Host) -> None:
    host.container("model", health=None, state="restarting")
    status = host.status()
    assert status["containers"]["model"]["health"] is None
    assert status["containers"]["model"]["state"] == "restarting"
    assert status["containers"]["worker"]["state"] is None


def test_docker_that_talks_nonsense_is_no_container(host: Host) -> None:
    assert host.containers is not None
    host.containers["allora-worker-1"] = "garbage"
    assert host.status()["containers"]["worker"]["state"] is None


def test_a_worker_that_is_not_well_is_heard_all_the_same(host: Host, worker: Worker) -> None:
    worker.status = 503
    assert host.status()["worker"] == SAMPLE["worker"]


class Door:
    """The operator's door of a worker."""

    def __init__(self, host: Host) -> None:
        self.path = host.root / "var/lib/allora/worker/health.sock"
        self.path.parent.mkdir(parents=True)

    def serving(self) -> contextlib.AbstractContextManager[Worker]:
        return serving(Worker(str(self.path)))


def test_the_worker_is_asked_at_its_operator_s_door_first(host: Host, worker: Worker) -> None:
    worker.text = '"the port"'
    door = Door(host)
    with door.serving() as answering:
        answering.text = '"the door"'
        assert host.status()["worker"] == "the door"
    assert door.path.exists()  # a killed worker leaves it behind
    assert host.status()["worker"] == "the port"


def test_a_door_that_leads_elsewhere_is_not_gone_through(host: Host, tmp_path: Path) -> None:
    with serving(Worker(str(tmp_path / "elsewhere"))) as elsewhere:
        elsewhere.text = '"elsewhere"'
        Door(host).path.symlink_to(tmp_path / "elsewhere")
        assert host.status()["worker"] == SAMPLE["worker"]


@pytest.mark.parametrize(
    "text", ["[" * 60_000, '"' + "x" * 10_000_000 + '"', '"' + "x" * 70_000 + '"', "", "NaN,"]
)
def test_an_answer_that_is_none_or_without_end_is_null(
    host: Host, worker: Worker, text: str
) -> None:
    worker.text = text
    assert host.status()["worker"] is None


@pytest.mark.parametrize(("count", "is_cut"), [(30, False), (100, True)])
def test_a_status_of_many_topics_is_a_line_that_the_journal_takes(
    host: Host, worker: Worker, count: int, *, is_cut: bool
) -> None:
    (topic,) = SAMPLE["worker"]["topics"]
    exact = dict.fromkeys(("score", "threshold", "loss", "network_loss"), "-12." + "1" * 32)
    topics = [
        topic | {"topic_id": number, "earning": topic["earning"] | exact} for number in range(count)
    ]
    worker.text = json.dumps(SAMPLE["worker"] | {"topics": topics})
    line = host.line()
    assert len(line) < 48 * 1024
    told = json.loads(line)["worker"]["topics"]
    assert told[0] == topics[0]
    assert [each["topic_id"] for each in told] == list(range(count))
    assert {each["earning"]["state"] for each in told} == {"earning"}
    assert ("score" not in told[-1]["earning"]) is is_cut


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for(host: Host, worker: Worker) -> None:
    worker.drip = 0.3
    assert host.status()["worker"] is None
    assert 0 < worker.dripped < len(worker.text)


def test_a_worker_that_does_not_answer_is_null(host: Host) -> None:
    host.write("etc/allora/host.env", "ALLORA_WORKER_NAME='tester'\nWORKER_PORT='1'\n")
    assert host.status()["worker"] is None


def restarts(host: Host) -> tuple[int, int]:
    status = host.status()
    return status["WorkerRestarts"], status["ModelRestarts"]


def test_restarts_are_those_since_the_last_status(host: Host) -> None:
    host.container("worker", id_="w1", restarts=7)
    host.container("model", id_="m1", restarts=0)
    assert restarts(host) == (0, 0)  # nothing is known of before
    host.container("worker", id_="w1", restarts=9)
    assert restarts(host) == (2, 0)
    assert restarts(host) == (0, 0)
    host.container("worker", id_="w2", restarts=1)  # a new one, which has failed once already
    host.container("model", id_="m1", restarts=3)
    assert restarts(host) == (1, 3)
    host.container("model", id_="m1", restarts=1)  # `docker restart` begins anew
    assert restarts(host) == (0, 1)


def test_docker_that_does_not_answer_once_counts_nothing_twice(host: Host) -> None:
    host.container("worker", id_="w1", restarts=5)
    assert restarts(host) == (0, 0)
    assert host.containers is not None
    host.containers["allora-worker-1"] = "garbage"
    assert restarts(host) == (0, 0)
    host.container("worker", id_="w1", restarts=5)
    assert restarts(host) == (0, 0)


def test_what_was_remembered_and_cannot_be_read_is_as_the_first_time(host: Host) -> None:
    host.write("run/allora/restarts.json", "")
    host.container("worker", restarts=7)
    assert restarts(host) == (0, 0)


@pytest.mark.parametrize(
    ("head", "commit"), [(f"{COMMIT}\n", COMMIT), ("ref: refs/heads/main\n", None)]
)
def test_commit_of_the_model(host: Host, head: str, commit: str | None) -> None:
    host.write("var/lib/allora/model/.git/HEAD", head)
    assert host.status()["model_commit"] == commit


def test_a_reboot_that_is_due(host: Host) -> None:
    assert host.status()["reboot_required"] is False
    host.write("run/reboot-required", "*** System restart required ***\n")
    assert host.status()["reboot_required"] is True
