"""`allora destroy` with the real cdktf CLI on an embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local.emulator import ACCOUNT_ID, start
from scripts.operator.trouble import ExitCode
from tests.local.conftest import Deployment
from tests.local.terminal import terminal

BUCKET = f"allora-tfstate-{ACCOUNT_ID}-us-east-1"
WORDS = "abandon " * 11 + "about"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A worker with a data volume, deployed on an embedded AWS of this module's own."""
    directory = tmp_path_factory.mktemp("destroy")
    running = start(directory / "emulator")
    made = Deployment(running, directory)
    made.write_env(EDGE_DATA_VOL_TYPE="gp3", EDGE_DATA_VOL_SIZE="20")
    assert made.allora("bootstrap").returncode == 0
    assert made.allora("wallet", "import", stdin=WORDS).returncode == 0
    assert made.allora("secret", "set", "api-key", stdin="key").returncode == 0
    deployed = made.allora("deploy", "--yes", "--no-wait")
    assert deployed.returncode == 0, deployed.output
    assert "is deployed" in deployed.output
    assert "Waiting" not in deployed.output
    yield made
    running.stop()


def instances(deployment: Deployment) -> list[Any]:
    running = [{"Name": "instance-state-name", "Values": ["running"]}]
    found = deployment.client("ec2").describe_instances(Filters=running)
    return [each for group in found["Reservations"] for each in group["Instances"]]


def secrets(deployment: Deployment) -> list[str]:
    found = deployment.client("ssm").get_parameters_by_path(Path="/allora", Recursive=True)
    return [parameter["Name"] for parameter in found["Parameters"]]


def test_another_name_than_the_worker_s_destroys_nothing(deployment: Deployment) -> None:
    with terminal(deployment, "destroy") as screen:
        screen.expect("type the worker's name")
        screen.enter("y")
        assert screen.end() == ExitCode.PROBLEM
    assert "Nothing was changed" in screen.text
    assert "with all its logs" in screen.text
    assert len(instances(deployment)) == 1


def test_without_a_terminal_yes_is_needed(deployment: Deployment) -> None:
    refused = deployment.allora("destroy")
    assert refused.returncode == ExitCode.PROBLEM
    assert "--yes" in refused.output
    assert "#not-a-terminal" in refused.output
    assert len(instances(deployment)) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--address"),
        (("--address", "allo1somebodyelse"), "That is not the wallet's address"),
    ],
)
def test_wallet_goes_only_when_its_address_is_given(
    deployment: Deployment, arguments: tuple[str, ...], words: str
) -> None:
    refused = deployment.allora("destroy", "--everything", "--yes", *arguments)
    assert refused.returncode == ExitCode.PROBLEM
    assert words in refused.output
    assert "allora backup" in refused.output
    assert len(instances(deployment)) == 1  # asked before anything is destroyed
    assert "/allora/worker/mnemonic" in secrets(deployment)


def test_what_is_left_is_listed_with_its_cost(deployment: Deployment) -> None:
    with terminal(deployment, "destroy") as screen:
        screen.expect("type the worker's name")
        screen.enter("worker")
        assert screen.end() == ExitCode.OK, screen.text
    assert "The worker worker is taken down" in screen.text
    assert instances(deployment) == []
    left = screen.text[screen.text.index("What is left, on purpose") :]
    assert "/allora/worker/api-key, /allora/worker/mnemonic: free" in left
    assert "delete-parameters" in left
    assert f"the state bucket {BUCKET}" in left
    (snapshot,) = deployment.client("ec2").describe_snapshots(
        Filters=[{"Name": "tag:Worker", "Values": ["worker"]}]
    )["Snapshots"]
    assert snapshot["SnapshotId"] in left
    assert "at most 1.00 USD a month, for 20 GiB" in left
    assert secrets(deployment)


def test_nothing_deployed_is_no_error(deployment: Deployment) -> None:
    again = deployment.allora("destroy")
    assert again.returncode == 0, again.output
    assert "Nothing is deployed" in again.output
    assert "What is left" in again.output


def test_a_bucket_that_others_use_is_kept_and_everything_else_goes(
    deployment: Deployment,
) -> None:
    s3 = deployment.client("s3")
    s3.put_object(Bucket=BUCKET, Key="another-worker/terraform.tfstate", Body=b"{}")
    address = deployment.allora("wallet", "address", "--json").output
    address = json.loads(address[address.index("{") :])["address"]
    removed = deployment.allora("destroy", "--everything", "--yes", "--address", address, "--json")
    assert removed.returncode == 0, removed.output
    assert "another-worker/terraform.tfstate" in removed.output
    assert secrets(deployment) == []
    snapshots = deployment.client("ec2").describe_snapshots(
        Filters=[{"Name": "tag:Worker", "Values": ["worker"]}]
    )["Snapshots"]
    assert snapshots == []
    s3.head_object(Bucket=BUCKET, Key="another-worker/terraform.tfstate")


def test_everything_goes_on_where_it_has_stopped(deployment: Deployment) -> None:
    """What is left of the last test: the bucket, with old versions of the states."""
    s3 = deployment.client("s3")
    for version in s3.list_object_versions(Bucket=BUCKET, Prefix="another")["Versions"]:
        s3.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])
    removed = deployment.allora("destroy", "--everything", "--yes")
    assert removed.returncode == 0, removed.output
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=BUCKET)
    again = deployment.allora("destroy", "--everything", "--yes")
    assert again.returncode == 0, again.output
    assert "What is left" not in again.output
