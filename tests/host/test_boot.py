"""A deployed instance boots, installs itself, and submits its model's inferences."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from allora_cli.host.log_events import Line
from allora_cli.host.protocol import host_event
from scripts.host.bin import host_status
from shared.host_events import Event, State
from tests.host.cloud import ADDRESS, HOST_ADDRESS
from tests.host.node import CONNECT, Node
from tests.host.submitting import submits
from tests.host.timeline import MOMENTS, timeline
from tests.host.waiting import wait_for
from tests.host.world import CONSUMER_TOKEN, TOPIC, World, instance, role_policy
from tests.local.deployment import ROOT, Deployment, Result
from tests.policies import actions_in

_LOG_GROUPS = {part: f"/allora/worker/{part}" for part in ("worker", "model", "host")}
_SAMPLE = json.loads((ROOT / "tests/samples/host_status.json").read_text())
SESSION_MANAGER = {
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
"""What the agent asks for, which these hosts have not.
https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html"""
_STEPS = (
    "Reach the internet",
    "Prepare storage",
    "Configure Docker",
    "Install packages",
    "Run Docker",
    "Start worker and model",
)


def test_cloud_init_ran_the_user_data_without_an_error(node: Node) -> None:
    status = json.loads(node.machine.run("cloud-init status --wait --format json"))
    assert (status["status"], status["errors"]) == ("done", [])
    assert status["datasource"].startswith("ec2")
    assert "failed" not in node.machine.run("systemctl list-units --failed --plain --no-legend")


def test_packages_were_installed_on_this_boot(node: Node) -> None:
    log = node.machine.run("grep ' install ' /var/log/dpkg.log")
    for package in ("docker.io", "docker-buildx", "docker-compose-v2"):
        assert f" install {package}:" in log


def test_install_log_and_console_tell_every_step(node: Node) -> None:
    log = node.machine.run("cat /var/log/allora/install.log")
    for step, title in enumerate(_STEPS, start=1):
        assert f"allora: [{step}/6] {title}: done" in log
    assert "allora: ready" in log
    assert "failed" not in log.replace("Failed to", "")
    steps = [(each["step"], each["state"]) for each in node.machine.events if "step" in each]
    assert steps[:12] == [(n, state) for n in range(1, 7) for state in ("started", "done")]
    assert node.machine.is_installed


def test_every_moment_until_the_first_submission_is_in_the_timeline(
    node: Node, world: World, record_property: Callable[[str, object], None]
) -> None:
    found = timeline(node, world.cloud.transfers)
    assert set(found.moments) == set(MOMENTS)
    assert max(found.moments, key=lambda name: found.moments[name]) == "first submission"
    record_property("timeline", found.lines())  # the run ends with it: conftest.py
    (world.directory / "timeline.json").write_text(found.to_json())


def test_progress_arrives_in_cloudwatch_once_and_in_order(node: Node, world: World) -> None:
    stream = f"{instance(world.deployment).id}/boot"
    wait_for(
        "the end of the installation in CloudWatch",
        lambda: (Event.INSTALLATION, State.DONE) in _events(world.deployment, stream),
        30,
    )
    lines = _logged(world.deployment, "host", stream)
    events = _events(world.deployment, stream)
    begin = events.index((Event.INTERNET, State.STARTED))
    steps = (Event.INTERNET, Event.STORAGE, Event.DOCKER_SETTINGS, Event.PACKAGES, Event.DOCKER)
    expected = [
        *((step, state) for step in steps for state in (State.STARTED, State.DONE)),
        (Event.WORKER, State.STARTED),
        (Event.SECRETS, State.DONE),
        (Event.IMAGES, State.STARTED),
        (Event.CONTAINERS, State.STARTED),
        (Event.WORKER, State.DONE),
        (Event.WORKER, State.DONE),  # of the service, and of the installation
        (Event.INSTALLATION, State.DONE),
    ]
    assert events[begin : begin + len(expected)] == expected
    assert any("Built" in line for line in lines)  # what Docker prints is there too
    secrets = (world.wallet.words, CONSUMER_TOKEN, *_role_credentials(world))
    assert not [secret for secret in secrets if any(secret in line for line in lines)]
    assert node.health["status"] == "healthy"


def test_reports_go_on_after_an_outage_and_a_restart(node: Node, world: World) -> None:
    stream = f"{instance(world.deployment).id}/boot"
    # What came before has arrived when this has: the end of the boot, too.
    node.machine.run("logger --tag allora zero")
    arrived = partial(_is_logged, "zero", world.deployment, "host", stream)
    wait_for("a line in CloudWatch", arrived, 60)
    before = _logged(world.deployment, "host", stream)
    world.aws.silent.add("logs")
    try:
        node.machine.run("logger --tag allora one")
        waits = "journalctl --unit allora-report --output cat | grep 'lines wait'"
        wait_for("it is told on the host", lambda: node.machine.succeeds(waits), 30)
        node.machine.run("systemctl restart allora-report; logger --tag allora two")
    finally:
        world.aws.silent.clear()
    node.machine.run("systemctl restart allora-report; logger --tag allora three")
    arrived = partial(_is_logged, "three", world.deployment, "host", stream)
    wait_for("the last line in CloudWatch", arrived, 60)
    added = _logged(world.deployment, "host", stream)[len(before) :]
    # Nothing of its own, and nothing twice.
    assert added == ["one", "two", "three"]
    assert _logged(world.deployment, "host", stream)[: len(before)] == before


def test_status_arrives_each_minute_in_the_shape_of_the_sample(node: Node, world: World) -> None:
    stream = f"{instance(world.deployment).id}/status"
    before = len(_logged(world.deployment, "host", stream))
    assert before > 0  # at once, when the containers were started
    wait_for("another status", lambda: len(_logged(world.deployment, "host", stream)) > before, 90)
    lines = _logged(world.deployment, "host", stream)
    for line in lines:
        assert json.loads(line)["event"] == "status"
    status = json.loads(lines[-1])
    assert _differences(status, _SAMPLE) == []
    (directive,) = status["_aws"]["CloudWatchMetrics"]
    assert {each["Name"]: each["Unit"] for each in directive["Metrics"]} == host_status.METRICS
    for service in ("worker", "model"):
        container = node.container(service)
        told = status["containers"][service]
        assert told["state"] == "running"
        assert told["image"] == container["Image"]
        assert told["started_at"] == container["State"]["StartedAt"]
    assert status["worker"]["address"] == world.wallet.address
    assert status["system"].startswith("Ubuntu 24.04")
    assert (status["WorkerRestarts"], status["ModelRestarts"]) == (0, 0)
    assert 0 < status["DiskUsed"] < 100
    finished = {
        entry["UNIT"]
        for entry in node.journal("--boot _PID=1")
        if "UNIT" in entry and entry["MESSAGE"].startswith("Finished")
    }
    assert "allora.service" in finished
    assert "allora-status.service" not in finished  # every minute would fill the journal


@pytest.mark.usefixtures("node")
def test_cloudwatch_is_told_where_metrics_are(world: World) -> None:
    arrived = partial(set(_LOG_GROUPS.values()).issubset, world.aws.log_formats)
    wait_for("something in each log group", arrived, 30)
    assert world.aws.log_formats == {
        _LOG_GROUPS["worker"]: {"json/emf"},
        _LOG_GROUPS["model"]: {None},
        _LOG_GROUPS["host"]: {"json/emf", None},
    }


def test_reporter_has_no_rights_and_shows_no_credentials(node: Node, world: World) -> None:
    show = "systemctl show --property MainPID --value allora-report"
    pid = node.machine.run(show).strip()
    uid = node.machine.run(f"stat --format %u /proc/{pid}").strip()
    assert uid not in ("0", "10001")
    seen = node.machine.run(
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n';"
        "journalctl --no-pager; cat /var/lib/allora-report/cursor"
    )
    assert "/opt/allora/bin/report.py" in seen
    for secret in _role_credentials(world):
        assert secret not in seen


@pytest.mark.usefixtures("node")
def test_wallet_is_registered_once(world: World) -> None:
    assert world.chain.state["registered"] == {str(TOPIC): [world.wallet.address]}


def test_submission_is_the_models_inference(node: Node, world: World) -> None:
    nonce = world.chain.open_window()
    submission = wait_for("a submission", lambda: world.chain.submission(nonce), 60)
    status, inference = node.get("/inference/BTC", CONSUMER_TOKEN)
    assert status == 200
    assert submission["values"] == [{"label": "y", "value": inference}]
    assert world.exchanges.day_ago < float(inference) < world.exchanges.price
    assert submission["topic"] == TOPIC
    assert submission["address"] == world.wallet.address
    assert submission["tx_signature_valid"] is True
    assert submission["bundle_signature_valid"] is True
    assert world.chain.state["rejected"] == []


def test_window_without_an_announcement_is_found(node: Node, world: World) -> None:
    nonce = world.chain.open_window("poll")
    wait_for("a submission", lambda: world.chain.submission(nonce), 60)
    assert node.health["status"] == "healthy"


def test_health_is_for_everybody_and_has_no_secret(node: Node, world: World) -> None:
    nonce = world.chain.submissions[-1]["nonce"]
    wait_for("the worker knows of its submission", lambda: _last_nonce(node) == nonce, 30)
    status, body = node.get("/health")
    health = json.loads(body)
    assert status == 200
    assert health["status"] == "healthy"
    assert health["address"] == world.wallet.address
    assert health["model"]["state"] == "ok"
    (topic,) = health["topics"]
    assert topic["topic_id"] == TOPIC
    assert topic["last_submission"]["nonce"] == nonce
    assert CONSUMER_TOKEN not in body
    assert world.wallet.words not in body


def test_health_has_a_door_that_strangers_cannot_reach(node: Node, world: World) -> None:
    door = "/var/lib/allora/worker/health.sock"
    body = node.machine.run(f"curl --silent --unix-socket {door} http://worker/health")
    assert json.loads(body)["address"] == world.wallet.address
    mode = node.machine.run("stat --format '%a %u' /var/lib/allora/worker").strip()
    assert mode == "700 10001"
    assert node.is_healthy("worker")


def test_inferences_are_for_consumers_with_the_token(node: Node) -> None:
    assert node.get("/inference/BTC")[0] == 401
    assert node.get("/inference/BTC", "another-token")[0] == 401
    assert node.get("/inference/BTC", CONSUMER_TOKEN)[0] == 200


def test_model_is_not_published(node: Node) -> None:
    published = node.machine.run("docker ps --format '{{.Names}} {{.Ports}}'")
    assert "0.0.0.0:9010->9010/tcp" in published
    assert ":8000->" not in published


def test_output_arrives_in_cloudwatch_logs(node: Node, world: World) -> None:
    identity = instance(world.deployment).id
    expected = {"worker": '"event": "submitted"', "model": "BTC in"}
    for service, text in expected.items():
        arrived = partial(_is_logged, text, world.deployment, service, identity)
        wait_for(f"{text} in {_LOG_GROUPS[service]}", arrived, 30)
    metrics = [
        json.loads(line)["_aws"]["CloudWatchMetrics"][0]
        for line in _logged(world.deployment, "worker", identity)
        if '"_aws"' in line
    ]
    assert {metric["Namespace"] for metric in metrics} == {"Allora"}
    assert node.health["model"]["state"] == "ok"


def test_what_the_model_says_is_no_metric_and_moves_no_cursor(node: Node, world: World) -> None:
    metric = json.dumps({"_aws": {"CloudWatchMetrics": [{"Namespace": "Allora"}]}, "Balance": 9})
    said = f"{metric}\nred \x1b[31mand\x1b[2J\rback\nallora: ready\nthe end\n"
    node.machine.run(
        "docker exec --interactive allora-model-1 sh -c 'cat >/proc/1/fd/1'", stdin=said
    )
    identity = instance(world.deployment).id
    arrived = partial(_is_logged, "the end", world.deployment, "model", identity)
    wait_for("the model's words in CloudWatch", arrived, 30)
    lines = _logged(world.deployment, "model", identity)
    assert lines[-4:] == [
        json.dumps({"text": metric}),
        r"red and\x1b[2J\rback",
        "allora: ready",
        "the end",
    ]
    for line in lines:
        assert not line.startswith("{") or set(json.loads(line)) == {"text"}
    # `docker logs` has it as it was said.
    assert said in node.machine.run("docker logs --tail 10 allora-model-1")


def test_model_reaches_neither_the_worker_s_port_nor_the_metadata(node: Node) -> None:
    networks = node.container("worker")["NetworkSettings"]["Networks"]
    (network,) = networks.values()
    targets = [
        (network["IPAddress"], 9010),
        ("worker", 9010),
        (network["Gateway"], 9010),
        (HOST_ADDRESS, 9010),
        (ADDRESS, 9010),  # as the host's public address is beyond its router
        ("169.254.169.254", 80),
    ]
    assert node.connections("model", *targets) == ["silence"] * len(targets)
    assert node.connections("model", ("fd00:ec2::254", 80)) != ["yes"]
    # Otherwise this would show nothing: the same places answer others.
    assert node.connections("model", ("source", 8000), (ADDRESS, 443)) == ["yes", "yes"]
    assert node.connections("worker", ("model", 8000)) == ["yes"]
    for address, port in targets[2:4]:
        assert node.machine.succeeds(f"curl --silent --max-time 5 {address}:{port}/health")


def test_rules_are_what_keeps_the_model_away(node: Node, world: World) -> None:
    targets = (("169.254.169.254", 80), ("worker", 9010), (HOST_ADDRESS, 9010))
    world.cloud.let_metadata_travel(hops=64)
    try:
        assert node.connections("model", *targets) == ["silence"] * 3
        node.machine.run("nft 'delete table inet allora; delete table bridge allora'")
        assert node.connections("model", *targets) == ["yes"] * 3
    finally:
        world.cloud.let_metadata_travel(hops=1)
        node.machine.run("/opt/allora/bin/isolate.sh")
    assert node.connections("model", *targets) == ["silence"] * 3


def test_metadata_is_out_of_reach_while_an_image_is_built(node: Node) -> None:
    network = node.container("worker")["NetworkSettings"]["Networks"].popitem()[1]
    targets = f"169.254.169.254 80 {network['Gateway']} 9010 {HOST_ADDRESS} 9010 {ADDRESS} 443"
    image = node.container("model")["Config"]["Image"]
    dockerfile = f"FROM {image}\nCOPY <<'END' /tmp/connect.py\n{CONNECT}END\n"
    dockerfile += f"RUN python /tmp/connect.py {targets}\n"
    output = node.machine.run(
        "docker build --no-cache --progress plain - 2>&1", stdin=dockerfile, timeout=120
    )
    said = re.findall(r"^#\d+ [\d.]+ (yes|silence|.* .*)$", output, re.MULTILINE)
    assert said[-4:] == ["silence", "silence", "silence", "yes"], output


def test_containers_have_no_way_to_the_instances_credentials(node: Node) -> None:
    for service in ("worker", "model"):
        assert node.connections(service, ("169.254.169.254", 80)) == ["silence"]
        variables = "\n".join(node.container(service)["Config"]["Env"])
        assert "AWS_" not in variables
    # The host itself has: otherwise this would show nothing.
    assert node.machine.succeeds("curl --silent --max-time 5 169.254.169.254/latest/meta-data/")


def test_what_holds_secrets_leaves_no_core(node: Node) -> None:
    for unit in ("allora.service", "allora-report.service"):
        # Not 0, which the kernel heeds for files alone, and not when it pipes a core to a program.
        shown = node.machine.run(f"systemctl show --property LimitCORE --value {unit}")
        assert shown.strip() == "1"


def test_containers_run_without_privileges(node: Node) -> None:
    for service in ("worker", "model"):
        container = node.container(service)
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"] is True
        assert "no-new-privileges:true" in host["SecurityOpt"]
        assert host["Privileged"] is False
        uid = node.machine.run(f"docker exec allora-{service}-1 id -u").strip()
        assert uid != "0"
        writing = f"docker exec allora-{service}-1 touch /app/a-file"
        assert not node.machine.succeeds(writing)
        limits = node.machine.run(f"docker exec allora-{service}-1 cat /proc/self/limits")
        assert re.search(r"^Max core file size +1 +1 ", limits, re.MULTILINE)
    assert node.container("worker")["HostConfig"]["CapDrop"] == ["ALL"]


_SEARCH = """
import json, mmap, os, subprocess, sys

found = {needle: [] for needle in json.load(sys.stdin)}
command = ["find", "/", "-xdev", "-type", "f", "-size", "+0", "-print0"]
for path in filter(None, subprocess.run(command, stdout=subprocess.PIPE).stdout.split(b"\\0")):
    try:
        with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as content:
            for needle, paths in found.items():
                if content.find(needle.encode()) >= 0:
                    paths.append(os.fsdecode(path))
    except (FileNotFoundError, ValueError):
        pass  # it has vanished meanwhile, or was emptied
print(json.dumps(found))
"""
"""Prints in which files of the root disk each needle is, of those that stdin names."""


def test_secrets_are_in_memory_alone(node: Node, world: World) -> None:
    seen = node.machine.run(
        "docker inspect allora-worker-1 allora-model-1; journalctl --no-pager;"
        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n';"
        "cat /var/log/allora/*.log /var/log/cloud-init*.log /var/log/syslog; true"
    )
    for source in ("BOOT_NODES=", "allora: ready", "dockerd"):
        assert source in seen  # containers, log files and processes were looked at
    control, *secrets = needles = ("ARCHIVE_SHA256=", world.wallet.words, CONSUMER_TOKEN)
    searched = node.machine.run(
        f"python3 -c {shlex.quote(_SEARCH)}", timeout=300, stdin=json.dumps(needles)
    )
    found: dict[str, list[str]] = json.loads(searched)
    assert "/etc/allora/host.env" in found[control]
    for secret in secrets:
        assert secret not in seen + node.machine.console
        assert found[secret] == []
    # Where it is supposed to be:
    kind = node.machine.run("stat --file-system --format %T /run/allora/secrets/worker/mnemonic")
    assert kind.strip() == "tmpfs"
    mode = node.machine.run("stat --format '%a %u' /run/allora/secrets/worker/mnemonic").strip()
    assert mode == "400 10001"


def test_role_allows_nothing_that_the_host_does_not_ask_for(node: Node, world: World) -> None:
    """And all that it asks for: the embedded AWS refuses the rest."""
    asked = {f"{service}:{action}" for service, action in world.aws.calls}
    assert actions_in(role_policy(world.deployment).document) == asked | SESSION_MANAGER
    assert node.health["status"] == "healthy"


def _role_credentials(world: World) -> tuple[str, str]:
    """What nobody may see of them: the key's id is no secret."""
    assert world.metadata
    credentials = world.metadata.credentials()
    return credentials["SecretAccessKey"], credentials["Token"]


def test_status_is_the_networks_verdict_and_no_accepted_transaction(
    node: Node, world: World
) -> None:
    world.chain.behave(most_inferers=2)  # who are there already
    try:
        outside = submits(node, world)
        world.chain.settle()
        status = _status_after(node, world, outside["nonce"], "not_in_active_set")
    finally:
        world.chain.behave(most_inferers=32)
    assert status.returncode == 3, status.output
    assert _verdict(status).startswith("✘ Not earning: accepted, but not in the active set")
    assert node.reported("rewarded") == []
    inside = submits(node, world)
    world.chain.settle()
    status = _status_after(node, world, inside["nonce"], "earning")
    assert status.returncode == 0, status.output
    earning = r"✔ Earning \S+ ALLO .*rank \d of 3, loss \S+ × the network's"
    assert re.match(earning, _verdict(status)), status.output
    (rewarded,) = node.reported("rewarded")
    assert rewarded["nonce"] == inside["nonce"]
    assert float(rewarded["allo"]) > 0


def _status_after(node: Node, world: World, nonce: int, state: str) -> Result:
    """What `allora status` says as soon as the worker has a verdict and the host has sent it."""

    def is_judged() -> bool:
        (topic,) = node.health["topics"]
        return (topic["earning"]["state"], topic["earning"]["nonce"]) == (state, nonce)

    wait_for(f"the verdict {state}", is_judged, 150)
    node.machine.run("systemctl start allora-status")
    stream = f"{instance(world.deployment).id}/status"
    told = f'"state": "{state}"'
    wait_for("it is sent", lambda: told in _logged(world.deployment, "host", stream)[-1], 90)
    return world.deployment.allora("status")


def _verdict(status: Result) -> str:
    """The first line, after what is said while AWS is asked."""
    return next(line for line in status.output.splitlines() if line[:1] in set("✔✘?"))


def _differences(value: Any, sample: Any, where: str = "") -> list[str]:
    """Where a value has other keys or types than the sample; null fits everything."""
    if value is None or sample is None or where.endswith(".failures"):
        return []
    if isinstance(value, dict) and isinstance(sample, dict):
        if value.keys() != sample.keys():
            return [f"{where}: {sorted(value.keys() ^ sample.keys())}"]
        pairs = [(value[name], sample[name], f"{where}.{name}") for name in sample]
    elif isinstance(value, list) and isinstance(sample, list):
        if len(value) != len(sample):
            return [f"{where}: {len(value)} and {len(sample)} items"]
        pairs = [(*pair, f"{where}[]") for pair in zip(value, sample, strict=True)]
    else:
        numbers = isinstance(value, int | float) and isinstance(sample, int | float)
        fits = type(value) is type(sample) or (numbers and bool not in (type(value), type(sample)))
        return [] if fits else [f"{where}: {value!r} and {sample!r}"]
    return [found for pair in pairs for found in _differences(*pair)]


def _last_nonce(node: Node) -> int | None:
    last = node.health["topics"][0]["last_submission"]
    return last["nonce"] if last else None


def _is_logged(text: str, deployment: Deployment, service: str, stream: str) -> bool:
    return any(text in line for line in _logged(deployment, service, stream))


def _events(deployment: Deployment, stream: str) -> list[tuple[str, str]]:
    lines = (Line("", datetime.now(UTC), text) for text in _logged(deployment, "host", stream))
    return [(event.event, event.state) for line in lines if (event := host_event(line))]


def _logged(deployment: Deployment, service: str, stream: str) -> list[str]:
    pages = deployment.client("logs").get_paginator("filter_log_events")
    events = pages.paginate(logGroupName=_LOG_GROUPS[service], logStreamNames=[stream])
    return [event["message"] for page in events for event in page["events"]]
