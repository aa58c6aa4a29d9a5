"""What is in AWS and in no state: it is found, named with its price, and removed at one's word."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from allora_cli.errors import ExitCode
from devtools.embedded_aws.emulator import Emulator
from tests.local.deployment import BUCKET, Deployment

STACK, COMMON = "allora-single-node", "allora-common"
TAGS = {"Worker": "worker", "Project": "allora-worker", "ManagedBy": "cdktf"}
LOCK = f"{STACK}/terraform.tfstate.tflock"


def tags(stack: str = STACK, **others: str) -> list[dict[str, str]]:
    given = TAGS | {"Stack": stack} | others
    return [{"Key": name, "Value": value} for name, value in given.items()]


def tagged(kind: str, **others: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tags(**others)}]


@pytest.fixture
def place(emulator: Emulator, tmp_path: Path) -> Deployment:
    volume = {"EDGE_DATA_VOL_TYPE": "gp3", "EDGE_DATA_VOL_SIZE": "20"}
    made = Deployment(emulator, tmp_path, volume)
    assert made.allora("bootstrap", "--yes").returncode == 0
    return made


@pytest.fixture
def left(place: Deployment) -> dict[str, str]:
    """What a run that was killed early has created: ids by Terraform's type."""
    ec2, iam = place.client("ec2"), place.client("iam")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))
    vpc_id = vpc["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(
        VpcId=vpc_id, CidrBlock="10.0.0.0/24", TagSpecifications=tagged("subnet")
    )["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
    table = ec2.create_route_table(VpcId=vpc_id, TagSpecifications=tagged("route-table"))
    table_id = table["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet)
    group = ec2.create_security_group(
        VpcId=vpc_id,
        GroupName="allora-worker",
        Description="x",
        TagSpecifications=tagged("security-group"),
    )["GroupId"]
    (instance,) = ec2.run_instances(
        ImageId="ami-785db401",
        InstanceType="t3.medium",
        SubnetId=subnet,
        SecurityGroupIds=[group],
        MinCount=1,
        MaxCount=1,
        TagSpecifications=tagged("instance"),
    )["Instances"]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance["InstanceId"])
    volume = ec2.create_volume(
        AvailabilityZone="us-east-1a", Size=20, VolumeType="gp3", TagSpecifications=tagged("volume")
    )
    role, trust = "allora-worker-20261129", {"Version": "2012-10-17", "Statement": []}
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust), Tags=tags(COMMON))
    iam.create_instance_profile(InstanceProfileName=role, Tags=tags(COMMON))
    iam.add_role_to_instance_profile(InstanceProfileName=role, RoleName=role)
    logs = place.client("logs")
    logs.create_log_group(logGroupName="/allora/worker/host")
    return {
        "aws_vpc": vpc_id,
        "aws_subnet": subnet,
        "aws_internet_gateway": gateway_id,
        "aws_route_table": table_id,
        "aws_security_group": group,
        "aws_instance": instance["InstanceId"],
        "aws_eip": address["AllocationId"],
        "aws_ebs_volume": volume["VolumeId"],
        "aws_iam_role": role,
        "aws_iam_instance_profile": role,
        "aws_cloudwatch_log_group": "/allora/worker/host",
    }


def orphans(place: Deployment) -> dict[str, dict[str, Any]]:
    """By type; of types with several, the last one."""
    listed = place.allora_apart("state", "orphans", "--json")
    assert listed.returncode == 0, listed.stderr
    found = json.loads(listed.stdout)
    assert found["unsearched"] == []
    return {each["type"]: each for each in found["orphans"]}


def lock_of_a_killed_run(place: Deployment) -> None:
    lock = {
        "ID": "6f1c0e2a",
        "Operation": "OperationTypeApply",
        "Who": f"ada@{socket.gethostname()}",
        "Created": "2026-11-22T09:15:02Z",
        "Path": f"{BUCKET}/{STACK}/terraform.tfstate",
    }
    place.client("s3").put_object(Bucket=BUCKET, Key=LOCK, Body=json.dumps(lock).encode())


def test_each_is_listed_with_what_becomes_of_it(place: Deployment, left: dict[str, str]) -> None:
    found = orphans(place)
    assert {type_: found[type_]["id"] for type_ in left} == left
    fates = {type_: found[type_]["fate"] for type_ in left}
    assert fates.pop("aws_instance") == "remove"
    assert set(fates.values()) == {"adopt"}
    assert found["aws_route"]["fate"] == found["aws_route_table_association"]["fate"] == "adopt"
    assert found["aws_vpc"]["address"].startswith("aws_vpc.")
    assert found["aws_vpc"]["usd_a_month"] == 0
    # No price list here: unknown, and not free.
    assert found["aws_instance"]["usd_a_month"] is None
    shown = place.allora("state", "orphans").output
    assert f"the instance {left['aws_instance']} (t3.medium), price unknown" in shown


def test_destroy_after_a_killed_run_leaves_only_a_snapshot(
    place: Deployment, left: dict[str, str]
) -> None:
    lock_of_a_killed_run(place)
    done = place.allora("destroy", "--yes")
    assert done.returncode == 0, done.output
    assert "was killed" in done.output
    assert orphans(place) == {}
    ec2 = place.client("ec2")
    assert ec2.describe_addresses()["Addresses"] == []
    assert left["aws_vpc"] not in [each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]]
    assert place.client("iam").list_roles()["Roles"] == []
    filters = [{"Name": "volume-id", "Values": [left["aws_ebs_volume"]]}]
    (snapshot,) = ec2.describe_snapshots(Filters=filters)["Snapshots"]
    assert snapshot["SnapshotId"] in done.output  # as what is left on purpose


def test_yes_alone_does_not_remove_what_another_bucket_may_know(
    place: Deployment, left: dict[str, str]
) -> None:
    done = place.allora("destroy", "--yes")
    assert done.returncode == 0, done.output
    assert left["aws_instance"] in done.output
    assert "allora state orphans" in done.output
    assert orphans(place).keys() >= left.keys()


def test_single_ones_are_removed_at_ones_word(place: Deployment, left: dict[str, str]) -> None:
    stranger = place.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    refused = place.allora("state", "remove", stranger, "--yes")
    assert refused.returncode == ExitCode.PROBLEM
    assert "#orphans" in refused.output
    asked = place.allora("state", "remove", left["aws_instance"])
    assert "#not-a-terminal" in asked.output
    done = place.allora("state", "remove", left["aws_instance"], left["aws_eip"], "--yes")
    assert done.returncode == 0, done.output
    assert {"aws_instance", "aws_eip"} & orphans(place).keys() == set()


def test_nothing_of_others_is_an_orphan(place: Deployment) -> None:
    ec2, iam = place.client("ec2"), place.client("iam")
    ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc", Worker="another"))
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    elsewhere = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "logs:PutLogEvents",
            "Resource": "arn:aws:logs:eu-west-1:123456789012:log-group:/allora/worker/host:*",
        },
    }
    # The same names and tags in another region, which IAM does not know.
    iam.create_role(RoleName="allora-worker-2", AssumeRolePolicyDocument=trust, Tags=tags(COMMON))
    iam.put_role_policy(
        RoleName="allora-worker-2", PolicyName="p", PolicyDocument=json.dumps(elsewhere)
    )
    iam.create_instance_profile(InstanceProfileName="allora-worker-2", Tags=tags(COMMON))
    iam.add_role_to_instance_profile(
        InstanceProfileName="allora-worker-2", RoleName="allora-worker-2"
    )
    iam.create_role(RoleName="allora-worker-3", AssumeRolePolicyDocument=trust)
    assert orphans(place) == {}
    assert "Everything in AWS is in a state" in place.allora("state", "orphans").output
