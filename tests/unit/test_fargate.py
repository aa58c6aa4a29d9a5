"""What plays Fargate for the tests of a fleet: when containers start, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import boto3
import pytest
from moto import mock_aws
from moto.ecs.models import EC2ContainerServiceBackend as Backend
from moto.ecs.responses import EC2ContainerServiceResponse as Response

from devtools.embedded_aws.ecs import complete_ecs
from devtools.fargate.aws import Cluster, ExecutionRole, Service, StartError
from devtools.fargate.containers import options
from devtools.fargate.definition import (
    Condition,
    Container,
    LogTarget,
    RefusedError,
    TaskDefinition,
    read,
)
from devtools.fargate.dependencies import State, Turn, end_of, turn_of
from devtools.fargate.keeper import Change, Keeper
from devtools.fargate.task import Task
from fleet.containers import VOLUMES, Images, Place, container_definitions
from settings.fleet_file import load_fleet

REGION = "us-east-1"


@pytest.fixture
def described(tmp_path: Path) -> dict[str, Any]:
    """Our own task definition, as ECS describes it."""
    (tmp_path / ".env").write_text(f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION={REGION}\n")
    (tmp_path / "fleet.toml").write_text("[workers.a]\n")
    fleet = load_fleet(tmp_path / ".env", {})
    assert fleet
    place = Place(
        fleet="fleet",
        region=REGION,
        parameter_arn="arn:aws:ssm:us-east-1:123456789012:parameter",
        log_groups={"worker": "/w", "model": "/m"},
    )
    images = Images(worker="worker:1", model="model:1", secrets="worker:1")
    return {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/allora-a:1",
        "family": "allora-a",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "volumes": [{"name": name, "host": {}, "configuredAtLaunch": False} for name in VOLUMES],
        "containerDefinitions": container_definitions(fleet.workers[0], images, place),
    }


@pytest.fixture
def definition(described: dict[str, Any]) -> TaskDefinition:
    return read(described)


def container(definition: TaskDefinition, name: str) -> Container:
    return next(each for each in definition.containers if each.name == name)


# --- what Fargate refuses


def changed(described: dict[str, Any], **of_the_model: Any) -> dict[str, Any]:
    containers = [
        each | of_the_model if each["name"] == "model" else each
        for each in described["containerDefinitions"]
    ]
    return described | {"containerDefinitions": containers}


@pytest.mark.parametrize(
    "asked",
    [
        {"linuxParameters": {"tmpfs": [{"containerPath": "/tmp", "size": 1}]}},
        {"linuxParameters": {"sharedMemorySize": 64}},
        {"linuxParameters": {"capabilities": {"add": ["NET_ADMIN"]}}},
        {"privileged": True},
        {"stopTimeout": 121},
        {"logConfiguration": {"logDriver": "json-file"}},
    ],
    ids=str,
)
def test_what_fargate_has_not_is_refused(described: dict[str, Any], asked: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="container model: "):
        read(changed(described, **asked))


@pytest.mark.parametrize(
    "asked",
    [
        {"networkMode": "host"},
        {"requiresCompatibilities": ["EC2"]},
        {"taskRoleArn": "arn:role"},
        {"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]},
        {"volumes": [{"name": "v", "host": {"sourcePath": "/data"}}]},
    ],
    ids=str,
)
def test_a_task_that_is_not_for_fargate_is_refused(
    described: dict[str, Any], asked: dict[str, Any]
) -> None:
    with pytest.raises(RefusedError):
        read(described | asked)


def test_tracing_may_be_added(described: dict[str, Any]) -> None:
    parameters = {"capabilities": {"add": ["SYS_PTRACE"]}}
    found = read(changed(described, linuxParameters=parameters))
    assert container(found, "model").added == ("SYS_PTRACE",)


# --- when containers start, and when a task ends


def test_ours_start_one_after_the_other(definition: TaskDefinition) -> None:
    secrets, model, worker = definition.containers
    assert [turn_of(each, {}) for each in (secrets, model, worker)] == [
        Turn.NOW,
        Turn.LATER,
        Turn.LATER,
    ]
    states = {"secrets": State(exit_code=0)}
    assert (turn_of(model, states), turn_of(worker, states)) == (Turn.NOW, Turn.LATER)
    # A model that trains has started, and says nothing of its health.
    assert turn_of(worker, states | {"model": State()}) is Turn.NOW
    assert turn_of(model, {"secrets": State(exit_code=1)}) is Turn.NEVER


@pytest.mark.parametrize(
    ("condition", "state", "expected"),
    [
        (Condition.START, State(), Turn.NOW),
        (Condition.COMPLETE, State(), Turn.LATER),
        (Condition.COMPLETE, State(exit_code=1), Turn.NOW),
        (Condition.SUCCESS, State(), Turn.LATER),
        (Condition.SUCCESS, State(exit_code=0), Turn.NOW),
        (Condition.SUCCESS, State(exit_code=1), Turn.NEVER),
        (Condition.HEALTHY, State(), Turn.LATER),
        (Condition.HEALTHY, State(is_healthy=False), Turn.LATER),
        (Condition.HEALTHY, State(is_healthy=True), Turn.NOW),
        (Condition.HEALTHY, State(exit_code=0), Turn.NEVER),
    ],
)
def test_each_condition(
    definition: TaskDefinition, condition: Condition, state: State, expected: Turn
) -> None:
    waiting = replace(container(definition, "worker"), depends_on={"model": condition})
    assert turn_of(waiting, {"model": state}) is expected


def test_an_essential_container_ends_its_task(definition: TaskDefinition) -> None:
    worker, secrets = container(definition, "worker"), container(definition, "secrets")
    assert end_of(worker, State()) is None
    assert end_of(worker, State(is_healthy=True)) is None
    assert "exited: worker with code 3" in (end_of(worker, State(exit_code=3)) or "")
    assert "health checks: worker" in (end_of(worker, State(is_healthy=False)) or "")
    assert end_of(secrets, State(exit_code=0)) is None


# --- what Docker is told


def test_docker_holds_the_worker_as_fargate_does(definition: TaskDefinition) -> None:
    volumes = {name: f"id-{name}" for name in definition.volumes}
    worker = options(container(definition, "worker"), definition, volumes=volumes)
    assert worker["read_only"] is worker["init"] is True
    assert worker["user"] == "10001:10001"
    assert worker["cap_drop"] == ["ALL"]
    assert worker["mem_limit"] == worker["memswap_limit"] == 512 * 2**20
    assert worker["healthcheck"]["interval"] == 15 * 10**9
    mounts = {mount["Target"]: mount for mount in worker["mounts"]}
    assert mounts["/run/secrets"]["Source"] == "id-worker-secrets"
    assert mounts["/run/secrets"]["ReadOnly"] is True
    assert all(mount["VolumeOptions"]["NoCopy"] for mount in mounts.values())
    model = options(container(definition, "model"), definition, volumes=volumes)
    assert model["healthcheck"] == {"test": ["NONE"]}


# --- what is asked of AWS


def clients(service: str, **credentials: str) -> Any:
    create: Any = boto3.client
    own = {"aws_access_key_id": "embedded", "aws_secret_access_key": "embedded"}
    return create(service, region_name=REGION, **(credentials or own))


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture
def role(aws: None) -> ExecutionRole:  # noqa: ARG001
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    answer = clients("iam").create_role(RoleName="execution", AssumeRolePolicyDocument=policy)
    return ExecutionRole(clients, answer["Role"]["Arn"])


def parameter(name: str) -> str:
    return f"arn:aws:ssm:{REGION}:123456789012:parameter{name}"


def test_secrets_are_read_by_their_arns(role: ExecutionRole) -> None:
    ssm = clients("ssm")
    ssm.put_parameter(Name="/allora/a/mnemonic", Value="words", Type="SecureString")
    found = role.secrets({"SECRET_OF_WORKER_mnemonic": parameter("/allora/a/mnemonic")})
    assert found == {"SECRET_OF_WORKER_mnemonic": "words"}
    with pytest.raises(StartError, match=r"ResourceInitializationError.*/allora/a/api-key"):
        role.secrets({"A": parameter("/allora/a/mnemonic"), "B": parameter("/allora/a/api-key")})
    assert role.secrets({}) == {}


def test_a_log_group_must_be_there(role: ExecutionRole) -> None:
    target, logs = LogTarget("/allora-fleet/worker", "a"), clients("logs")
    with pytest.raises(StartError, match="ResourceInitializationError"):
        role.create_stream(target, "a/worker/1")
    logs.create_log_group(logGroupName=target.group)
    role.create_stream(target, "a/worker/1")
    role.put_lines(target, "a/worker/1", ["one", "", "two"])
    events = logs.get_log_events(logGroupName=target.group, logStreamName="a/worker/1")["events"]
    assert [each["message"] for each in events] == ["one", "two"]


@pytest.mark.usefixtures("aws")
def test_services_and_tasks_are_those_of_the_cluster(
    described: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    complete_ecs_for_now(monkeypatch)
    ecs, network = clients("ecs"), vpc()
    ecs.create_cluster(clusterName="fleet")
    cluster = Cluster(clients, "fleet")
    assert cluster.services() == {}
    asked = {
        name: described[name]
        for name in described
        if name not in ("taskDefinitionArn", "containerDefinitions")
    }
    arn = ecs.register_task_definition(
        **asked, containerDefinitions=described["containerDefinitions"]
    )["taskDefinition"]["taskDefinitionArn"]
    for number in range(12):
        ecs.create_service(
            cluster="fleet",
            serviceName=f"w{number}",
            taskDefinition=arn,
            desiredCount=1,
            networkConfiguration=network,
            deploymentConfiguration={"minimumHealthyPercent": 0, "maximumPercent": 100},
        )
    services = cluster.services()
    assert len(services) == 12
    assert [each.name for each in cluster.definition(arn).containers] == [
        "secrets",
        "model",
        "worker",
    ]
    services["w3"].check()
    before = services["w3"].deployment_id
    ecs.update_service(cluster="fleet", service="w3", forceNewDeployment=True)
    assert cluster.services()["w3"].deployment_id != before
    task = cluster.record_start(services["w3"])
    assert cluster.running_tasks() == {task}
    cluster.record_stop(task, "Essential container in task exited")
    assert cluster.running_tasks() == set()


def vpc() -> dict[str, Any]:
    ec2 = clients("ec2")
    id_ = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.modify_vpc_attribute(VpcId=id_, EnableDnsHostnames={"Value": True})
    subnet = ec2.create_subnet(VpcId=id_, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=id_)["GroupId"]
    return {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}


def complete_ecs_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give moto what it lacks, until the test is over."""
    monkeypatch.setattr(Response, "create_service", Response.create_service)
    monkeypatch.setattr(Backend, "update_service", Backend.update_service)
    need = "_calculate_task_resource_requirements"
    monkeypatch.setattr(Backend, need, staticmethod(getattr(Backend, need)))
    complete_ecs()


# --- the keeper of a service


SERVICE = Service("a", 1, "definition:1", "deployment-1", {}, 100)


class Tasks:
    """In place of Docker: what is started and stopped, in order.

    Attributes:
        reason: Why the task that runs has to stop.
        error: Why none can be started.
    """

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.reason: str | None = None
        self.error: StartError | None = None
        self.started = 0

    def record_start(self, service: Service) -> str:
        self.started += 1
        self.happened.append(f"start {service.definition_arn}")
        return f"task/{self.started}"

    def record_stop(self, task_arn: str, reason: str) -> None:
        self.happened.append(f"stopped {task_arn}: {reason}")

    def make(self, arn: str, _: Service) -> Task:
        if self.error:
            raise self.error
        return cast("Task", _Task(arn, self))


class _Task:
    is_started = True

    def __init__(self, arn: str, tasks: Tasks) -> None:
        self.arn = arn
        self._tasks = tasks

    def advance(self) -> str | None:
        reason, self._tasks.reason = self._tasks.reason, None
        return reason

    def stop(self) -> Mapping[str, int]:
        self._tasks.happened.append(f"stop {self.arn}")
        return {}


@pytest.mark.parametrize("other", [{"desired_count": 2}, {"maximum_percent": 200}])
def test_two_tasks_of_a_service_are_refused(other: dict[str, int]) -> None:
    with pytest.raises(RefusedError):
        replace(SERVICE, **other).check()  # type: ignore[arg-type]  # names and types fit


@pytest.fixture
def tasks() -> Tasks:
    return Tasks()


@pytest.fixture
def keeper(tasks: Tasks) -> Keeper:
    changes: list[Change] = []
    found = Keeper("a", cast("Cluster", tasks), tasks.make, changes.append)
    found.wanted = SERVICE
    found.step()
    assert tasks.happened == ["start definition:1"]
    assert [each.state for each in changes] == ["PENDING"]
    tasks.happened.clear()
    return found


@pytest.mark.parametrize(
    "wanted",
    [replace(SERVICE, definition_arn="definition:2"), replace(SERVICE, deployment_id="another")],
)
def test_the_old_task_has_stopped_before_the_new_one_starts(
    tasks: Tasks, keeper: Keeper, wanted: Service
) -> None:
    for _ in range(3):
        keeper.step()
    assert tasks.happened == []
    keeper.wanted = wanted
    keeper.step()
    assert [each.partition(":")[0] for each in tasks.happened] == ["stop task/1", "stopped task/1"]
    keeper.step()
    assert tasks.happened[-1] == f"start {wanted.definition_arn}"


@pytest.mark.parametrize("wanted", [None, replace(SERVICE, desired_count=0)])
def test_a_worker_that_is_removed_or_paused_is_stopped_for_good(
    tasks: Tasks, keeper: Keeper, wanted: Service | None
) -> None:
    keeper.wanted = wanted
    for _ in range(3):
        keeper.step()
    assert tasks.happened[0] == "stop task/1"
    assert tasks.started == 1


def test_a_task_that_ends_is_replaced_at_once(tasks: Tasks, keeper: Keeper) -> None:
    tasks.reason = "Essential container in task exited: worker with code 1"
    keeper.step()
    keeper.step()
    assert tasks.happened == [
        "stop task/1",
        "stopped task/1: Essential container in task exited: worker with code 1",
        "start definition:1",
    ]


def test_a_task_that_somebody_stops_is_replaced(tasks: Tasks, keeper: Keeper) -> None:
    keeper.step()  # not in the list yet
    keeper.listed = {"task/1"}
    keeper.step()
    assert tasks.happened == []
    keeper.listed = set()
    keeper.step()
    assert tasks.happened == ["stop task/1", "stopped task/1: Task stopped by user"]


def test_what_cannot_start_is_tried_again_after_a_pause(tasks: Tasks, keeper: Keeper) -> None:
    tasks.reason, tasks.error = "ends", StartError("CannotPullContainerError: no such image")
    for _ in range(5):
        keeper.step()
    assert tasks.happened[2:] == [
        "start definition:1",
        "stopped task/2: CannotPullContainerError: no such image",
    ]
