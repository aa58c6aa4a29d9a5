"""A whole life on the embedded AWS: bootstrap, deploy, change, deploy, destroy."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.local.emulator import ACCOUNT_ID, Emulator
from tests.local.conftest import STACKS, Deployment
from tests.unpacked import unpack

AWKWARD = """'it is' "quoted" $HOME ${HOME} `id` # \\back \\n naïve ☕"""


CANARY = "c4n4ry-7f3a9"
SECRETS = {
    "mnemonic": "abandon " * 11 + "about",
    "api-key": f"{CANARY}-api-key",
    "inference-token": f"{CANARY}-token",
    "model/CG_API_KEY": f"{CANARY}-model",
}


@pytest.fixture(scope="module")
def deployment(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A deployment with a data volume; the tests of this module follow each other."""
    return Deployment(
        emulator,
        tmp_path_factory.mktemp("life-cycle"),
        {
            "EDGE_DATA_VOL_TYPE": "gp3",
            "ALARM_EMAIL": "someone@example.org",
            "MODEL_SECRETS": "CG_API_KEY",
        },
    )


@pytest.fixture(scope="module")
def outputs(deployment: Deployment) -> dict[str, str]:
    """What the first deployment put into its outputs file."""
    assert deployment.allora("bootstrap").returncode == 0
    for name, value in SECRETS.items():
        command = ("wallet", "import") if name == "mnemonic" else ("secret", "set", name)
        stored = deployment.allora(*command, stdin=value)
        assert stored.returncode == 0, stored.output
        assert value not in stored.output
    file = deployment.directory / "single-node-deploy.json"
    deployment.cdktf("deploy", *STACKS, "--auto-approve", "--outputs-file", str(file))
    found: dict[str, str] = json.loads(file.read_text())["allora-single-node"]
    return found


def instance(deployment: Deployment, id_: str) -> dict[str, Any]:
    ec2 = deployment.client("ec2")
    found: dict[str, Any] = ec2.describe_instances(InstanceIds=[id_])["Reservations"][0][
        "Instances"
    ][0]
    return found


def test_deployment_has_the_outputs(outputs: dict[str, str]) -> None:
    assert outputs["instance_id"].startswith("i-")
    assert outputs["connect_command"] == (
        f"aws ssm start-session --target {outputs['instance_id']} --region us-east-1"
    )


def test_host_is_what_was_asked_for(deployment: Deployment, outputs: dict[str, str]) -> None:
    host = instance(deployment, outputs["instance_id"])
    assert host["State"]["Name"] == "running"
    assert host["PublicIpAddress"] == outputs["public_ip"]
    assert host["SubnetId"] == outputs["subnet_id"]
    assert [group["GroupId"] for group in host["SecurityGroups"]] == [outputs["security_group_id"]]
    tags = {tag["Key"]: tag["Value"] for tag in host["Tags"]}
    assert tags["ManagedBy"] == "cdktf"
    volumes = deployment.client("ec2")
    attached = volumes.describe_volumes(VolumeIds=[tags["DataVolumeId"]])["Volumes"][0]
    assert attached["Attachments"][0]["InstanceId"] == outputs["instance_id"]
    assert attached["Encrypted"] is True


@pytest.mark.usefixtures("outputs")
def test_nothing_is_left_to_change(deployment: Deployment) -> None:
    for stack in STACKS:
        assert "No changes" in deployment.cdktf("diff", stack)


@pytest.mark.usefixtures("outputs")
def test_plain_terraform_agrees(deployment: Deployment) -> None:
    """`terraform init && terraform plan` in the synthesized folders, as in CI."""
    for stack in STACKS:
        assert deployment.terraform(stack, "init", "-input=false").returncode == 0
        plan = deployment.terraform(stack, "plan", "-input=false", "-detailed-exitcode")
        assert plan.returncode == 0, plan.output  # 2 would be: there are changes


def test_values_reach_the_host_byte_for_byte(
    deployment: Deployment, outputs: dict[str, str], tmp_path: Path
) -> None:
    """A change is shown by the diff, replaces the host, and keeps its address and its volume."""
    before = instance(deployment, outputs["instance_id"])
    env = deployment.directory / "env"
    kept = env.read_text()
    # In single quotes, dotenv knows two escapes: \\ and \'.
    quoted = AWKWARD.replace("\\", "\\\\").replace("'", "\\'")
    inner = quoted.replace("\\", "\\\\").replace("'", "\\'")
    env.write_text(f"{kept}MODEL_ENV_VARS='\nAWKWARD=\\'{inner}\\'\n'\n", encoding="utf-8")

    shown = deployment.cdktf("diff", "allora-single-node")
    assert "must be replaced" in shown or "will be replaced" in shown
    assert "user_data_sha256" in shown

    file = tmp_path / "outputs.json"
    deployment.cdktf("deploy", *STACKS, "--auto-approve", "--outputs-file", str(file))
    after: dict[str, str] = json.loads(file.read_text())["allora-single-node"]
    assert after["instance_id"] != outputs["instance_id"]
    assert after["public_ip"] == outputs["public_ip"]
    host = instance(deployment, after["instance_id"])
    assert {tag["Value"] for tag in host["Tags"] if tag["Key"] == "DataVolumeId"} == {
        tag["Value"] for tag in before["Tags"] if tag["Key"] == "DataVolumeId"
    }

    ec2 = deployment.client("ec2")
    answer = ec2.describe_instance_attribute(InstanceId=after["instance_id"], Attribute="userData")
    user_data = gzip.decompress(base64.b64decode(answer["UserData"]["Value"])).decode()
    unpack(user_data, tmp_path / "host")
    settings = json.loads((tmp_path / "host/etc/allora/compose.settings.json").read_text())
    arrived = settings["services"]["model"]["environment"]["AWKWARD"]
    assert arrived.replace("$$", "$") == AWKWARD


@pytest.mark.usefixtures("outputs")
def test_no_secret_is_anywhere_but_in_its_parameter(deployment: Deployment) -> None:
    """Not in any version of the state, nor in what was synthesized, planned or printed."""
    ssm = deployment.client("ssm")
    for name, value in SECRETS.items():
        parameter = ssm.get_parameter(Name=f"/allora/worker/{name}", WithDecryption=True)
        assert parameter["Parameter"]["Value"] == value
        assert parameter["Parameter"]["Type"] == "SecureString"

    s3 = deployment.client("s3")
    bucket = f"allora-tfstate-{ACCOUNT_ID}-us-east-1"
    versions = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert len(versions) > len(STACKS)
    texts = {
        f"{version['Key']} {version['VersionId']}": s3.get_object(
            Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"]
        )["Body"].read()
        for version in versions
    }
    texts |= {
        str(file): file.read_bytes() for file in deployment.directory.rglob("*") if file.is_file()
    }
    ec2 = deployment.client("ec2")
    for reservation in ec2.describe_instances()["Reservations"]:
        id_ = reservation["Instances"][0]["InstanceId"]
        answer = ec2.describe_instance_attribute(InstanceId=id_, Attribute="userData")
        if encoded := answer["UserData"].get("Value"):
            texts[f"user data of {id_}"] = gzip.decompress(base64.b64decode(encoded))
    for place, text in texts.items():
        for secret in (CANARY.encode(), b"abandon abandon"):
            assert secret not in text, place


@pytest.mark.usefixtures("outputs")
def test_nothing_is_left_after_destroy(deployment: Deployment) -> None:
    deployment.cdktf("destroy", *reversed(STACKS), "--auto-approve")
    ec2 = deployment.client("ec2")
    ours = [{"Name": "tag:ManagedBy", "Values": ["cdktf"]}]
    for reservation in ec2.describe_instances(Filters=ours)["Reservations"]:
        for host in reservation["Instances"]:
            assert host["State"]["Name"] == "terminated"
    assert ec2.describe_addresses(Filters=ours)["Addresses"] == []
    assert ec2.describe_volumes(Filters=ours)["Volumes"] == []
    assert ec2.describe_vpcs(Filters=ours)["Vpcs"] == []
    iam = deployment.client("iam")
    assert [r["RoleName"] for r in iam.list_roles()["Roles"] if "allora" in r["RoleName"]] == []
    logs = deployment.client("logs")
    assert logs.describe_log_groups(logGroupNamePrefix="/allora/")["logGroups"] == []
    sns = deployment.client("sns")
    assert sns.list_topics()["Topics"] == []


@pytest.mark.usefixtures("outputs")
def test_what_was_on_the_data_volume_is_left_as_a_snapshot(deployment: Deployment) -> None:
    ec2 = deployment.client("ec2")
    ours = [{"Name": "tag:ManagedBy", "Values": ["cdktf"]}]
    (snapshot,) = ec2.describe_snapshots(Filters=ours)["Snapshots"]
    assert snapshot["Encrypted"] is True
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    assert (tags["Name"], tags["Worker"]) == ("allora-worker-data", "worker")


@pytest.mark.usefixtures("outputs")
def test_destroy_can_be_run_again(deployment: Deployment) -> None:
    deployment.cdktf("destroy", *reversed(STACKS), "--auto-approve")
