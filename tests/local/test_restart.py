"""`allora restart` on the embedded AWS, where the tests play the host."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from allora_cli.errors import ExitCode
from devtools.embedded_aws.emulator import Emulator
from tests.local.asked import Asked
from tests.local.deployment import Deployment
from tests.local.interposer import Answer, interposed, json_error
from tests.local.reported import ReportedHost, once
from tests.local.template import Deployed

QUICK = ("--pace", "0.02")


@pytest.fixture
def host(deployed: Deployed) -> ReportedHost:
    time.sleep(1)  # AWS tells its time in whole seconds: what came before must be older
    return ReportedHost(deployed.deployment.client("logs"), deployed.outputs["instance_id"])


def bodies(asked: list[Asked], action: str) -> list[bytes]:
    return [each.body for each in asked if each.action == action]


def coming_back(
    host: ReportedHost, asked: list[Asked], action: str
) -> AbstractContextManager[None]:
    """The host, as soon as it was told to restart."""

    def play(_: object) -> None:
        host.worker("starting", message="allora-worker starts")
        host.worker("ready", message="registered as inferer in topic 69")

    return once(lambda: bodies(asked, action), play)


def test_service_is_restarted_and_the_worker_is_ready_again(
    deployed: Deployed, host: ReportedHost
) -> None:
    asked: list[Asked] = []
    with (
        interposed(deployed.deployment, lambda _: None, asked) as heard,
        coming_back(host, asked, "SendCommand"),
    ):
        restarted = heard.allora("restart", "--yes", *QUICK)
    assert restarted.returncode == 0, restarted.output
    assert "is ready again" in restarted.output
    assert bodies(asked, "RebootInstances") == []
    (body,) = bodies(asked, "SendCommand")
    command = json.loads(body)
    assert command["InstanceIds"] == [deployed.outputs["instance_id"]]
    assert command["DocumentName"] == "AWS-RunShellScript"
    assert command["Parameters"]["commands"] == [
        "systemctl stop allora",
        "/opt/allora/bin/compose.sh stop",
        "systemctl start --no-block allora",
    ]


def test_reboot_of_the_host(deployed: Deployed, host: ReportedHost) -> None:
    asked: list[Asked] = []
    with (
        interposed(deployed.deployment, lambda _: None, asked) as heard,
        coming_back(host, asked, "RebootInstances"),
    ):
        restarted = heard.allora("restart", "--yes", "--reboot", "--json", *QUICK)
    assert restarted.returncode == 0, restarted.output
    assert bodies(asked, "SendCommand") == []
    result = json.loads(restarted.output.splitlines()[-1])
    assert result["healthy"] is True
    assert result["instance_id"] == deployed.outputs["instance_id"]


def test_a_worker_that_was_ready_before_is_no_success(
    deployed: Deployed, host: ReportedHost
) -> None:
    host.worker("ready", message="registered as inferer in topic 69")
    refused = deployed.deployment.allora("restart")
    assert "#not-a-terminal" in refused.output
    time.sleep(1)
    late = deployed.deployment.allora("restart", "--yes", "--timeout", "0.05", *QUICK)
    assert late.returncode == ExitCode.TIMEOUT, late.output
    assert "#not-in-time" in late.output


@pytest.mark.parametrize(
    ("action", "answer", "words"),
    [
        ("SendCommand", json_error("InvalidInstanceId", "not in a valid state"), "does not reach"),
        (
            "GetCommandInvocation",
            Answer(200, '{"Status": "TimedOut", "StatusDetails": "Delivery Timed Out"}', "json"),
            "does not reach",
        ),
        (
            "GetCommandInvocation",
            Answer(200, '{"Status": "TimedOut", "StatusDetails": "DeliveryTimedOut"}', "json"),
            "does not reach",
        ),
        (
            "GetCommandInvocation",
            Answer(
                200,
                '{"Status": "Failed", "StatusDetails": "Failed",'
                ' "StandardErrorContent": "Unit allora.service not found."}',
                "json",
            ),
            "Unit allora.service not found",
        ),
    ],
    ids=["unknown to SSM", "not delivered", "not delivered, in one word", "failed"],
)
def test_a_host_out_of_reach_can_be_rebooted(
    deployed: Deployed, action: str, answer: Answer, words: str
) -> None:
    with interposed(deployed.deployment, lambda asked: answer if asked == action else None) as far:
        refused = far.allora("restart", "--yes")
    assert refused.returncode == ExitCode.PROBLEM, refused.output
    assert words in refused.output
    assert "allora restart --reboot" in refused.output
    assert "Traceback" not in refused.output


def test_nothing_deployed(emulator: Emulator, tmp_path: Path) -> None:
    refused = Deployment(emulator, tmp_path).allora("restart")
    assert refused.returncode == ExitCode.PROBLEM
    assert "#not-deployed" in refused.output
