"""The list of needed actions, against AWS's Service Authorization Reference."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable

import pytest

from allora_cli.aws.deployer_policy import MOST_CHARACTERS, OUTPUT, policies, render
from allora_cli.aws.needed_actions import (
    Needed,
    deploying_actions,
    fleet_actions,
    operating_actions,
)
from devtools.embedded_aws.iam.policies import Decision, decide
from devtools.embedded_aws.iam.reference import action
from settings import Settings
from tests.policies import findings, without

MakeSettings = Callable[..., Settings]

SITUATIONS = {
    "plain": {},
    "data volume": {"EDGE_DATA_VOL_TYPE": "gp3", "EDGE_DATA_VOL_SIZE": "20"},
    "mails": {"ALARM_EMAIL": "someone@example.org"},
    "existing VPC": {"AWS_VPC_ID": "vpc-01234567", "AWS_SUBNET_ID": "subnet-01234567"},
    "China": {"AWS_REGION": "cn-north-1"},
}

NOT_NEEDED = {
    ("ec2:RunInstances", "ssm:GetParameters"): "we give it the image's id",
    ("sns:CreateTopic", "iam:PassRole"): "the topic reports no deliveries",
    ("sns:SetTopicAttributes", "iam:PassRole"): "the topic reports no deliveries",
}
"""Dependent actions of AWS's list that our requests do not need, and why."""


EXPECTED = {
    "RESOURCE_MISMATCH": "an action's resources are in several statements",
    "RESOURCE_POLICY_PRIVILEGE_ESCALATION": "who writes the host's role can give it everything",
}
"""What a linter finds in the policies, and why it is so."""

TOO_NEW = "freetier:GetAccountPlanState"
"""An action that the linter does not know yet."""


@pytest.fixture(params=SITUATIONS)
def deploying(request: pytest.FixtureRequest, make_settings: MakeSettings) -> list[Needed]:
    return deploying_actions(make_settings(**SITUATIONS[request.param]))


@pytest.fixture
def operating(make_settings: MakeSettings) -> list[Needed]:
    return operating_actions(make_settings())


@pytest.fixture
def of_a_fleet(make_settings: MakeSettings) -> list[Needed]:
    return fleet_actions(make_settings())


def resources(needed: list[Needed]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for resource, actions in needed:
        for name in actions:
            found[name].add(resource)
    return found


def test_each_action_is_on_resources_of_its_kinds(
    deploying: list[Needed], operating: list[Needed], of_a_fleet: list[Needed]
) -> None:
    for name, on in resources(deploying + operating + of_a_fleet).items():
        known = action(name)
        assert known.name == name
        for resource in on:
            if known.resource_types:
                assert any(kind.matches(resource) for kind in known.resource_types), (
                    name,
                    resource,
                )
            else:
                assert resource == "*", name


def test_no_kind_of_resource_is_missing(
    deploying: list[Needed], operating: list[Needed], of_a_fleet: list[Needed]
) -> None:
    for name, on in resources(deploying + operating + of_a_fleet).items():
        for kind in action(name).resource_types:
            if kind.required:
                assert any(map(kind.matches, on)), (name, kind.name)


def test_dependent_actions_are_there(deploying: list[Needed], of_a_fleet: list[Needed]) -> None:
    found = resources(deploying + of_a_fleet)
    for name in found:
        for dependent in action(name).dependent_actions:
            assert dependent in found or (name, dependent) in NOT_NEEDED, (name, dependent)


def test_what_is_created_may_be_tagged(deploying: list[Needed]) -> None:
    found = resources(deploying)
    tagged = found["ec2:CreateTags"]
    for name, on in found.items():
        if "ec2:CreateTags" in action(name).dependent_actions:
            assert on & tagged, name


def test_nothing_is_asked_for_twice(
    deploying: list[Needed], operating: list[Needed], of_a_fleet: list[Needed]
) -> None:
    for needed in (deploying, operating, of_a_fleet):
        pairs = [(name, resource) for resource, actions in needed for name in actions]
        assert sorted(pairs) == sorted(set(pairs))


@pytest.mark.parametrize(
    ("region", "resource"),
    [
        ("us-east-1", "arn:aws:ec2:us-east-1::snapshot/*"),
        ("cn-north-1", "arn:aws-cn:iam::123456789012:role/allora-worker-*"),
        ("us-gov-west-1", "arn:aws-us-gov:ssm:us-gov-west-1::parameter/aws/service/canonical/*"),
    ],
)
def test_arns(make_settings: MakeSettings, region: str, resource: str) -> None:
    settings = make_settings(AWS_REGION=region, EDGE_DATA_VOL_TYPE="gp3", EDGE_DATA_VOL_SIZE="20")
    assert resource in {each.resource for each in deploying_actions(settings)}


class TestPolicies:
    """Those of docs/permissions.md."""

    def test_they_are_as_documented(self) -> None:
        assert OUTPUT.read_text("utf-8") == render(), (
            "docs/permissions.md is stale: run python -m allora_cli.aws.deployer_policy"
        )

    def test_they_fit_with_the_longest_names(self, make_settings: MakeSettings) -> None:
        longest = make_settings(
            **SITUATIONS["data volume"],
            **SITUATIONS["mails"],
            AWS_REGION="ap-southeast-1",
            AWS_RESOURCE_NAME_PREFIX="p" * 20,
            ALLORA_WORKER_NAME="w" * 32,
            TF_STATE_BUCKET="b" * 63,
        )
        for name, policy in policies(longest).items():
            text = json.dumps(policy, separators=(",", ":"))
            assert len(text) <= MOST_CHARACTERS, name

    @pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1"])
    def test_a_linter_finds_nothing_else(self, make_settings: MakeSettings, region: str) -> None:
        settings = make_settings(**SITUATIONS["data volume"], AWS_REGION=region)
        known = [without(policy, TOO_NEW) for policy in policies(settings).values()]
        found = [each for policy in known for each in findings(policy)]
        kinds = {each.partition(":")[0] for each in found}
        assert kinds <= EXPECTED.keys(), found

    def test_they_are_the_list(self, make_settings: MakeSettings) -> None:
        settings = make_settings(**SITUATIONS["data volume"])
        for resource, actions in (
            *deploying_actions(settings),
            *operating_actions(settings),
            *fleet_actions(settings),
        ):
            for name in actions:
                allowed = decide(list(policies(settings).values()), name, resource, {})
                assert allowed is Decision.ALLOWED
