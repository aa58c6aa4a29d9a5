"""`allora connect` on the embedded AWS, with stand-ins for the AWS CLI and its plugin."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from allora_cli.errors import ExitCode
from devtools.embedded_aws.emulator import Emulator
from tests.local.deployment import REGION, Deployment, Result
from tests.local.template import Deployed

_STAND_IN = '#!/bin/sh\nprintf "started:"; printf " %s" "$@"; printf "\\n"\n'


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with both programs, and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("aws", "session-manager-plugin"):
        (folder / name).write_text(_STAND_IN)
        (folder / name).chmod(0o755)
    return folder


def connect(deployment: Deployment, path: str, *arguments: str) -> Result:
    done = deployment.allora_apart("connect", *arguments, environment={"PATH": path})
    return Result(done.returncode, done.stdout + done.stderr)


def test_session_with_the_deployed_host(deployed: Deployed, programs: Path) -> None:
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    opened = connect(deployed.deployment, path)
    assert opened.returncode == 0, opened.output
    id_ = deployed.outputs["instance_id"]
    assert f"started: ssm start-session --target {id_} --region {REGION}\n" in opened.output


def test_json_prints_the_command_and_opens_nothing(deployed: Deployed) -> None:
    shown = connect(deployed.deployment, "/nowhere", "--json")
    assert shown.returncode == 0, shown.output
    result = json.loads(shown.output)
    assert result["command"] == deployed.outputs["connect_command"]
    assert result["arguments"][-4:] == [
        "--target",
        deployed.outputs["instance_id"],
        "--region",
        REGION,
    ]


@pytest.mark.parametrize("missing", ["aws", "session-manager-plugin"])
def test_a_missing_program_is_named_with_its_page(
    deployed: Deployed, programs: Path, missing: str
) -> None:
    (programs / missing).unlink()
    refused = connect(deployed.deployment, str(programs))
    assert refused.returncode == ExitCode.PROBLEM
    assert "docs.aws.amazon.com" in refused.output
    assert "#not-installed" in refused.output
    assert "started:" not in refused.output


def test_a_stopped_host_is_named_with_the_remedy(deployed: Deployed, programs: Path) -> None:
    ec2, id_ = deployed.deployment.client("ec2"), deployed.outputs["instance_id"]
    ec2.stop_instances(InstanceIds=[id_])
    refused = connect(deployed.deployment, str(programs))
    assert refused.returncode == ExitCode.PROBLEM
    assert f"aws ec2 start-instances --instance-ids {id_} --region {REGION}" in refused.output
    assert "#instance-down" in refused.output


def test_nothing_deployed(emulator: Emulator, tmp_path: Path, programs: Path) -> None:
    refused = connect(Deployment(emulator, tmp_path), str(programs))
    assert refused.returncode == ExitCode.PROBLEM
    assert "allora deploy" in refused.output
    assert "#not-deployed" in refused.output
