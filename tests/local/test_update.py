"""`allora update` with real Terraform on an embedded AWS, where the tests play the host."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from allora_cli.errors import ExitCode
from tests.local.deployment import Deployment, another_host, running_instances
from tests.local.reported import ReportedHost, once
from tests.local.template import Deployed
from tests.local.terminal import terminal

QUICK = ("--pace", "0.02")
COMMENT = "# my own words, with 'quotes' and a $\n"


@pytest.fixture
def deployment(deployed: Deployed) -> Deployment:
    """A worker with a model of its own, and a settings file with a comment."""
    with env_file(deployed.deployment).open("a") as file:
        file.write(COMMENT)
    return deployed.deployment


def env_file(deployment: Deployment) -> Path:
    return deployment.directory / "env"


def host_of(deployment: Deployment) -> str:
    (id_,) = running_instances(deployment)
    return id_


def image_of(deployment: Deployment, instance_id: str) -> str:
    found = deployment.client("ec2").describe_instances(InstanceIds=[instance_id])
    image: str = found["Reservations"][0]["Instances"][0]["ImageId"]
    return image


def next_host(deployment: Deployment, *events: tuple[str, str]) -> AbstractContextManager[None]:
    """Plays the host that takes the place of the present one, as soon as it is there."""
    before = host_of(deployment)
    ec2 = deployment.client("ec2")

    def find() -> str | None:
        running = [{"Name": "instance-state-name", "Values": ["running"]}]
        groups = ec2.describe_instances(Filters=running)["Reservations"]
        ids: list[str] = [group["Instances"][0]["InstanceId"] for group in groups]
        return next((id_ for id_ in ids if id_ != before), None)

    def play(id_: str | None) -> None:
        host = ReportedHost(deployment.client("logs"), str(id_))
        time.sleep(1)
        for event, message in events:
            host.worker(event, message=message, level="info")

    return once(find, play)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--sdk-version", "9.9.9"), "make lock-worker SDK=9.9.9"),
        (("--ami", "ubuntu"), "AWS_AMI_ID"),
        (("--model-ref", "../x"), "MODEL_REF"),
        (("--model-image", "me/model:1"), "MODEL_REPO"),  # one or the other
    ],
)
def test_settings_that_would_be_wrong_are_not_written(
    deployment: Deployment, arguments: tuple[str, ...], words: str
) -> None:
    before = env_file(deployment).read_bytes()
    refused = deployment.allora("update", "--yes", *arguments)
    assert refused.returncode == ExitCode.PROBLEM
    assert words in refused.output
    assert f"{env_file(deployment)}: 1 setting needs your attention" in refused.output
    assert env_file(deployment).read_bytes() == before


@pytest.mark.slow
def test_a_plan_that_is_declined_changes_nothing(deployment: Deployment) -> None:
    before, host = env_file(deployment).read_bytes(), host_of(deployment)
    with terminal(deployment, "update", "--model-ref", "v1.1") as screen:
        screen.expect("Make these changes? [y/N]")
        screen.enter("n")
        assert screen.end() == ExitCode.PROBLEM
    assert "MODEL_REF: v1.0 → v1.1" in screen.text
    assert f"the instance {host}, because of MODEL_REF" in screen.text
    assert f"The host {host} ends, and only then the new one starts" in screen.text
    assert "the wallet never signs twice" in screen.text
    assert "What stays: the address" in screen.text
    assert "wallet and secrets the logs the data volume vol-" in screen.text
    assert "user_data" not in screen.text
    assert "Nothing was changed" in screen.text
    assert env_file(deployment).read_bytes() == before
    assert host_of(deployment) == host


def test_without_a_terminal_yes_is_needed(deployment: Deployment) -> None:
    refused = deployment.allora("update", "--model-ref", "v1.1")
    assert refused.returncode == ExitCode.PROBLEM
    assert "#not-a-terminal" in refused.output


def test_another_host_with_the_same_wallet_is_refused(deployment: Deployment) -> None:
    host = host_of(deployment)
    with another_host(deployment) as other:
        refused = deployment.allora("update", "--model-ref", "v1.1", "--yes")
    assert refused.returncode == ExitCode.PROBLEM
    assert f"allora state remove {other}" in refused.output
    assert "#other-host" in refused.output
    assert host_of(deployment) == host


def test_yes_approves_the_plan_without_a_look_at_it(deployment: Deployment, stand_in: Path) -> None:
    deployment.variables["TERRAFORM_BINARY_NAME"] = str(stand_in)
    done = deployment.allora_apart("update", "--model-ref", "v1.1", "--yes", "--no-wait", "--json")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "Make these" not in done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    (plan,) = [each for each in events if each["event"] == "plan"]
    assert [each["action"] for each in plan["changes"]] == ["replace"]
    (summary,) = [each for each in events if each["event"] == "summary"]
    assert [(each["action"], each["kind"]) for each in summary["entries"]] == [
        ("replace", "instance")
    ]
    assert "host-replacement" in [each["event"] for each in events]
    result = events[-1]
    assert result["changed"] == {"MODEL_REF": {"from": "v1.0", "to": "v1.1"}}
    assert result["healthy"] is None
    assert "MODEL_REF='v1.1'\n" in env_file(deployment).read_text()
    commands = (stand_in.parent / "commands").read_text().splitlines()
    assert commands == ["init", "init", "plan", "plan", "show", "apply"]  # each once a stack


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A stand-in for Terraform, which would replace the host, and has done so at once."""
    change = {"actions": ["delete", "create"], "before": {}, "after": {}, "after_unknown": {}}
    host = {"address": "aws_instance.host", "type": "aws_instance", "mode": "managed"}
    shown = json.dumps({"resource_changes": [host | {"change": change}]})
    script = tmp_path / "stand-in" / "terraform"
    script.parent.mkdir()
    script.write_text(
        f"""#!/bin/sh
echo "$1" >>'{script.parent}/commands'
case "$1,$PWD" in
plan,*allora-single-node) exit 2 ;;
show,*) echo '{shown}' ;;
esac
"""
    )
    script.chmod(0o755)
    return script


@pytest.mark.slow
def test_new_host_takes_the_old_one_s_place_and_has_to_submit(deployment: Deployment) -> None:
    """One that fails leads to the way back; once it submits, the same command has nothing to do."""
    old = host_of(deployment)
    with (
        next_host(deployment, ("starting", "starts"), ("gave_up", "allora-worker: gives up: no")),
        terminal(
            deployment,
            *("update", "--model-ref", "v1.1", "--ami", "latest", "--pace", "0.01"),
        ) as screen,
    ):
        screen.expect("Make these changes? [y/N]")
        screen.enter("y")
        assert screen.end() == ExitCode.UNHEALTHY, screen.text
    assert "gives up: no" in screen.text
    assert (
        "To go back to what worked before: remove AWS_AMI_ID from the settings file, "
        "then allora update --model-ref v1.0"
    ) in screen.text
    new = host_of(deployment)
    assert new != old
    (state,) = deployment.client("ec2").describe_instances(InstanceIds=[old])["Reservations"]
    assert state["Instances"][0]["State"]["Name"] == "terminated"
    # Only then the new one, so that the wallet never signs twice.
    destroyed = screen.text.index("aws_instance.host_instance_168AED24: destroyed")
    assert destroyed < screen.text.index("aws_instance.host_instance_168AED24: created")
    text = env_file(deployment).read_text()
    assert "MODEL_REF='v1.1'\n" in text
    assert f"AWS_AMI_ID={image_of(deployment, new)}\n" in text
    assert COMMENT in text
    assert "MODEL_REPO='https://git.invalid/my-model.git'\n" in text

    host = ReportedHost(deployment.client("logs"), new)
    for event in ("starting", "ready", "submitted"):
        host.worker(event, message="topic 69")
    again = deployment.allora("update", "--yes", *QUICK)
    assert again.returncode == ExitCode.OK, again.output
    assert "Nothing to change in AWS" in again.output
    assert f"The worker works: {new}" in again.output
    assert "has submitted" in again.output
    assert host_of(deployment) == new
