"""The remote state when things go wrong: two at once, killed in the middle, the wrong place."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import pytest

from devtools.embedded_aws.emulator import ACCOUNT_ID, Emulator
from shared.stacks import STACKS
from tests.local.attached_providers import unattached
from tests.local.deployment import BUCKET, ROOT, Deployment, running_instances
from tests.local.interposer import holding
from tests.local.template import Deployed


@pytest.fixture
def deployment(emulator: Emulator, tmp_path: Path) -> Deployment:
    """A bootstrapped working directory with nothing deployed, on a fresh embedded AWS."""
    made = Deployment(emulator, tmp_path)
    assert made.allora("bootstrap", "--yes").returncode == 0
    return made


@contextmanager
def a_deployment_that_waits_for_a_yes(deployment: Deployment, stack: str) -> Iterator[None]:
    """Somebody else's `terraform apply`, which holds the lock until it has its answer."""
    directory = deployment.directory / "cdktf.out" / "stacks" / stack
    other = subprocess.Popen(
        ["terraform", f"-chdir={directory}", "apply"],
        env=deployment.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        assert other.stdout is not None
        told = b""
        while b"Enter a value:" not in told:
            read = os.read(other.stdout.fileno(), 4096)
            assert read, told.decode()
            told += read
        yield
    finally:
        other.communicate(b"no\n", timeout=300)


def wait_until(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.slow
def test_second_deployment_at_once_is_refused_and_says_why(deployed: Deployed) -> None:
    deployment = deployed.deployment
    deployment.write_env(LOG_RETENTION_DAYS="60")
    deployment.synthesize()
    with a_deployment_that_waits_for_a_yes(deployment, "allora-common"):
        refused = deployment.terraform("allora-common", "apply", "-auto-approve", "-input=false")
        assert refused.returncode != 0
        assert "Error acquiring the state lock" in refused.output
        assert "allora-common/terraform.tfstate" in refused.output
    # Nothing is corrupted, and the lock is gone with its holder.
    assert " 0 destroyed" in deployment.apply("allora-common")
    plan = deployment.terraform("allora-common", "plan", "-input=false", "-detailed-exitcode")
    assert plan.returncode == 0, plan.output


@pytest.mark.slow
def test_ctrl_c_at_the_question_of_cdktf_leaves_no_lock(deployed: Deployed) -> None:
    deployment = deployed.deployment
    unattached(deployment)  # so that it has all processes that Ctrl-C may reach
    deployment.write_env(LOG_RETENTION_DAYS="60")
    environment = {name: value for name, value in deployment.environment.items() if name != "CI"}
    cdktf = pexpect.spawn(
        f"{ROOT}/scripts/setup/cdktf",
        ["deploy", "allora-common"],
        cwd=str(ROOT),
        env=environment | {"TERM": "xterm-256color"},
        dimensions=(50, 160),
        timeout=900,
    )
    try:
        cdktf.expect_exact("Please review")
        cdktf.expect_exact("Stop")
        s3 = deployment.client("s3")
        key = "allora-common/terraform.tfstate.tflock"
        s3.head_object(Bucket=BUCKET, Key=key)
        cdktf.sendintr()
        cdktf.expect(pexpect.EOF)
        keys = s3.list_objects_v2(Bucket=BUCKET)["Contents"]
        assert key not in [each["Key"] for each in keys]
    finally:
        cdktf.close(force=True)


def kill_terraform_when(deployment: Deployment, stack: str, condition: Callable[[], bool]) -> None:
    """`terraform apply`, and SIGKILL for it and its plugins as soon as something is there."""
    directory = deployment.directory / "cdktf.out" / "stacks" / stack
    apply = subprocess.Popen(
        ["terraform", f"-chdir={directory}", "apply", "-auto-approve", "-input=false"],
        env=deployment.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_until(condition)
    finally:
        os.killpg(apply.pid, signal.SIGKILL)
        apply.wait()


def go_on_after_a_stale_lock(deployment: Deployment, stack: str) -> None:
    """With Terraform alone, after the lock was released as docs/state.md says."""
    apply = ("apply", "-auto-approve", "-input=false")
    refused = deployment.terraform(stack, *apply)
    assert refused.returncode != 0
    assert "Error acquiring the state lock" in refused.output
    unlocked = deployment.allora("state", "unlock", "--yes")
    assert unlocked.returncode == 0, unlocked.output
    applied = deployment.terraform(stack, *apply)
    assert applied.returncode == 0, applied.output
    plan = deployment.terraform(stack, "plan", "-input=false", "-detailed-exitcode")
    assert plan.returncode == 0, plan.output  # 2 would be: there are changes


@pytest.mark.slow
def test_common_stack_killed_in_the_middle_is_finished_by_running_again(
    deployment: Deployment,
) -> None:
    """The role and the log groups exist by then, and the state does not know of them."""
    deployment.synthesize()
    assert deployment.terraform("allora-common", "init", "-input=false").returncode == 0
    logs = deployment.client("logs")
    with holding(deployment, "CreateInstanceProfile") as role:
        kill_terraform_when(
            role.deployment,
            "allora-common",
            lambda: (
                role.came.is_set()
                and bool(logs.describe_log_groups(logGroupNamePrefix="/allora/")["logGroups"])
            ),
        )
    go_on_after_a_stale_lock(deployment, "allora-common")
    names = [
        group["logGroupName"]
        for group in logs.describe_log_groups(logGroupNamePrefix="/allora/")["logGroups"]
    ]
    assert sorted(names) == [f"/allora/worker/{part}" for part in ("host", "model", "worker")]


@pytest.mark.slow
def test_host_killed_in_the_middle_is_finished_by_running_again(half_deployed: Deployed) -> None:
    deployment = half_deployed.deployment
    with holding(deployment, "DescribeInstances") as instance:
        kill_terraform_when(instance.deployment, "allora-single-node", instance.came.is_set)
    (orphan,) = running_instances(deployment)
    done = deployment.allora("deploy", "--yes", "--no-wait")
    assert done.returncode == 0, done.output
    assert f"✔ the instance {orphan} (" in done.output
    (host,) = running_instances(deployment)
    assert host != orphan
    ec2 = deployment.client("ec2")
    assert len(ec2.describe_addresses()["Addresses"]) == 1
    ours = [{"Name": "tag:Worker", "Values": ["worker"]}]
    assert len(ec2.describe_vpcs(Filters=ours)["Vpcs"]) == 1
    listed = deployment.allora_apart("state", "orphans", "--json")
    assert json.loads(listed.stdout)["orphans"] == [], listed.stdout


def test_missing_bucket_says_how_to_make_it(emulator: Emulator, tmp_path: Path) -> None:
    refused = Deployment(emulator, tmp_path).run("cdktf", "deploy", *STACKS, "--auto-approve")
    assert refused.returncode != 0
    assert BUCKET in refused.output
    assert "does not exist" in refused.output


def test_credentials_of_another_account_change_nothing(deployment: Deployment) -> None:
    other = "210987654321"
    deployment.write_env(AWS_ACCOUNT_ID=other)
    bootstrap = deployment.allora("bootstrap", "--yes")
    assert bootstrap.returncode == 1
    assert f"account {ACCOUNT_ID}" in bootstrap.output
    assert other in bootstrap.output
    assert "AWS_ACCOUNT_ID" in bootstrap.output

    refused = deployment.run("cdktf", "deploy", *STACKS, "--auto-approve")
    assert refused.returncode != 0
    assert ACCOUNT_ID in refused.output
    iam = deployment.client("iam")
    assert iam.list_roles()["Roles"] == []


def test_bad_settings_create_nothing_and_show_no_traceback(deployment: Deployment) -> None:
    deployment.write_env(AWS_REGION="us-est-1", AWS_INSTANCE_TYPE="t3.mediumm")
    refused = deployment.run("cdktf", "deploy", *STACKS, "--auto-approve")
    assert refused.returncode != 0
    assert "us-est-1" in refused.output
    assert "t3.mediumm" in refused.output
    assert "Traceback" not in refused.output
    iam = deployment.client("iam")
    assert iam.list_roles()["Roles"] == []
