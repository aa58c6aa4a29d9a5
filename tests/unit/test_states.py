"""States and locks as they may lie in a bucket: what is none, or another one's, is said."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import boto3
import psutil
import pytest
from botocore.stub import Stubber

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.locks import Holder, holder_of, lock_error, parse_lock
from allora_cli.terraform.ownership import require_own_state
from allora_cli.terraform.state import parse_state
from allora_cli.terraform.state_bucket import bucket_policy
from settings import Settings
from shared.stacks import COMMON, SINGLE_NODE

ACCOUNT = "123456789012"
SETTINGS = cast(
    "Settings",
    SimpleNamespace(state_bucket="states", aws_account_id=ACCOUNT, aws_region="us-east-1"),
)


def state(*resources: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "version": 4,
        "terraform_version": "1.11.4",
        "serial": 3,
        "lineage": "a",
        "outputs": {},
        "resources": [
            {"mode": "managed", "type": "aws_vpc", "instances": [{"attributes": values}]}
            for values in resources
        ],
        **members,
    }


def vpc(*, stack: str | None, region: str = "us-east-1", account: str = ACCOUNT) -> dict[str, Any]:
    tags = {"Stack": stack} if stack else {"Owner": "somebody"}
    arn = f"arn:aws:ec2:{region}:{account}:vpc/vpc-1"
    return {"id": "vpc-1", "arn": arn, "tags_all": tags}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"not json",
        json.dumps(state()).encode()[:40],
        b"\xff\xfe\x00",
        b"[]",
        b"{}",
        b'{"version": "4"}',
        b'{"version": 3}',
        b'{"version": 4, "resources": {}}',
        b'{"version": 4, "outputs": []}',
        b'{"version": 4, "resources": ["aws_vpc"]}',
        b'{"version": 4, "resources": [{"mode": "managed", "type": "a", "instances": [1]}]}',
        b'{"version": 4, "resources": [{"mode":"", "type":"", "instances":[{"attributes":1}]}]}',
        b'{"version": 4, "serial": "7"}',
        b'{"version": 4, "outputs": {"instance_id": "i-1"}}',
    ],
)
def test_what_is_no_state_is_damaged(body: bytes) -> None:
    with pytest.raises(OperatorError) as told:
        parse_state(body, stack=SINGLE_NODE, where="s3://states/key")
    assert told.value.code is ErrorCode.STATE_DAMAGED
    for words in ("s3://states/key", "Nothing was changed", f"allora state restore {SINGLE_NODE}"):
        assert words in str(told.value)


def test_a_state_of_a_newer_terraform_names_its_version() -> None:
    body = json.dumps(state(version=5, terraform_version="2.0.0")).encode()
    with pytest.raises(OperatorError, match=r"Terraform 2\.0\.0") as told:
        parse_state(body, stack=SINGLE_NODE, where="s3://states/key")
    assert told.value.code is ErrorCode.STATE_NEWER


def test_a_state_is_itself() -> None:
    body = json.dumps(state(vpc(stack=SINGLE_NODE))).encode()
    assert parse_state(body, stack=SINGLE_NODE, where="")["serial"] == 3
    assert parse_state(b'{"version": 4}', stack=SINGLE_NODE, where="") == {"version": 4}


@pytest.mark.parametrize(
    ("found", "whose"),
    [
        (vpc(stack=COMMON), f"that of the stack {COMMON}"),
        (vpc(stack="somebody-s"), "that of the stack somebody-s"),
        (vpc(stack=None), "another project's"),
        (vpc(stack=SINGLE_NODE, account="210987654321"), "of the account 210987654321"),
        (vpc(stack=SINGLE_NODE, region="eu-west-1"), "of the region eu-west-1"),
    ],
)
def test_another_s_state_is_refused(found: dict[str, Any], whose: str) -> None:
    with pytest.raises(OperatorError) as told:
        require_own_state(SETTINGS, SINGLE_NODE, state(found))
    assert told.value.code is ErrorCode.STATE_FOREIGN
    for words in (whose, "s3://states/", f"allora state restore {SINGLE_NODE}"):
        assert words in str(told.value)


@pytest.mark.parametrize(
    "resources",
    [
        (),
        ({},),
        ({"id": "no-arn-and-no-tags"},),
        (vpc(stack=SINGLE_NODE),),
        ({"arn": f"arn:aws:iam::{ACCOUNT}:role/r", "tags_all": {"Stack": SINGLE_NODE}},),
        ({"arn": "arn:aws:s3:::states/key"},),
    ],
)
def test_the_own_state_is_accepted(resources: tuple[dict[str, Any], ...]) -> None:
    require_own_state(SETTINGS, SINGLE_NODE, state(*resources))


def lock_of(who: str, **members: Any) -> bytes:
    document = {
        "ID": "6f1c0e2a",
        "Operation": "OperationTypeApply",
        "Info": "",
        "Who": who,
        "Version": "1.11.4",
        "Created": "2026-11-22T09:15:02.123456789Z",
        "Path": f"states/{SINGLE_NODE}/terraform.tfstate",
        **members,
    }
    return json.dumps(document).encode()


def test_a_lock_of_this_computer_without_its_terraform_is_a_killed_one_s() -> None:
    # Created before any process of today that could hold it.
    lock = parse_lock(SINGLE_NODE, lock_of(f"ada@{socket.gethostname()}"))
    assert holder_of(lock, SETTINGS) is Holder.GONE
    told = lock_error(lock, Holder.GONE)
    assert f"allora state unlock {SINGLE_NODE}" in str(told)
    assert "runs apply since 2026-11-22 09:15 UTC" in str(told)


@pytest.mark.parametrize(
    "body",
    [
        lock_of("ada@laptop"),
        lock_of("ada@localhost"),
        lock_of(""),
        lock_of(f"ada@{socket.gethostname()}", Created="yesterday"),
        b"half a lo",
        b"[]",
    ],
)
def test_of_another_s_lock_nothing_is_known(body: bytes) -> None:
    lock = parse_lock(SINGLE_NODE, body)
    assert holder_of(lock, SETTINGS) is Holder.ELSEWHERE
    assert "surely dead" in str(lock_error(lock, Holder.ELSEWHERE))


def test_a_lock_of_our_own_that_is_held_runs() -> None:
    who = f"ada@{socket.gethostname()}"
    body = lock_of(who, Info=json.dumps({"pid": os.getpid()}))
    assert holder_of(parse_lock(SINGLE_NODE, body), SETTINGS) is Holder.RUNS


def lock_of_now() -> bytes:
    return lock_of(f"ada@{socket.gethostname()}", Created=datetime.now(UTC).isoformat())


def test_terraform_under_another_name_holds_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, program = tmp_path / SINGLE_NODE, str(tmp_path / "tf-1.11")
    folder.mkdir()
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", program)
    with subprocess.Popen(
        [program, "-c", "echo runs; read line"],
        executable=shutil.which("sh"),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as run:
        try:
            assert run.stdout
            run.stdout.readline()  # until now, it may not have its command line yet
            lock = parse_lock(SINGLE_NODE, lock_of_now())
            assert holder_of(lock, SETTINGS) is Holder.RUNS
        finally:
            run.kill()
    assert holder_of(lock, SETTINGS) is Holder.GONE


class HiddenProcess:
    """One of another user's on macOS, of which only the name can be seen."""

    def __init__(self, name: str) -> None:
        self.name = lambda: name

    def cmdline(self) -> list[str]:
        raise psutil.AccessDenied

    environ = cwd = cmdline

    def create_time(self) -> float:
        return 0

    def status(self) -> str:
        return psutil.STATUS_RUNNING


@pytest.mark.parametrize(
    ("names", "holder"),
    [(["launchd", "WindowServer"], Holder.GONE), (["launchd", "terraform"], Holder.RUNS)],
)
def test_processes_that_hide_their_command_line_are_told_by_their_names(
    monkeypatch: pytest.MonkeyPatch, names: list[str], holder: Holder
) -> None:
    processes = [HiddenProcess(name) for name in names]
    monkeypatch.setattr(psutil, "process_iter", lambda: processes)
    assert holder_of(parse_lock(SINGLE_NODE, lock_of_now()), SETTINGS) is holder


def test_a_bucket_s_only_statement_need_not_be_in_a_list() -> None:
    s3 = boto3.Session("id", "secret", region_name="us-east-1").client("s3")
    audit = {"Sid": "Audit", "Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket"}
    with Stubber(s3) as stubber:
        policy = {"Version": "2012-10-17", "Statement": audit}
        stubber.add_response("get_bucket_policy", {"Policy": json.dumps(policy)})
        assert bucket_policy(s3, {"Bucket": "states"})["Statement"] == [audit]
