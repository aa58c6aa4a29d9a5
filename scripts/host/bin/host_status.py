#!/usr/bin/python3
"""Print the status of the host, its containers and the worker as a JSON object.

report.py sends it to CloudWatch, which extracts the metrics that `_aws` names.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

NAMESPACE: Final = "Allora"
METRICS: Final = {
    "DiskUsed": "Percent",  # of the fuller disk, of / and Docker's
    "WorkerRestarts": "Count",  # by Docker, since the last status
    "ModelRestarts": "Count",
}
ROOT = Path(os.environ.get("ALLORA_ROOT") or "/")
RESTARTS = ROOT / "run/allora/restarts.json"
DOOR = ROOT / "var/lib/allora/worker/health.sock"
SERVICES = ("worker", "model")
FIELDS = {
    "id": "{{json .Id}}",
    "state": "{{json .State.Status}}",
    "health": "{{if .State.Health}}{{json .State.Health.Status}}{{else}}null{{end}}",
    "started_at": "{{json .State.StartedAt}}",
    "restarts": "{{json .RestartCount}}",
    "image": "{{json .Image}}",
}
DOCKER_SECONDS, WORKER_SECONDS, WORKER_BYTES = 20, 5, 256 * 1024
# The journal cuts longer lines: LineMax in journald.conf(5).
LONGEST_LINE = 48 * 1024 - 1


def read(path: str) -> str:
    """Return the text of a file; "" if it cannot be read."""
    try:
        return (ROOT / path).read_text()
    except OSError:
        return ""


def disk_used() -> float:
    """Return the usage of the fuller disk, in percent."""
    disks = [path for path in (ROOT, ROOT / "var/lib/allora/docker") if path.exists()]
    usages = map(shutil.disk_usage, disks)
    return max(round(100 * disk.used / (disk.used + disk.free), 1) for disk in usages)


def memory_used() -> float:
    """Return the memory usage, in percent."""
    found = dict(re.findall(r"^(\w+): +(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE))
    return round(100 * (1 - int(found["MemAvailable"]) / int(found["MemTotal"])), 1)


def container(service: str) -> dict[str, Any]:
    """Return `FIELDS` of a service's container; all None without one."""
    template = ",".join(f'"{name}":{value}' for name, value in FIELDS.items())
    command = ["docker", "inspect", "--type=container", f"--format={{{template}}}"]
    try:
        found: dict[str, Any] = json.loads(
            subprocess.run(
                [*command, f"allora-{service}-1"],
                capture_output=True,
                check=True,
                timeout=DOCKER_SECONDS,
            ).stdout
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return dict.fromkeys(FIELDS)
    return found


def restarts(containers: dict[str, dict[str, Any]]) -> dict[str, int]:
    """Return restarts by service since the last status; 0 in the first one."""
    now = {each["id"]: each["restarts"] for each in containers.values() if each["id"]}
    try:
        before = json.loads(RESTARTS.read_text())
    except (OSError, ValueError):
        before = now

    def since(each: dict[str, Any]) -> int:
        count: int = each["restarts"] or 0
        known: int = before.get(each["id"], 0)
        return count - known if count >= known else count  # `docker restart` counts from 0 again

    counts = {service: since(each) for service, each in containers.items()}
    RESTARTS.parent.mkdir(parents=True, exist_ok=True)
    draft = RESTARTS.with_suffix(".new")
    # Keeps containers that Docker did not report this time: else they would count from 0.
    draft.write_text(json.dumps(before | now))
    draft.replace(RESTARTS)
    return counts


def health(port: str) -> object:
    """Return the worker's health, from its socket or else its port; None without an answer."""
    # Imported here, because the stacks import the metrics' names: 20 ms of every synth.
    import http.client  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import socket  # noqa: PLC0415

    def connect_to_door() -> socket.socket:
        if not stat.S_ISSOCK(DOOR.lstat().st_mode):  # the worker could replace it by a link
            raise FileNotFoundError(DOOR)
        door = socket.socket(socket.AF_UNIX)
        door.connect(str(DOOR))
        return door

    def connect_to_port() -> socket.socket:
        return socket.create_connection(("127.0.0.1", int(port)))

    def give_up(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, give_up)
    for connect in (connect_to_door, connect_to_port):
        signal.alarm(WORKER_SECONDS)
        worker = http.client.HTTPConnection("localhost")
        try:
            worker.sock = connect()
            worker.request("GET", "/health")
            return json.loads(worker.getresponse().read(WORKER_BYTES))
        except (OSError, ValueError, RecursionError, http.client.HTTPException):
            pass
        finally:
            signal.alarm(0)
            worker.close()
    return None


def status(settings: dict[str, str]) -> dict[str, Any]:
    """Return the status, as in tests/samples/host_status.json."""
    now = datetime.now(UTC)
    containers = {service: container(service) for service in SERVICES}
    restarted = restarts(containers)
    commit = read("var/lib/allora/model/.git/HEAD").strip()
    system = dict(line.split("=", 1) for line in shlex.split(read("etc/os-release")) if "=" in line)
    return {
        "_aws": {
            "Timestamp": int(now.timestamp() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [["WorkerName"]],
                    "Metrics": [{"Name": name, "Unit": unit} for name, unit in METRICS.items()],
                }
            ],
        },
        "WorkerName": settings["ALLORA_WORKER_NAME"],
        "DiskUsed": disk_used(),
        "MemoryUsed": memory_used(),
        "WorkerRestarts": restarted["worker"],
        "ModelRestarts": restarted["model"],
        "event": "status",
        "time": now.isoformat(timespec="seconds"),
        "uptime_seconds": int(float(Path("/proc/uptime").read_text().split()[0])),
        "system": system.get("PRETTY_NAME", ""),
        "reboot_required": (ROOT / "run/reboot-required").exists(),
        "model_commit": commit if re.fullmatch("[0-9a-f]{40}", commit) else None,
        "containers": {
            service: {name: value for name, value in each.items() if name != "id"}
            for service, each in containers.items()
        },
        "worker": health(settings["WORKER_PORT"]),
    }


def line_of(found: dict[str, Any]) -> str:
    """Return the status as a line that the journal takes.

    What is too much is left out: the network's figures about one topic after another, of which the
    verdict stays, and then all that the worker says.
    """
    line = json.dumps(found)
    worker = found["worker"]
    topics = worker.get("topics") if isinstance(worker, dict) else None
    for topic in reversed(topics if isinstance(topics, list) else []):
        if len(line) <= LONGEST_LINE:
            break
        if isinstance(topic, dict) and isinstance(topic.get("earning"), dict):
            topic["earning"] = {"state": topic["earning"].get("state")}
            line = json.dumps(found)
    return line if len(line) <= LONGEST_LINE else json.dumps(found | {"worker": None})


def main() -> None:
    """Print the status."""
    words = shlex.split((ROOT / "etc/allora/host.env").read_text())
    print(line_of(status(dict(word.split("=", 1) for word in words))))


if __name__ == "__main__":
    main()
