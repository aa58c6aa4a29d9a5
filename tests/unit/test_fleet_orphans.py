"""What a killed run leaves of a fleet is taken over: AWS lets nobody create it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.waiter
import pytest
from moto import mock_aws
from moto.ecs.models import EC2ContainerServiceBackend, Service

from allora_cli.context import Context, open_context
from allora_cli.deploy import deploying, destroying
from allora_cli.deploy.events import OrphansFound
from allora_cli.deploy.recovery.orphans import settling
from allora_cli.deploy.renderers import JsonLines, watch
from allora_cli.errors import OperatorError
from allora_cli.events import Workflow
from allora_cli.orphans.find import find_orphans
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Fate, Orphan
from allora_cli.orphans.places import placed
from allora_cli.orphans.remove import remove_orphans
from allora_cli.terminal.prompts import Answers
from allora_cli.terraform.running_costs import RunningCosts
from fleet.images import Registry
from settings.names import FleetNames
from shared.stacks import ALL_STACKS, COMMON, FLEET, SINGLE_NODE

SETTINGS = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nTF_STATE_BUCKET=states\n"
REPOSITORY = "allora-worker-fleet/worker"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    (tmp_path / ".env").write_text(SETTINGS)
    (tmp_path / "fleet.toml").write_text("[workers.a]\n")
    monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
    monkeypatch.setattr(RunningCosts, "monthly", lambda *_: None)
    with mock_aws():
        made = open_context()
        made.session.client("s3").create_bucket(Bucket="states")
        yield made


@pytest.fixture
def left(context: Context) -> dict[str, str]:
    """What a killed run has made; ids by Terraform's type."""
    client, names = context.session.client, FleetNames(context.settings)
    ecs = client("ecs")
    ecs.create_cluster(clusterName=names.fleet)
    ecs.register_task_definition(
        family="f", containerDefinitions=[{"name": "w", "image": "i", "memory": 64}]
    )
    service = ecs.create_service(
        cluster=names.fleet, serviceName="a", taskDefinition="f", desiredCount=1
    )["service"]
    client("ecr").create_repository(repositoryName=REPOSITORY)
    project = client("codebuild").create_project(
        name=names.builder,
        source={"type": "S3", "location": "bucket/path"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "ARM_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/builder",
    )["project"]
    cluster = ecs.describe_clusters(clusters=[names.fleet])["clusters"][0]["clusterArn"]
    alarm = f"{names.in_region}-refused"
    client("cloudwatch").put_metric_alarm(
        AlarmName=alarm,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=tags(FLEET),
    )
    client("cloudwatch").put_dashboard(
        DashboardName=names.in_region, DashboardBody=json.dumps({"widgets": []})
    )
    client("logs").create_log_group(logGroupName=names.log_groups["images"])
    return {
        "aws_ecs_cluster": cluster,
        "aws_ecs_service": service["serviceArn"],
        "aws_ecr_repository": REPOSITORY,
        "aws_codebuild_project": project["arn"],
        "aws_iam_policy": secrets_policy(context),
        "aws_cloudwatch_metric_alarm": alarm,
        "aws_cloudwatch_dashboard": names.in_region,
        "aws_cloudwatch_log_group": names.log_groups["images"],
    }


def tags(stack: str, **others: str) -> list[Any]:
    """Those of the stack's resources, with some others."""
    own = {"Project": "allora-worker", "ManagedBy": "cdktf", "Stack": stack}
    if stack != FLEET:
        own["Worker"] = "worker"
    return [{"Key": name, "Value": value} for name, value in (own | others).items()]


def secrets_policy(context: Context, suffix: str = "1", region: str = "us-east-1") -> str:
    """A policy that Terraform has made, attached to a role; returns its ARN."""
    iam = context.session.client("iam")
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "ssm:GetParameters",
            "Resource": f"arn:aws:ssm:{region}:123456789012:parameter/allora/a/*",
        },
    }
    arn = iam.create_policy(
        PolicyName=f"allora-worker-fleet-secrets-0-{suffix}",
        PolicyDocument=json.dumps(document),
        Tags=tags(COMMON),
    )["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=f"of-another-{suffix}", AssumeRolePolicyDocument=trust)
    iam.attach_role_policy(RoleName=f"of-another-{suffix}", PolicyArn=arn)
    return arn


def found(context: Context) -> list[Orphan]:
    return list(find_orphans(context, Known.of(context)).orphans)


STACKS: dict[str, dict[str, Any]] = {
    COMMON: {
        "resource": {
            "aws_ecr_repository": {
                "model": {"name": "allora-worker-fleet/model"},
                "worker": {"name": REPOSITORY},
            },
            "aws_codebuild_project": {"project": {"name": "allora-worker-fleet-images"}},
            "aws_iam_policy": {
                "first": {"name_prefix": "allora-worker-fleet-secrets-0-"},
                "second": {"name_prefix": "allora-worker-fleet-secrets-1-"},
            },
            "aws_cloudwatch_log_group": {
                "host": {"name": "/allora/worker/host"},
                "images": {"name": "/allora-fleet/images"},
            },
            "aws_iam_role": {
                "worker-role": {"name_prefix": "allora-worker-"},
                "execution": {"name_prefix": "allora-worker-ecs-"},
                "builder": {"name_prefix": "allora-worker-img-"},
            },
        }
    },
    FLEET: {
        "resource": {
            "aws_ecs_cluster": {"cluster": {"name": "allora-worker-fleet"}},
            "aws_ecs_service": {"a": {"name": "a"}},
            "aws_cloudwatch_metric_alarm": {
                "refused": {"alarm_name": "allora-worker-fleet-us-east-1-refused"}
            },
            "aws_cloudwatch_dashboard": {"dashboard": {}},
        }
    },
}
NOTHING = Known({}, {}, {stack: frozenset[str]() for stack in ALL_STACKS})


def test_each_is_found_and_has_its_place(context: Context, left: dict[str, str]) -> None:
    orphans = found(context)
    assert {each.type: each.id for each in orphans} == left
    places = {
        each.type: (each.address, each.import_id) for each in placed(orphans, NOTHING, STACKS)
    }
    assert places == {
        "aws_ecs_cluster": ("aws_ecs_cluster.cluster", "allora-worker-fleet"),
        "aws_iam_policy": ("aws_iam_policy.first", left["aws_iam_policy"]),
        "aws_cloudwatch_metric_alarm": ("aws_cloudwatch_metric_alarm.refused", ""),
        "aws_cloudwatch_dashboard": ("aws_cloudwatch_dashboard.dashboard", ""),
        "aws_cloudwatch_log_group": ("aws_cloudwatch_log_group.images", ""),
        "aws_ecs_service": ("aws_ecs_service.a", "allora-worker-fleet/a"),
        "aws_ecr_repository": ("aws_ecr_repository.worker", REPOSITORY),
        "aws_codebuild_project": ("aws_codebuild_project.project", "allora-worker-fleet-images"),
    }


def new_vpc(context: Context, stack: str, **others: str) -> str:
    kinds: Any = [{"ResourceType": "vpc", "Tags": tags(stack, **others)}]
    ec2 = context.session.client("ec2")
    return ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=kinds)["Vpc"]["VpcId"]


def test_each_stack_has_a_network_of_its_own(context: Context) -> None:
    of_host = new_vpc(context, SINGLE_NODE, Worker="worker")
    of_fleet = new_vpc(context, FLEET)
    stacks: dict[str, dict[str, Any]] = {
        stack: {"resource": {"aws_vpc": {"vpc": {}}}} for stack in (SINGLE_NODE, FLEET)
    }
    found_here = placed(found(context), NOTHING, stacks)
    assert {each.id: (each.stack, each.address) for each in found_here} == {
        of_host: (SINGLE_NODE, "aws_vpc.vpc"),
        of_fleet: (FLEET, "aws_vpc.vpc"),
    }
    vpc = {"id": "vpc-0", "tags_all": {"Stack": SINGLE_NODE}}
    with_host = replace(
        NOTHING,
        values={"aws_vpc": (vpc,)},
        addresses={**NOTHING.addresses, SINGLE_NODE: frozenset({"aws_vpc.vpc"})},
    )
    fates = {each.id: each.address for each in placed(found(context), with_host, stacks)}
    assert fates == {of_host: "", of_fleet: "aws_vpc.vpc"}


def test_roles_are_told_apart_by_their_names() -> None:
    names = {
        "allora-worker-20261129000000000000000001": "worker-role",
        "allora-worker-ecs-20261129000000000000000002": "execution",
        "allora-worker-img-20261129000000000000000003": "builder",
    }
    orphans = [Orphan("aws_iam_role", name, COMMON, name, import_id=name) for name in names]
    assert {each.id: each.address for each in placed(orphans, NOTHING, STACKS)} == {
        name: f"aws_iam_role.{role}" for name, role in names.items()
    }


def test_they_can_be_removed(context: Context, left: dict[str, str]) -> None:
    removed = {each.type for each in remove_orphans(context, found(context))}
    assert removed == left.keys()
    assert found(context) == []
    assert Registry.of(context.settings).repositories["worker"] == REPOSITORY


def test_policies_of_other_regions_are_others(context: Context) -> None:
    secrets_policy(context, region="eu-west-1")
    assert found(context) == []


def test_a_fleet_leaves_the_single_host_s_alone(context: Context) -> None:
    """Its stack is not deployed, so there is no place for them; another state may have them."""
    host, of_fleet = new_vpc(context, SINGLE_NODE), new_vpc(context, FLEET)
    fates = {each.id: each.fate for each in placed(found(context), NOTHING, STACKS)}
    assert fates == {host: Fate.LEAVE, of_fleet: Fate.REMOVE}


def test_a_deployment_of_a_fleet_offers_what_is_its_own(context: Context, tmp_path: Path) -> None:
    host, of_fleet = new_vpc(context, SINGLE_NODE), new_vpc(context, FLEET)
    for stack, text in (STACKS | {SINGLE_NODE: {}}).items():
        file = tmp_path / "stacks" / stack / "cdk.tf.json"
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps(text))
    settle = settling(context, Answers(yes=True), was_killed=True)
    told = list(settle(tmp_path))
    (offered,) = (event for event in told if isinstance(event, OrphansFound))
    assert [each.id for each in offered.orphans] == [of_fleet]
    ec2 = context.session.client("ec2")
    assert host in {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]}


def test_a_fleet_is_destroyed_without_the_single_host_s_orphans(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are named at the end, because they may cost money."""
    host, of_fleet = new_vpc(context, SINGLE_NODE), new_vpc(context, FLEET)

    def killed(*_: Any) -> Workflow[bool]:
        yield from ()
        return True

    monkeypatch.setattr(destroying, "recover", killed)
    scope = destroying.Scope(everything=False, address=None)
    result = watch(destroying.destroy(Answers(yes=True), scope), JsonLines())
    ec2 = context.session.client("ec2")
    left = {each["VpcId"] for each in ec2.describe_vpcs()["Vpcs"]}
    assert host in left
    assert of_fleet not in left
    assert [host in each.what for each in result.left] == [False, True]


def test_an_unknown_host_keeps_no_fleet_from_its_deployment(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wallet is not one of the fleet's; `allora doctor` compares them."""
    monkeypatch.setattr(deploying, "find_other_hosts", lambda *_: ["i-0"])
    deploying.require_only_host(context)
    with pytest.raises(OperatorError, match="i-0"):
        deploying.require_only_host(replace(context, fleet=None))


@pytest.mark.usefixtures("left")
def test_a_service_is_gone_when_its_task_has_ended(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task's interface is in the subnet until then."""
    deleted: list[Service] = []
    ended: list[float] = []
    delete = EC2ContainerServiceBackend.delete_service

    def drain(self: EC2ContainerServiceBackend, *which: Any) -> Service:
        service = delete(self, *which)
        service.status = "DRAINING"
        deleted.append(service)
        return service

    def end(seconds: float) -> None:
        ended.append(seconds)
        deleted[0].status = "INACTIVE"

    monkeypatch.setattr(EC2ContainerServiceBackend, "delete_service", drain)
    monkeypatch.setattr(botocore.waiter, "time", SimpleNamespace(sleep=end))
    for removed in remove_orphans(context, found(context)):
        assert ended or removed.type != "aws_ecs_service"
    assert ended


@pytest.mark.usefixtures("left")
def test_without_a_fleet_nobody_looks(context: Context, tmp_path: Path) -> None:
    assert found(context)
    (tmp_path / "fleet.toml").unlink()
    assert found(open_context()) == []
