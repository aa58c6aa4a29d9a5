"""Which actions and resources the embedded AWS finds in calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.utils import get_service_model

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.iam.account import Account
from devtools.embedded_aws.iam.needs import Need, needs

ACCOUNT = Account("123456789012", "aws")
EC2 = "arn:aws:ec2:us-east-1:123456789012"
IAM = "arn:aws:iam::123456789012"
ECS = "arn:aws:ecs:us-east-1:123456789012"
ECS_ROLE = "aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
LOGS = "arn:aws:logs:us-east-1:123456789012:log-group"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


def call(service: str, operation: str, **parameters: Any) -> Call:
    model = get_service_model(service).operation_model(operation)
    return Call(service, "us-east-1", "key", model, "json", parameters)


def found(service: str, operation: str, **parameters: Any) -> list[Need]:
    return list(needs(call(service, operation, **parameters), ACCOUNT))


def pairs(service: str, operation: str, **parameters: Any) -> set[tuple[str, str]]:
    return {(each.action, each.resource) for each in found(service, operation, **parameters)}


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "needed"),
    [
        ("sts", "GetCallerIdentity", {}, set()),
        ("ec2", "DescribeInstances", {}, {("ec2:DescribeInstances", "*")}),
        (
            "ec2",
            "CreateVpc",
            {"CidrBlock": "10.0.0.0/24"},
            {("ec2:CreateVpc", f"{EC2}:vpc/*")},
        ),
        (
            "ec2",
            "AttachVolume",
            {"InstanceId": "i-0123456789abcdef0", "VolumeId": "vol-01234567"},
            {
                ("ec2:AttachVolume", f"{EC2}:instance/i-0123456789abcdef0"),
                ("ec2:AttachVolume", f"{EC2}:volume/vol-01234567"),
            },
        ),
        (
            "ec2",
            "CreateSnapshot",
            {
                "VolumeId": "vol-01234567",
                "TagSpecifications": [
                    {"ResourceType": "snapshot", "Tags": [{"Key": "of", "Value": "i-01234567"}]}
                ],
            },
            {
                ("ec2:CreateSnapshot", f"{EC2}:volume/vol-01234567"),
                ("ec2:CreateSnapshot", "arn:aws:ec2:us-east-1::snapshot/*"),
                ("ec2:CreateTags", "arn:aws:ec2:us-east-1::snapshot/*"),
            },
        ),
        (
            "ec2",
            "CreateTags",
            {"Resources": ["vpc-01234567", "sg-01234567"], "Tags": [{"Key": "a", "Value": "b"}]},
            {
                ("ec2:CreateTags", f"{EC2}:vpc/vpc-01234567"),
                ("ec2:CreateTags", f"{EC2}:security-group/sg-01234567"),
            },
        ),
        (
            "ec2",
            "DisassociateAddress",
            {"AssociationId": "eipassoc-01234567"},
            {("ec2:DisassociateAddress", f"{EC2}:elastic-ip/*")},
        ),
        (
            "iam",
            "CreateRole",
            {"RoleName": "a", "Tags": [{"Key": "b", "Value": "c"}]},
            {("iam:CreateRole", f"{IAM}:role/a"), ("iam:TagRole", f"{IAM}:role/a")},
        ),
        (
            "iam",
            "AddRoleToInstanceProfile",
            {"RoleName": "a", "InstanceProfileName": "b"},
            {
                ("iam:AddRoleToInstanceProfile", f"{IAM}:instance-profile/b"),
                ("iam:PassRole", f"{IAM}:role/a"),
            },
        ),
        (
            "ecs",
            "CreateService",
            {"cluster": f"{ECS}:cluster/c", "serviceName": "s", "tags": [{"key": "a"}]},
            {
                ("ecs:CreateService", f"{ECS}:service/c/s"),
                ("ecs:TagResource", f"{ECS}:service/c/s"),
                ("iam:CreateServiceLinkedRole", f"{IAM}:role/{ECS_ROLE}"),
            },
        ),
        (
            "ecs",
            "RegisterTaskDefinition",
            {"family": "f-a", "executionRoleArn": f"{IAM}:role/r"},
            {
                ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/f-a:*"),
                ("iam:PassRole", f"{IAM}:role/r"),
            },
        ),
        (
            "codebuild",
            "BatchGetBuilds",
            {"ids": ["p:1", "p:2"]},
            {("codebuild:BatchGetBuilds", "arn:aws:codebuild:us-east-1:123456789012:project/p")},
        ),
        (
            "ecr",
            "BatchGetImage",
            {"repositoryName": "a/b", "imageIds": [{"imageTag": "t"}]},
            {("ecr:BatchGetImage", "arn:aws:ecr:us-east-1:123456789012:repository/a/b")},
        ),
        (
            "iam",
            "CreatePolicy",
            {"PolicyName": "p", "PolicyDocument": "{}"},
            {("iam:CreatePolicy", f"{IAM}:policy/p")},
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "/allora/a"},
            {("logs:CreateLogGroup", f"{LOGS}:/allora/a:log-stream:")},
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "/allora/a", "tags": {"b": "c"}},
            {
                ("logs:CreateLogGroup", f"{LOGS}:/allora/a:log-stream:"),
                ("logs:TagResource", f"{LOGS}:/allora/a"),
            },
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/allora/a", "logStreamName": "i-1", "logEvents": []},
            {("logs:PutLogEvents", f"{LOGS}:/allora/a:log-stream:i-1")},
        ),
        (
            "logs",
            "ListTagsForResource",
            {"resourceArn": f"{LOGS}:/allora/a"},
            {("logs:ListTagsForResource", f"{LOGS}:/allora/a")},
        ),
        (
            "cloudwatch",
            "DeleteAlarms",
            {"AlarmNames": ["a", "b"]},
            {
                ("cloudwatch:DeleteAlarms", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:a"),
                ("cloudwatch:DeleteAlarms", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:b"),
            },
        ),
        (
            "cloudwatch",
            "DescribeAlarms",
            {"AlarmNamePrefix": "a"},
            {("cloudwatch:DescribeAlarms", "arn:aws:cloudwatch:us-east-1:123456789012:alarm:*")},
        ),
        (
            "cloudwatch",
            "GetDashboard",
            {"DashboardName": "a"},
            {("cloudwatch:GetDashboard", "arn:aws:cloudwatch::123456789012:dashboard/a")},
        ),
        (
            "sns",
            "GetTopicAttributes",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:a"},
            {("sns:GetTopicAttributes", "arn:aws:sns:us-east-1:123456789012:a")},
        ),
        (
            "sns",
            "Unsubscribe",
            {"SubscriptionArn": "arn:aws:sns:us-east-1:123456789012:a:1"},
            {("sns:Unsubscribe", "*")},
        ),
        (
            "ssm",
            "GetParameters",
            {"Names": ["/allora/a", "/aws/service/b"]},
            {
                ("ssm:GetParameters", "arn:aws:ssm:us-east-1:123456789012:parameter/allora/a"),
                ("ssm:GetParameters", "arn:aws:ssm:us-east-1::parameter/aws/service/b"),
            },
        ),
        (
            "ssm",
            "SendCommand",
            {"DocumentName": "AWS-RunShellScript", "InstanceIds": ["i-01234567"]},
            {
                ("ssm:SendCommand", "arn:aws:ssm:us-east-1::document/AWS-RunShellScript"),
                ("ssm:SendCommand", f"{EC2}:instance/i-01234567"),
            },
        ),
        ("s3", "HeadBucket", {"Bucket": "a"}, {("s3:ListBucket", "arn:aws:s3:::a")}),
        (
            "s3",
            "PutObject",
            {"Bucket": "a", "Key": "b/c", "Tagging": "d=e"},
            {
                ("s3:PutObject", "arn:aws:s3:::a/b/c"),
                ("s3:PutObjectTagging", "arn:aws:s3:::a/b/c"),
            },
        ),
        (
            "s3",
            "DeleteObject",
            {"Bucket": "a", "Key": "b", "VersionId": "1"},
            {("s3:DeleteObjectVersion", "arn:aws:s3:::a/b")},
        ),
        (
            "s3",
            "DeleteObjects",
            {"Bucket": "a", "Delete": {"Objects": [{"Key": "b"}, {"Key": "c", "VersionId": "1"}]}},
            {
                ("s3:DeleteObject", "arn:aws:s3:::a/b"),
                ("s3:DeleteObject", "arn:aws:s3:::a/c"),
                ("s3:DeleteObjectVersion", "arn:aws:s3:::a/b"),
                ("s3:DeleteObjectVersion", "arn:aws:s3:::a/c"),
            },
        ),
        (
            "service-quotas",
            "GetServiceQuota",
            {"ServiceCode": "ec2", "QuotaCode": "L-1"},
            {("servicequotas:GetServiceQuota", "*")},
        ),
    ],
)
def test_actions_and_resources(
    service: str, operation: str, parameters: dict[str, Any], needed: set[tuple[str, str]]
) -> None:
    assert pairs(service, operation, **parameters) == needed


def test_an_instance_needs_all_that_it_is_made_of() -> None:
    """And the role of its profile is passed to EC2."""
    iam = boto3.client("iam", region_name="us-east-1")
    role = iam.create_role(RoleName="host", Path="/a/", AssumeRolePolicyDocument=TRUST)["Role"]
    iam.create_instance_profile(InstanceProfileName="profile")
    iam.add_role_to_instance_profile(InstanceProfileName="profile", RoleName="host")
    launched = found(
        "ec2",
        "RunInstances",
        ImageId="ami-01234567",
        SubnetId="subnet-01234567",
        SecurityGroupIds=["sg-01234567"],
        IamInstanceProfile={"Name": "profile"},
        TagSpecifications=[{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}],
    )
    resources = {each.resource for each in launched if each.action == "ec2:RunInstances"}
    assert resources == {
        "arn:aws:ec2:us-east-1::image/ami-01234567",
        f"{EC2}:instance/*",
        f"{EC2}:network-interface/*",
        f"{EC2}:security-group/sg-01234567",
        f"{EC2}:subnet/subnet-01234567",
        f"{EC2}:volume/*",
    }
    others = {each.action: each for each in launched if each.action != "ec2:RunInstances"}
    assert set(others) == {"ec2:CreateTags", "iam:PassRole"}
    assert others["ec2:CreateTags"].resource == f"{EC2}:volume/*"
    assert others["ec2:CreateTags"].context["ec2:CreateAction"] == "RunInstances"
    assert others["iam:PassRole"].resource == role["Arn"]
    assert others["iam:PassRole"].context["iam:PassedToService"] == "ec2.amazonaws.com"


def test_an_alarm_that_acts_on_ec2_needs_the_service_linked_role_once() -> None:
    alarm = {"AlarmName": "a", "AlarmActions": ["arn:aws:automate:us-east-1:ec2:reboot"]}
    linked = "iam:CreateServiceLinkedRole"
    (needed,) = [
        each for each in found("cloudwatch", "PutMetricAlarm", **alarm) if each.action == linked
    ]
    assert needed.resource == (
        f"{IAM}:role/aws-service-role/events.amazonaws.com/AWSServiceRoleForCloudWatchEvents"
    )
    assert needed.context["iam:AWSServiceName"] == "events.amazonaws.com"
    plain = alarm | {"AlarmActions": ["arn:aws:sns:us-east-1:123456789012:a"]}
    assert {each.action for each in found("cloudwatch", "PutMetricAlarm", **plain)} == {
        "cloudwatch:PutMetricAlarm"
    }
    boto3.client("iam", region_name="us-east-1").create_role(
        RoleName="AWSServiceRoleForCloudWatchEvents", AssumeRolePolicyDocument=TRUST
    )
    assert {each.action for each in found("cloudwatch", "PutMetricAlarm", **alarm)} == {
        "cloudwatch:PutMetricAlarm"
    }


def test_tags_of_what_is_there_are_known() -> None:
    ec2 = boto3.client("ec2", region_name="us-east-1")
    vpc = ec2.create_vpc(
        CidrBlock="10.0.0.0/24",
        TagSpecifications=[{"ResourceType": "vpc", "Tags": [{"Key": "Project", "Value": "a"}]}],
    )["Vpc"]["VpcId"]
    (needed,) = found("ec2", "DescribeVpcAttribute", VpcId=vpc, Attribute="enableDnsSupport")
    assert needed.resource == f"{EC2}:vpc/{vpc}"
    assert needed.context["aws:ResourceTag/Project"] == "a"
    assert needed.context["aws:RequestedRegion"] == "us-east-1"
