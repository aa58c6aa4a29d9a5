"""Which stacks a command handles."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from allora_cli.context import Context, open_context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.handled_stacks import app_stacks, handled_stacks
from allora_cli.terraform.synthesis import needed_outputs
from shared.stacks import COMMON, FLEET, SINGLE_NODE, state_key

BUCKET = "states"
SETTINGS = f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nTF_STATE_BUCKET={BUCKET}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / ".env").write_text(SETTINGS)
    monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
    with mock_aws():
        yield tmp_path


def with_fleet(folder: Path) -> Context:
    (folder / "fleet.toml").write_text("[workers.a]\n")
    return open_context()


def save(stack: str, type_: str) -> None:
    """A state with one resource."""
    s3 = open_context().session.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    resource = {"mode": "managed", "type": type_, "name": "a", "instances": [{"attributes": {}}]}
    state = {"version": 4, "serial": 1, "resources": [resource]}
    s3.put_object(Bucket=BUCKET, Key=state_key(stack), Body=json.dumps(state).encode())


@pytest.mark.usefixtures("folder")
def test_without_a_fleet_there_are_two() -> None:
    context = open_context()
    assert app_stacks(context) == handled_stacks(context) == (COMMON, SINGLE_NODE)


def test_with_a_fleet_the_host_is_handled_only_if_it_is_deployed(folder: Path) -> None:
    context = with_fleet(folder)
    assert app_stacks(context) == (COMMON, SINGLE_NODE, FLEET)
    assert handled_stacks(context) == (COMMON, FLEET)
    save(SINGLE_NODE, "aws_vpc")
    assert handled_stacks(context) == (COMMON, SINGLE_NODE, FLEET)


@pytest.mark.usefixtures("folder")
def test_a_fleet_without_its_file_is_left_alone() -> None:
    save(COMMON, "aws_codebuild_project")
    assert handled_stacks(open_context()) == (COMMON, SINGLE_NODE)
    save(FLEET, "aws_ecs_service")
    with pytest.raises(OperatorError, match=r"Bring fleet\.toml back") as raised:
        handled_stacks(open_context())
    assert raised.value.code is ErrorCode.FLEET_FILE


def test_a_stack_tells_which_outputs_it_reads(tmp_path: Path) -> None:
    folder = tmp_path / "stacks" / FLEET
    folder.mkdir(parents=True)
    reference = f"${{data.terraform_remote_state.cross-stack-reference-input-{COMMON}.outputs.a-b}}"
    (folder / "cdk.tf.json").write_text(json.dumps({"role": reference}))
    assert needed_outputs(tmp_path, FLEET) == {"a-b"}
