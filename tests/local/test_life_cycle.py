"""A whole life on the embedded AWS: deploy, change, deploy, destroy."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from allora_cli.aws.needed_actions import deploying_actions
from settings import load_settings
from shared.stacks import STACKS
from tests.local.asked import Asked
from tests.local.deployment import BUCKET, Deployment, running_instances
from tests.local.interposer import LOST, Answer, interposed
from tests.local.template import CANARY, SECRETS, Deployed, Template
from tests.unpacked import unpack

AWKWARD = """'it is' "quoted" $HOME ${HOME} `id` # \\back \\n naïve ☕"""


def instance(deployment: Deployment, id_: str) -> dict[str, Any]:
    ec2 = deployment.client("ec2")
    found: dict[str, Any] = ec2.describe_instances(InstanceIds=[id_])["Reservations"][0][
        "Instances"
    ][0]
    return found


def test_deployment_has_the_outputs(template: Template) -> None:
    outputs = template.outputs
    assert outputs["instance_id"].startswith("i-")
    assert outputs["connect_command"] == (
        f"aws ssm start-session --target {outputs['instance_id']} --region us-east-1"
    )


def test_host_is_what_was_asked_for(deployed: Deployed) -> None:
    deployment, outputs = deployed.deployment, deployed.outputs
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


@pytest.mark.slow
def test_values_reach_the_host_byte_for_byte_and_no_secret_is_anywhere(
    deployed: Deployed, template: Template, tmp_path: Path
) -> None:
    """A change is shown by the diff, replaces the host, and keeps its address and its volume."""
    deployment, outputs = deployed.deployment, deployed.outputs
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

    printed = deployment.apply("allora-single-node", "-refresh=false")  # the diff has looked
    after = outputs_of(deployment)
    assert after["instance_id"] != outputs["instance_id"]
    assert after["public_ip"] == outputs["public_ip"]
    host = instance(deployment, after["instance_id"])
    assert {tag["Value"] for tag in host["Tags"] if tag["Key"] == "DataVolumeId"} == {
        tag["Value"] for tag in before["Tags"] if tag["Key"] == "DataVolumeId"
    }

    ec2 = deployment.client("ec2")
    answer = ec2.describe_instance_attribute(InstanceId=after["instance_id"], Attribute="userData")
    unpack(answer["UserData"]["Value"], tmp_path / "host")
    settings = json.loads((tmp_path / "host/etc/allora/compose.settings.json").read_text())
    arrived = settings["services"]["model"]["environment"]["AWKWARD"]
    assert arrived.replace("$$", "$") == AWKWARD

    no_secret_is_anywhere_but_in_its_parameter(deployment, template.printed, shown, printed)


def outputs_of(deployment: Deployment) -> dict[str, str]:
    shown = deployment.terraform("allora-single-node", "output", "-json")
    assert shown.returncode == 0, shown.output
    return {name: output["value"] for name, output in json.loads(shown.output).items()}


def no_secret_is_anywhere_but_in_its_parameter(deployment: Deployment, *printed: str) -> None:
    """Not in any version of the state, nor in what was synthesized, planned or printed."""
    ssm = deployment.client("ssm")
    for name, value in SECRETS.items():
        parameter = ssm.get_parameter(Name=f"/allora/worker/{name}", WithDecryption=True)
        assert parameter["Parameter"]["Value"] == value
        assert parameter["Parameter"]["Type"] == "SecureString"

    s3 = deployment.client("s3")
    versions = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert len(versions) > len(STACKS)
    texts = {f"what was printed, {number}": text.encode() for number, text in enumerate(printed)}
    texts |= {
        f"{version['Key']} {version['VersionId']}": s3.get_object(
            Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"]
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


class LosesOnce:
    """A line that breaks after a DetachVolume was carried out, once."""

    def __init__(self) -> None:
        self.lost = 0

    def __call__(self, action: str) -> Answer | None:
        if action == "DetachVolume":
            self.lost += 1
            return LOST if self.lost == 1 else None
        return None


@pytest.mark.slow
def test_a_change_in_place_and_the_end(deployed: Deployed, template: Template) -> None:
    """A deployment, a change of everything that can be changed in place, and its end.

    AWS is asked for what `allora doctor` lists, and nothing else; and nothing is left at the end,
    also when an answer was lost on the way and the AWS provider asks once more.
    """
    deployment = deployed.deployment
    deployment.write_env(
        AWS_INSTANCE_TYPE="t4g.medium",
        AWS_ROOT_VOLUME_SIZE="40",
        LOG_RETENTION_DAYS="60",
        ALLORA_INGRESS_CIDRS="203.0.113.0/24",
    )
    deployment.synthesize()
    asked: list[Asked] = []
    line = LosesOnce()
    with interposed(deployment, line, asked) as recorded:
        for stack in STACKS:
            recorded.apply(stack)
        assert running_instances(deployment) == [deployed.outputs["instance_id"]]
        host = instance(deployment, deployed.outputs["instance_id"])
        assert host["InstanceType"] == "t4g.medium"
        for stack in reversed(STACKS):
            recorded.apply(stack, "-destroy", "-refresh=false")
    assert line.lost == 2

    settings = load_settings(deployment.directory / "env", {})
    listed = {action for _, actions in deploying_actions(settings) for action in actions}
    permissions = {each.permission for each in asked} | set(template.actions)
    assert {"ec2:RunInstances", "ec2:DeleteVpc", "sns:Subscribe", "s3:PutObject"} <= permissions
    assert permissions - {"sts:GetCallerIdentity"} <= listed

    nothing_is_left(deployment)
    the_data_volume_is_left_as_a_snapshot(deployment)
    for stack in reversed(STACKS):
        deployment.apply(stack, "-destroy")  # it can be run again


def nothing_is_left(deployment: Deployment) -> None:
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


def the_data_volume_is_left_as_a_snapshot(deployment: Deployment) -> None:
    ec2 = deployment.client("ec2")
    ours = [{"Name": "tag:ManagedBy", "Values": ["cdktf"]}]
    (snapshot,) = ec2.describe_snapshots(Filters=ours)["Snapshots"]
    assert snapshot["Encrypted"] is True
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    assert (tags["Name"], tags["Worker"]) == ("allora-worker-data", "worker")
