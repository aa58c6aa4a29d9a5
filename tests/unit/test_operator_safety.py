"""What would cost an operator money or a file is refused before anything is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from botocore import exceptions

from allora_cli.aws.session import one_sentence_errors
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.settings_file import SettingsFile
from allora_cli.terraform.state import hosts_in
from allora_cli.terraform.state_objects import require_region

SETTINGS = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\n"


def context(region: str) -> Context:
    settings = SimpleNamespace(aws_region=region, state_bucket="states")
    return cast("Context", SimpleNamespace(settings=settings))


def host_in(zone: str | None) -> dict[str, str]:
    values = {"id": "i-0123456789abcdef0", "availability_zone": zone}
    return hosts_in([{"type": "aws_vpc", "values": {}}, {"type": "aws_instance", "values": values}])


def test_a_host_in_another_region_than_the_settings_stops_everything() -> None:
    with pytest.raises(OperatorError) as refused:
        require_region(context("eu-central-1"), host_in("us-east-1b"))
    assert refused.value.code is ErrorCode.OTHER_REGION
    for word in ("i-0123456789abcdef0", "us-east-1b", "eu-central-1", "Nothing was changed"):
        assert word in str(refused.value)


@pytest.mark.parametrize("hosts", [{}, host_in("us-east-1b"), host_in(None)])
def test_the_host_s_own_region_is_right(hosts: dict[str, str]) -> None:
    require_region(context("us-east-1"), hosts)


def test_settings_that_were_saved_meanwhile_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(SETTINGS)
    file = SettingsFile(path)
    with file.draft({"MODEL_IMAGE": "example.org/model:2"}) as draft:
        path.write_text(SETTINGS + "LOG_RETENTION_DAYS=90\n")
        with pytest.raises(OperatorError, match="Nothing was deployed"):
            file.replace_by(draft)
    assert path.read_text() == SETTINGS + "LOG_RETENTION_DAYS=90\n"


def test_unchanged_settings_are_replaced(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text(SETTINGS)
    file = SettingsFile(path)
    with file.draft({"MODEL_IMAGE": "example.org/model:2"}) as draft:
        file.replace_by(draft)
    assert "example.org/model:2" in path.read_text()


@pytest.mark.parametrize(
    "fail",
    [
        lambda: exceptions.ConfigParseError(path="~/.aws/config", error="no section"),
        lambda: exceptions.CredentialRetrievalError(provider="process", error_msg="exit 1"),
        lambda: exceptions.InvalidConfigError(error_msg="the source profile is not there"),
        lambda: exceptions.WaiterError(name="BucketExists", reason="late", last_response={}),
    ],
)
def test_whatever_the_client_gives_up_on_is_a_sentence(
    fail: Callable[[], exceptions.BotoCoreError],
) -> None:
    with pytest.raises(OperatorError) as told, one_sentence_errors():
        raise fail()
    assert "aws sts get-caller-identity" in str(told.value)
