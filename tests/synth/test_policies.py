"""Every policy that this project writes, as a linter with AWS's reference of actions sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto import mock_aws

from allora_cli.terraform.state_bucket import ensure_state_bucket
from tests.policies import findings, policies_for_plans, policy_for_plans_of_a_fleet
from tests.synthesized import Stack

Synth = Callable[..., Stack]

PARTITIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
PRINCIPALS = {
    "us-east-1": "ec2.amazonaws.com",
    "cn-north-1": "ec2.amazonaws.com.cn",
    "us-gov-west-1": "ec2.amazonaws.com",
}
NOT_NARROWED = "RESOURCE_STAR: ['cloudwatch:DescribeAlarms']"
"""Of what AWS can narrow; it authorizes this one for `alarm:*`, whatever is asked for."""

OF_NO_ACCOUNT = (
    "RESOURCE_MISMATCH: [{'action': 'ssm:GetParameter', "
    "'required_format': 'arn:*:ssm:*:*:parameter/*'}]"
)
"""Public parameters belong to none, which parliament does not know."""


def on_a_role(trust: dict[str, Any]) -> dict[str, Any]:
    """The trust policy of a role as one of other resources, which name themselves."""
    role = "arn:aws:iam::123456789012:role/one"
    return {**trust, "Statement": [{**each, "Resource": role} for each in trust["Statement"]]}


@pytest.mark.parametrize("region", PARTITIONS)
def test_the_hosts_role(common: Synth, region: str) -> None:
    stack = common(AWS_REGION=region, MODEL_SECRETS="CG_API_KEY,DB_URL")
    assert findings(json.loads(stack.one("aws_iam_role_policy")["policy"])) == []
    trust = json.loads(stack.one("aws_iam_role")["assume_role_policy"])
    assert findings(on_a_role(trust)) == []
    (trusted,) = trust["Statement"]
    assert trusted["Principal"]["Service"] == PRINCIPALS[region]


def test_the_alarm_topic(common: Synth) -> None:
    policy = json.loads(common().one("aws_sns_topic_policy")["policy"])
    (statement,) = policy["Statement"]
    assert statement["Resource"].startswith("${aws_sns_topic.")  # its own, which has no ARN yet
    statement["Resource"] = "arn:aws:sns:us-east-1:123456789012:allora-worker-alarms"
    assert findings(policy) == []


def test_the_state_bucket() -> None:
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        for _ in ensure_state_bucket(
            s3, bucket="my-states", region="us-east-1", account_id="123456789012", partition="aws"
        ):
            pass
        policy = json.loads(s3.get_bucket_policy(Bucket="my-states")["Policy"])
    assert findings(policy) == []


def test_the_role_for_plans() -> None:
    trust, permissions = policies_for_plans()
    assert findings(permissions) == [NOT_NARROWED, OF_NO_ACCOUNT]
    # It knows no providers of identities but those by SAML, nor their condition keys.
    kinds = {finding.partition(":")[0] for finding in findings(on_a_role(trust))}
    assert kinds == {"UNKNOWN_FEDERATION_SOURCE", "UNKNOWN_CONDITION_FOR_ACTION"}


def test_the_role_for_plans_of_a_fleet() -> None:
    assert findings(policy_for_plans_of_a_fleet()) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"Action": "ssm:GetParamter"}, "UNKNOWN_ACTION"),
        ({"Action": "s3:GetObject"}, "RESOURCE_MISMATCH"),
        ({"Resource": "*"}, "RESOURCE_STAR"),
        ({"Condition": {"StringEquals": {"ec2:Region": "us-east-1"}}}, "UNKNOWN_CONDITION"),
    ],
)
def test_a_mistake_is_found(change: dict[str, Any], found: str) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "ssm:GetParameters",
        "Resource": "arn:aws:ssm:us-east-1:123456789012:parameter/a",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert findings(policy) == []
    policy["Statement"] = [statement | change]
    (finding,) = findings(policy)
    assert finding.startswith(found)
