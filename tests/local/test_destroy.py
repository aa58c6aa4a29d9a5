"""`allora destroy` with the real Terraform on an embedded AWS."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from allora_cli.errors import ExitCode
from allora_cli.wallet.mnemonic import address_of
from devtools.embedded_aws.emulator import Emulator
from tests.local.deployer import deployer
from tests.local.deployment import BUCKET, Deployment, running_instances
from tests.local.template import SECRETS, Deployed
from tests.local.terminal import terminal
from tests.price_server import PriceServer


@pytest.fixture
def deployment(deployed: Deployed) -> Deployment:
    """A worker with a data volume."""
    return deployed.deployment


@pytest.fixture
def taken_down(emulator: Emulator, tmp_path: Path, attached: dict[str, str]) -> Deployment:
    """What is left of a worker: bucket and states, secrets, and a snapshot of the data volume."""
    made = Deployment(emulator, tmp_path, variables=attached)
    made.variables |= deployer(made)
    assert made.allora("bootstrap", "--yes").returncode == 0
    assert made.allora("wallet", "import", stdin=SECRETS["mnemonic"]).returncode == 0
    assert made.allora("secret", "set", "api-key", stdin="key").returncode == 0
    s3, ec2 = made.client("s3"), made.client("ec2")
    for stack in ("allora-common", "allora-single-node"):
        for _ in range(2):  # so that there is an old version
            s3.put_object(
                Bucket=BUCKET,
                Key=f"{stack}/terraform.tfstate",
                Body=json.dumps({"version": 4, "outputs": {}, "resources": []}),
            )
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=20, VolumeType="gp3")
    tags = {"Worker": "worker", "Project": "allora-worker", "ManagedBy": "cdktf"}
    ec2.create_snapshot(
        VolumeId=volume["VolumeId"],
        TagSpecifications=[
            {
                "ResourceType": "snapshot",
                "Tags": [{"Key": name, "Value": value} for name, value in tags.items()],
            }
        ],
    )
    return made


def secrets(deployment: Deployment) -> list[str]:
    found = deployment.client("ssm").get_parameters_by_path(Path="/allora", Recursive=True)
    return [parameter["Name"] for parameter in found["Parameters"]]


def test_another_name_than_the_worker_s_destroys_nothing(deployment: Deployment) -> None:
    with terminal(deployment, "destroy") as screen:
        screen.expect("type the worker's name")
        screen.enter("y")
        assert screen.end() == ExitCode.PROBLEM
    assert "Nothing was changed" in screen.text
    assert "with all their logs" in screen.text
    assert len(running_instances(deployment)) == 1


def test_without_a_terminal_yes_is_needed(deployment: Deployment) -> None:
    refused = deployment.allora("destroy")
    assert refused.returncode == ExitCode.PROBLEM
    assert "--yes" in refused.output
    assert "#not-a-terminal" in refused.output
    assert len(running_instances(deployment)) == 1


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
    assert len(running_instances(deployment)) == 1  # asked before anything is destroyed
    assert "/allora/worker/mnemonic" in secrets(deployment)


@pytest.mark.slow
def test_what_is_left_is_listed_with_its_cost(deployment: Deployment, prices: PriceServer) -> None:
    deployment.variables["AWS_ENDPOINT_URL_PRICING"] = prices.url
    with terminal(deployment, "destroy") as screen:
        screen.expect("type the worker's name")
        screen.enter("worker")
        assert screen.end() == ExitCode.OK, screen.text
    assert "The worker worker is destroyed" in screen.text
    assert running_instances(deployment) == []
    left = screen.text[screen.text.index("What is left, on purpose") :]
    names = ", ".join(f"/allora/worker/{name}" for name in sorted(SECRETS))
    assert f"{names}: free" in left
    assert "delete-parameters" in left
    assert f"the state bucket {BUCKET}" in left
    (snapshot,) = deployment.client("ec2").describe_snapshots(
        Filters=[{"Name": "tag:Worker", "Values": ["worker"]}]
    )["Snapshots"]
    assert snapshot["SnapshotId"] in left
    assert "at most 1.00 USD a month, for 20 GiB" in left
    assert secrets(deployment)


def test_nothing_deployed_is_no_error(taken_down: Deployment) -> None:
    again = taken_down.allora("destroy")
    assert again.returncode == 0, again.output
    assert "Nothing is deployed" in again.output
    assert "What is left" in again.output


def test_a_bucket_that_others_use_is_kept_and_everything_else_goes(
    taken_down: Deployment,
) -> None:
    s3 = taken_down.client("s3")
    s3.put_object(Bucket=BUCKET, Key="another-worker/terraform.tfstate", Body=b"{}")
    snapshots = taken_down.client("ec2").describe_snapshots
    ours = [{"Name": "tag:Worker", "Values": ["worker"]}]
    assert len(snapshots(Filters=ours)["Snapshots"]) == 1
    removed = taken_down.allora(
        *("destroy", "--everything", "--yes", "--json"),
        *("--address", address_of(SECRETS["mnemonic"])),
    )
    assert removed.returncode == 0, removed.output
    assert "another-worker/terraform.tfstate" in removed.output
    assert secrets(taken_down) == []
    assert snapshots(Filters=ours)["Snapshots"] == []
    s3.head_object(Bucket=BUCKET, Key="another-worker/terraform.tfstate")


def test_everything_goes_on_where_it_has_stopped(taken_down: Deployment) -> None:
    """The secrets are gone, and the bucket is still there, with old versions of the states."""
    taken_down.client("ssm").delete_parameters(Names=secrets(taken_down))
    s3 = taken_down.client("s3")
    removed = taken_down.allora("destroy", "--everything", "--yes")
    assert removed.returncode == 0, removed.output
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=BUCKET)
    again = taken_down.allora("destroy", "--everything", "--yes")
    assert again.returncode == 0, again.output
    assert "What is left" not in again.output
