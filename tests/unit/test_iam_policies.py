"""How the embedded AWS evaluates policies."""

from __future__ import annotations

from typing import Any

import pytest

from devtools.embedded_aws.iam.policies import Decision, decide, matches, missing_context

HERE = {"aws:RequestedRegion": "us-east-1", "aws:ResourceTag/Project": "allora"}
INSTANCE = "arn:aws:ec2:us-east-1:123456789012:instance/i-1"


def said(*statements: dict[str, Any]) -> str:
    return decide([{"Statement": list(statements)}], "ec2:RunInstances", INSTANCE, HERE)


def allow(**elements: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"} | elements


def deny(**elements: Any) -> dict[str, Any]:
    return allow(Effect="Deny", **elements)


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([], "implicitDeny"),
        ([allow()], "allowed"),
        ([allow(Action=["s3:*", "ec2:runinstances"])], "allowed"),
        ([allow(Action="ec2:Run")], "implicitDeny"),
        ([allow(Action="ec2:Run?nstances")], "allowed"),
        ([allow(Resource="arn:aws:ec2:*:*:instance/*")], "allowed"),
        ([allow(Resource="arn:aws:ec2:*:*:volume/*")], "implicitDeny"),
        ([allow(Resource=INSTANCE.upper())], "implicitDeny"),
        ([allow(), deny(Action="ec2:RunInstances")], "explicitDeny"),
        ([deny(Resource="arn:aws:ec2:*:*:volume/*"), allow()], "allowed"),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], "allowed"),
        ([{"Effect": "Allow", "NotAction": "EC2:*", "Resource": "*"}], "implicitDeny"),
        ([{"Effect": "Allow", "Action": "*", "NotResource": INSTANCE}], "implicitDeny"),
    ],
)
def test_statements(statements: list[dict[str, Any]], decision: str) -> None:
    assert said(*statements) == decision


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"StringEquals": {"AWS:requestedregion": ["eu-west-1", "us-east-1"]}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-*"}}, False),
        ({"StringLike": {"aws:RequestedRegion": "us-*"}}, True),
        ({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1"]}}, False),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEqualsIfExists": {"aws:RequestedRegion": "eu-west-1"}}, False),
        ({"Null": {"aws:SourceVpc": "true"}}, True),
        ({"Null": {"aws:RequestedRegion": True}}, False),
        ({"StringEquals": {"aws:ResourceTag/Project": "allora", "aws:SourceVpc": "vpc-1"}}, False),
    ],
)
def test_conditions(condition: dict[str, Any], *, is_met: bool) -> None:
    assert said(allow(Condition=condition)) == ("allowed" if is_met else "implicitDeny")
    assert said(allow(), deny(Condition=condition)) == ("explicitDeny" if is_met else "allowed")


@pytest.mark.parametrize(
    "statement",
    [
        allow(Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}),
        allow(NotPrincipal="*"),
    ],
)
def test_what_is_not_understood_is_an_error(statement: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError):
        said(statement)


def test_one_statement_needs_no_list() -> None:
    assert decide([{"Statement": allow()}], "ec2:RunInstances", "*", {}) is Decision.ALLOWED


def test_keys_without_a_value_are_named() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "us-east-1", "aws:SourceVpc": "vpc-1"}}
    policy = {"Statement": [allow(Condition=condition), allow(Action="s3:*", Condition=condition)]}
    assert missing_context([policy], "ec2:RunInstances", INSTANCE, HERE) == ["aws:SourceVpc"]
    assert missing_context([policy], "iam:GetRole", "*", HERE) == []


def test_a_pattern_stands_for_all_of_a_text() -> None:
    assert matches("a.b*", "a.bcd")
    assert not matches("a.b", "acb")
    assert not matches("a", "ab")
