"""What the stack `allora-common` is made of, and what it must never be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cdktf import Testing

from containers.worker.allora_worker import metric_names
from scripts.host.bin import host_status
from settings import Settings
from stacks.common_stack import CommonStack
from tests.synthesized import Stack

Synth = Callable[..., Stack]


def statements(stack: Stack) -> dict[str, dict[str, Any]]:
    policy = json.loads(stack.one("aws_iam_role_policy")["policy"])
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_role_is_for_ec2_alone(common: Synth) -> None:
    trust = json.loads(common().one("aws_iam_role")["assume_role_policy"])
    assert [statement["Principal"] for statement in trust["Statement"]] == [
        {"Service": "ec2.amazonaws.com"}
    ]


def test_role_reads_exactly_its_own_parameters(common: Synth) -> None:
    read = statements(common(ALLORA_WORKER_NAME="mine", MODEL_SECRETS="CG_API_KEY"))
    here = "arn:aws:ssm:eu-central-1:123456789012:parameter/allora/mine"
    assert read["ReadOwnParameters"]["Resource"] == [
        f"{here}/mnemonic",
        f"{here}/api-key",
        f"{here}/inference-token",
        f"{here}/model/CG_API_KEY",
    ]
    assert read["ReadOwnParameters"]["Action"] == "ssm:GetParameters"


def test_role_writes_to_its_own_log_groups_alone(common: Synth) -> None:
    stack = common(ALLORA_WORKER_NAME="mine")
    here = "arn:aws:logs:eu-central-1:123456789012:log-group:"
    granted = statements(stack)["WriteOwnLogs"]["Resource"]
    groups = {group["name"] for group in stack.all("aws_cloudwatch_log_group")}
    assert set(granted) == {f"{here}{group}:log-stream:*" for group in groups}
    assert groups == {"/allora/mine/worker", "/allora/mine/model", "/allora/mine/host"}


def test_role_reads_the_host_s_archives_and_no_state(common: Synth) -> None:
    granted = statements(common(TF_STATE_BUCKET="my-bucket"))["ReadBuildContexts"]
    assert granted["Action"] == "s3:GetObject"
    assert granted["Resource"] == [
        "arn:aws:s3:::my-bucket/allora-single-node/build-contexts/*",
    ]


def test_role_reads_the_one_object_that_is_the_model(common: Synth) -> None:
    stack = common(
        TF_STATE_BUCKET="my-bucket",
        MODEL_FORGE="s3://my-models/btc/predict.pkl",
        MODEL_SHA256=f"sha256:{0:064}",
        MODEL_REQUIREMENTS="cloudpickle==3.1.1",
        MODEL_PYTHON="3.12",
    )
    assert statements(stack)["ReadBuildContexts"]["Resource"] == [
        "arn:aws:s3:::my-bucket/allora-single-node/build-contexts/*",
        "arn:aws:s3:::my-models/btc/predict.pkl",
    ]


def test_role_puts_no_metrics(common: Synth) -> None:
    """CloudWatch takes them from the log events, which needs no permission besides.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format.html
    """
    assert not [s for s in statements(common()).values() if "cloudwatch:" in json.dumps(s)]
    assert metric_names.NAMESPACE == host_status.NAMESPACE


def test_no_wildcard_action_and_no_unexplained_wildcard_resource(common: Synth) -> None:
    wildcards = set()
    for sid, statement in statements(common()).items():
        assert not [action for action in as_list(statement["Action"]) if "*" in action]
        for resource in as_list(statement["Resource"]):
            if "*" in resource.removesuffix(":log-stream:*").removesuffix("/build-contexts/*"):
                wildcards.add(sid)
    # With its reasons in worker_role.py.
    assert wildcards == {"SessionManager"}


def test_no_managed_policy(common: Synth) -> None:
    """AmazonSSMManagedInstanceCore would let the host read every parameter of the account."""
    text = json.dumps(common().json)
    assert "aws_iam_role_policy_attachment" not in text
    assert "AmazonSSMManagedInstanceCore" not in text


@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_are_of_the_region_s_partition(common: Synth, region: str, partition: str) -> None:
    read = statements(common(AWS_REGION=region))["ReadOwnParameters"]["Resource"]
    assert all(arn.startswith(f"arn:{partition}:ssm:{region}:") for arn in read)


def test_log_groups_keep_for_as_long_as_set(common: Synth) -> None:
    for days in ("30", "90"):
        groups = common(LOG_RETENTION_DAYS=days).all("aws_cloudwatch_log_group")
        assert {group["retention_in_days"] for group in groups} == {int(days)}


def test_somebody_is_told_of_alarms_only_when_an_address_is_set(common: Synth) -> None:
    assert common().all("aws_sns_topic_subscription") == []
    told = common(ALARM_EMAIL="someone@example.org").one("aws_sns_topic_subscription")
    assert (told["protocol"], told["endpoint"]) == ("email", "someone@example.org")


def test_only_this_account_s_alarms_may_publish(common: Synth) -> None:
    policy = json.loads(common().one("aws_sns_topic_policy")["policy"])
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_role_s_names_are_in_nobody_s_way(common: Synth) -> None:
    """IAM is global: a fixed name would clash with the same worker in another region."""
    stack = common(AWS_RESOURCE_NAME_PREFIX="mine")
    for type_ in ("aws_iam_role", "aws_iam_instance_profile"):
        assert stack.one(type_)["name_prefix"] == "mine-"
        assert "name" not in stack.one(type_)


def test_log_groups_that_exist_are_taken_over(common: Synth) -> None:
    stack = common(ALLORA_WORKER_NAME="mine")
    groups = {
        f"aws_cloudwatch_log_group.{id_}"
        for id_ in stack.json["resource"]["aws_cloudwatch_log_group"]
    }
    imports = stack.json["import"]
    assert {entry["to"] for entry in imports} == groups
    (existing,) = stack.data("aws_cloudwatch_log_groups")
    assert existing["log_group_name_prefix"] == "/allora/mine"
    for entry in imports:
        assert entry["id"] == "${each.value}"
        part = entry["to"].rsplit("_", 2)[1]
        assert f'name == "/allora/mine/{part.removeprefix("log-groups_")}"' in entry["for_each"]


def test_matchers_agree(make_settings: Callable[..., Settings]) -> None:
    """The same stack through cdktf's own test matchers."""
    stack = CommonStack(Testing.app(), "allora-common", settings=make_settings())
    synthesized = Testing.synth(stack, run_validations=True)
    assert Testing.to_have_resource_with_properties(
        synthesized, "aws_iam_instance_profile", {"name_prefix": "allora-worker-"}
    )
    assert not Testing.to_have_resource(synthesized, "aws_instance")
