"""The life of a fleet on the embedded AWS: deploy, change, pause, remove, destroy."""

from __future__ import annotations

import json
from typing import Any

import pytest

from allora_cli.errors import ExitCode
from allora_cli.status.conditions import Condition
from shared.stacks import COMMON, FLEET, lock_key, state_key
from tests.local.asked import Asked
from tests.local.deployment import BUCKET, Deployment
from tests.local.identities import plan_role
from tests.local.interposer import interposed
from tests.local.template import Deployed
from tests.policies import actions_in, policies_for_plans, policy_for_plans_of_a_fleet

CLUSTER = "allora-worker-fleet"
TABLE = """
[workers.{name}]
MODEL_IMAGE = "ghcr.io/you/model:1.4.0"
ALLORA_WORKER_TOPIC_ID = 69
"""
SPOT = 'capacity = "FARGATE_SPOT"\n'


@pytest.mark.slow
def test_a_fleet_from_its_deployment_to_its_end(half_deployed: Deployed) -> None:
    """With the policies of docs/permissions.md, beside the common stack of a single host."""
    deployment = half_deployed.deployment
    write_fleet(deployment, kept=SPOT, changed="", paused="", moved="", removed="")
    deployment.cdktf("deploy", COMMON, FLEET, "--auto-approve")
    assert "No changes" in deployment.cdktf("diff", FLEET)
    nothing_to_change_for_the_plans_role(deployment)
    names = ("kept", "changed", "paused", "moved", "removed")
    assert tasks(deployment) == dict.fromkeys(names, (1, 1))
    operated_by_name(deployment)
    keys = {each["Key"] for each in in_bucket(deployment)}
    assert state_key(FLEET) in keys
    assert lock_key(FLEET) not in keys

    write_fleet(
        deployment,
        kept=SPOT,
        changed="MODEL_PORT = 8080\n",
        paused="paused = true\n",
        moved=SPOT,
    )
    assert changes(deployment) == {
        "changed_task": ["delete", "create"],
        "changed_service": ["update"],
        "paused_service": ["update"],
        "moved_service": ["delete", "create"],
        "removed_task": ["delete"],
        "removed_service": ["delete"],
    }
    deployment.apply(FLEET, "plan")
    assert tasks(deployment) == {
        "kept": (1, 1),
        "changed": (1, 2),
        "paused": (0, 1),
        "moved": (1, 1),
    }

    deployment.cdktf("destroy", FLEET, "--auto-approve")
    deployment.apply(COMMON, "-destroy", "-refresh=false")
    nothing_is_left(deployment)


def operated_by_name(deployment: Deployment) -> None:
    """Look at all workers, and restart one of them; no task runs here."""
    shown = deployment.allora("status", "--json")
    assert shown.returncode == ExitCode.UNHEALTHY, shown.output
    document = json.loads(shown.output[shown.output.index("{") :])
    assert {each["finding"] for each in document["workers"]} == {Condition.EMBEDDED_AWS}
    before = deployment_ids(deployment)
    restarted = deployment.allora("restart", "--worker", "kept", "--yes", "--json")
    assert restarted.returncode == ExitCode.OK, restarted.output
    after = deployment_ids(deployment)
    assert [name for name, id_ in after.items() if id_ != before[name]] == ["kept"]


def deployment_ids(deployment: Deployment) -> dict[str, str]:
    """Return the id of each service's last deployment."""
    ecs = deployment.client("ecs")
    arns = ecs.list_services(cluster=CLUSTER)["serviceArns"]
    services = ecs.describe_services(cluster=CLUSTER, services=arns)["services"]
    return {each["serviceName"]: each["deployments"][0]["id"] for each in services}


def nothing_to_change_for_the_plans_role(deployment: Deployment) -> None:
    """Plan with what docs/ci.md gives to the role of pull requests, and nothing else."""
    _, permissions = policies_for_plans()
    of_fleet = policy_for_plans_of_a_fleet()
    asked: list[Asked] = []
    with interposed(deployment, lambda _: None, asked) as recorded:
        recorded.variables = recorded.variables | plan_role(deployment, permissions, of_fleet)
        for stack in (COMMON, FLEET):
            options = ("-input=false", "-lock=false", "-detailed-exitcode")
            plan = recorded.terraform(stack, "plan", *options)
            assert plan.returncode == 0, plan.output  # 2 would be: there are changes
    assert actions_in(of_fleet) <= {each.permission for each in asked}


def write_fleet(deployment: Deployment, **workers: str) -> None:
    """Write the file, with more lines for some workers."""
    text = "".join(TABLE.format(name=name) + lines for name, lines in workers.items())
    (deployment.directory / "fleet.toml").write_text(text, encoding="utf-8")


def changes(deployment: Deployment) -> dict[str, list[str]]:
    """Plan the fleet; return what is done with each resource of a worker that is not left alone."""
    deployment.synthesize()
    planned = deployment.terraform(FLEET, "plan", "-input=false", "-out=plan")
    assert planned.returncode == 0, planned.output
    plan = json.loads(deployment.terraform(FLEET, "show", "-json", "plan").output)
    return {
        each["name"].removeprefix("workers_").rpartition("_")[0]: each["change"]["actions"]
        for each in plan["resource_changes"]
        if each["name"].startswith("workers_") and each["change"]["actions"] != ["no-op"]
    }


def tasks(deployment: Deployment) -> dict[str, tuple[int, int]]:
    """Return how many tasks each service runs, and the revision of their definition."""
    ecs = deployment.client("ecs")
    arns = ecs.list_services(cluster=CLUSTER)["serviceArns"]
    services = ecs.describe_services(cluster=CLUSTER, services=arns)["services"]
    return {
        each["serviceName"]: (
            each["runningCount"],
            int(each["taskDefinition"].rpartition(":")[2]),
        )
        for each in services
        if each["status"] == "ACTIVE"
    }


def in_bucket(deployment: Deployment) -> list[dict[str, Any]]:
    """Return the objects of the state bucket."""
    found: list[dict[str, Any]] = deployment.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    return found


def nothing_is_left(deployment: Deployment) -> None:
    ecs = deployment.client("ecs")
    (cluster,) = ecs.describe_clusters(clusters=[CLUSTER])["clusters"]
    assert cluster["status"] == "INACTIVE"
    assert ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"] == []
    assert deployment.client("ecr").describe_repositories()["repositories"] == []
    assert deployment.client("codebuild").list_projects()["projects"] == []
    roles = deployment.client("iam").list_roles()["Roles"]
    assert [role["RoleName"] for role in roles if "allora-worker" in role["RoleName"]] == []
    assert deployment.client("logs").describe_log_groups()["logGroups"] == []
    ours = [{"Name": "tag:ManagedBy", "Values": ["cdktf"]}]
    ec2 = deployment.client("ec2")
    assert ec2.describe_vpcs(Filters=ours)["Vpcs"] == []
    assert ec2.describe_security_groups(Filters=ours)["SecurityGroups"] == []
