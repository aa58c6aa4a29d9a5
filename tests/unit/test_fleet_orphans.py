"""What a killed run leaves of a fleet is taken over: AWS lets nobody create it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from allora_cli.context import Context, open_context
from allora_cli.orphans.find import find_orphans
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.orphans.places import placed
from allora_cli.orphans.remove import remove_orphans
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
    return {
        "aws_ecs_service": service["serviceArn"],
        "aws_ecr_repository": REPOSITORY,
        "aws_codebuild_project": project["arn"],
    }


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
            "aws_iam_role": {
                "worker-role": {"name_prefix": "allora-worker-"},
                "execution": {"name_prefix": "allora-worker-ecs-"},
                "builder": {"name_prefix": "allora-worker-img-"},
            },
        }
    },
    FLEET: {"resource": {"aws_ecs_service": {"a": {"name": "a"}}}},
}
NOTHING = Known({}, {}, {stack: frozenset[str]() for stack in ALL_STACKS})


def test_each_is_found_and_has_its_place(context: Context, left: dict[str, str]) -> None:
    orphans = found(context)
    assert {each.type: each.id for each in orphans} == left
    places = {
        each.type: (each.address, each.import_id) for each in placed(orphans, NOTHING, STACKS)
    }
    assert places == {
        "aws_ecs_service": ("aws_ecs_service.a", "allora-worker-fleet/a"),
        "aws_ecr_repository": ("aws_ecr_repository.worker", REPOSITORY),
        "aws_codebuild_project": ("aws_codebuild_project.project", "allora-worker-fleet-images"),
    }


def new_vpc(context: Context, stack: str, **others: str) -> str:
    tags = {"Project": "allora-worker", "ManagedBy": "cdktf", "Stack": stack, **others}
    kinds: Any = [
        {"ResourceType": "vpc", "Tags": [{"Key": key, "Value": tags[key]} for key in tags]}
    ]
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


@pytest.mark.usefixtures("left")
def test_without_a_fleet_nobody_looks(context: Context, tmp_path: Path) -> None:
    assert found(context)
    (tmp_path / "fleet.toml").unlink()
    assert found(open_context()) == []
