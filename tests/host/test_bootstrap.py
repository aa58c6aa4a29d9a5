"""A host whose role, policy and archive come late, or wrong, comes up by itself and says why."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from tests.host.node import Node
from tests.host.waiting import wait_for
from tests.host.world import RolePolicy, World, instance, role_policy
from tests.local.deployment import BUCKET
from tests.policies import without

_PREFIX = "allora-single-node/build-contexts/"
_HOLD_APT = """
import fcntl, time
lock = open("/var/lib/apt/lists/lock", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
time.sleep(3600)
"""


@pytest.fixture(scope="module")
def policy(world: World) -> RolePolicy:
    """That of the host's role, as it was deployed."""
    return role_policy(world.deployment)


@pytest.fixture(scope="module")
def started(world: World, policy: RolePolicy) -> Node:
    """A host whose instance profile has no keys yet, and whose role lacks a permission."""
    policy.change(without(policy.document, "s3:GetObject"))
    return Node(world.launch(instance(world.deployment), has_profile=False))


def test_all_that_comes_late_is_waited_for(started: Node, world: World, policy: RolePolicy) -> None:
    s3 = world.deployment.client("s3")
    (archive,) = s3.list_objects_v2(Bucket=BUCKET, Prefix=_PREFIX)["Contents"]
    content = s3.get_object(Bucket=BUCKET, Key=archive["Key"])["Body"].read()

    wait_for(
        "it is on the console", lambda: '"archive_unavailable"' in started.machine.console, 120
    )
    assert _events(world) == []  # without keys it can tell CloudWatch nothing

    assert world.metadata
    world.metadata.has_profile = True
    _wait_for_event(world, lambda event: "AccessDenied" in event["message"])

    s3.put_object(Bucket=BUCKET, Key=archive["Key"], Body=b"another archive")
    policy.change(policy.document)
    refused = _wait_for_event(world, lambda event: event.get("needs_operator", False))
    assert "is not what was deployed" in refused["message"]
    assert not started.machine.succeeds("test -e /opt/allora")

    started.machine.run(f"systemd-run --unit=apt-lock python3 -c {shlex.quote(_HOLD_APT)}")
    s3.put_object(Bucket=BUCKET, Key=archive["Key"], Body=content)
    _wait_for_event(world, lambda event: event["state"] == "done")
    storage = "test -e /var/lib/allora && systemctl is-active allora-storage"
    wait_for("the archive's scripts run", lambda: started.machine.succeeds(storage), 120)
    # What was said before there were keys has come by the journal, and nothing has come twice.
    states = [event["state"] for event in _wait_for_all(started, world)]
    assert states == ["started", *["waiting"] * (len(states) - 2), "done"]
    _sees_that_a_failed_installation_begins_again(started)


def _sees_that_a_failed_installation_begins_again(started: Node) -> None:
    """Another program uses apt, and the installation that waits for it is killed."""
    waits = '"message": "Install packages: waits for python3'
    wait_for("it waits for the lock", lambda: waits in started.machine.console, 180)
    started.machine.run("systemctl kill --signal=KILL allora-install.service")
    wait_for("systemd begins again", lambda: started.machine.console.count(waits) > 1, 120)
    assert _restarts(started) == 1
    started.machine.run("systemctl stop apt-lock.service")
    packages = '"event": "packages", "state": "done"'
    wait_for("the packages are there", lambda: packages in started.machine.console, 300)


def _restarts(node: Node) -> int:
    shown = node.machine.run("systemctl show --property NRestarts --value allora-install.service")
    return int(shown)


def _wait_for_event(world: World, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    return wait_for("an event", lambda: next(filter(is_it, _events(world)), None), 120)


def _wait_for_all(started: Node, world: World) -> list[dict[str, Any]]:
    # systemd writes to the same lines.
    said = list(map(json.loads, re.findall(r'{"event": "bootstrap".*}', started.machine.console)))
    wait_for("all events in CloudWatch", lambda: len(_events(world)) >= len(said), 60)
    assert _events(world) == said
    return said


def _events(world: World) -> list[dict[str, Any]]:
    """The bootstrap's events in CloudWatch, in order of time."""
    logs = world.deployment.client("logs")
    stream = f"{instance(world.deployment).id}/boot"
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName="/allora/worker/host", logStreamNames=[stream]
        )
        lines = [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [json.loads(line) for line in lines if line.startswith('{"event": "bootstrap"')]
