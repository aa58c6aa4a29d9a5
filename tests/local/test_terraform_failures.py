"""Why Terraform has failed, by what it leaves behind and by what AWS answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.failures import explain_failure
from allora_cli.terraform.messages import Severity, TerraformMessage
from allora_cli.terraform.runner import TerraformError
from devtools.embedded_aws.emulator import Emulator
from tests.local.deployment import BUCKET, Deployment, context_of
from tests.local.interposer import Answer, ec2_error, interposed

STACK = "allora-single-node"


@pytest.fixture
def place(emulator: Emulator, tmp_path: Path) -> Deployment:
    made = Deployment(emulator, tmp_path / "place")
    made.client("s3").create_bucket(Bucket=BUCKET)
    return made


def explained(context: Context, folder: Path, *summaries: str) -> OperatorError:
    messages = [TerraformMessage(STACK, Severity.ERROR, summary) for summary in summaries]
    return explain_failure(context, folder, TerraformError(STACK, messages))


def test_a_state_that_could_not_be_saved(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "errored.tfstate").touch()
    error = explained(context_of(place, monkeypatch), tmp_path)
    assert error.code is ErrorCode.STATE_NOT_SAVED
    assert f"cd {tmp_path} && terraform state push errored.tfstate" in str(error)


def test_a_bucket_that_is_gone(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.client("s3").delete_bucket(Bucket=BUCKET)
    error = explained(context_of(place, monkeypatch), tmp_path)
    assert error.code is ErrorCode.BUCKET
    assert "allora bootstrap" in str(error)


def test_credentials_that_have_expired_meanwhile(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def expires(action: str) -> Answer | None:
        if action != "GetCallerIdentity":
            return None
        asked.append(action)
        return ec2_error("ExpiredToken", "expired") if len(asked) > 1 else None

    with interposed(place, expires) as late:
        error = explained(context_of(late, monkeypatch), tmp_path, "failed to refresh")
    assert error.code is ErrorCode.CREDENTIALS_EXPIRED
    assert "goes on from here" in str(error)


def test_the_code_that_aws_has_answered(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = explained(
        context_of(place, monkeypatch),
        tmp_path,
        "creating EC2 Instance: operation error EC2: RunInstances, https response error "
        "StatusCode: 500, RequestID: 1, api error InsufficientInstanceCapacity: no t3.medium here",
    )
    assert error.code is ErrorCode.CAPACITY
    assert "no t3.medium here" in str(error)
    assert "AWS_AVAILABILITY_ZONE" in str(error)


@pytest.mark.parametrize("code", ["VolumeModificationRateExceeded", "IncorrectModificationState"])
def test_a_volume_that_aws_still_changes(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    error = explained(
        context_of(place, monkeypatch),
        tmp_path,
        "modifying EBS Volume (vol-1): operation error EC2: ModifyVolume, https response error "
        f"StatusCode: 400, RequestID: 1, api error {code}: wait",
    )
    assert error.code is ErrorCode.AWS_REFUSED
    assert "again in some hours" in str(error)


def test_anything_else_in_terraform_s_words(
    place: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = context_of(place, monkeypatch)
    error = explained(context, tmp_path, "Cycle: a, b.", "another")
    assert error.code is ErrorCode.TERRAFORM_FAILED
    assert f"Terraform has failed in {STACK}: Cycle: a, b. Running" in str(error)
    assert "no reason" in str(explained(context, tmp_path))
