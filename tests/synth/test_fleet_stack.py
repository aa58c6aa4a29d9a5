"""What `allora-fleet` is made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.fleet.image_repositories import KEPT_IMAGES
from containers.worker.allora_worker import contract
from settings.fleet import Architecture
from settings.fleet_file import load_fleet
from settings.loader import load_settings
from shared.stacks import COMMON, FLEET
from stacks.app import build_app
from tests.synthesized import Stack

LOCKS = Path(contract.__file__).parents[1] / "locks"
"""A file for each SDK that a worker's image can have."""

ENV = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=eu-central-1\n"
TWO = """
[workers.btc-day]
[workers.eth-5min]
ALLORA_WORKER_TOPIC_ID = 13
ALLORA_WORKER_TOKEN = "ETH"
"""

Synth = Callable[..., dict[str, Stack]]


@pytest.fixture
def fleet(tmp_path: Path) -> Synth:
    """The app's stacks for a fleet file, by stack id."""

    def make(text: str = TWO, env: str = "") -> dict[str, Stack]:
        (tmp_path / ".env").write_text(ENV + env)
        (tmp_path / "fleet.toml").write_text(text)
        settings = load_settings(tmp_path / ".env", {})
        outdir = tmp_path / "cdktf.out"
        loaded = load_fleet(tmp_path / ".env", {})
        build_app(settings, outdir=str(outdir), fleet=loaded).synth()
        return {
            file.parent.name: Stack(json.loads(file.read_text()))
            for file in outdir.glob("stacks/*/cdk.tf.json")
        }

    return make


def named(stack: Stack, type_: str, worker: str) -> dict[str, Any]:
    """The resource of a worker, by its logical id."""
    found: list[dict[str, Any]] = [
        resource
        for id_, resource in stack.json["resource"][type_].items()
        if id_.startswith(f"workers_{worker}_")
    ]
    (resource,) = found
    assert isinstance(resource, dict)
    return resource


def containers(stack: Stack, worker: str) -> dict[str, dict[str, Any]]:
    """A worker's containers by name."""
    text = named(stack, "aws_ecs_task_definition", worker)["container_definitions"]
    assert "${" not in text.replace("$${", "")
    return {each["name"]: each for each in json.loads(text.replace("$${", "${"))}


def variables(container: dict[str, Any]) -> dict[str, str]:
    """A container's environment."""
    return {each["name"]: each["value"] for each in container["environment"]}


def test_without_a_file_there_is_no_stack_of_it(synth: Synth) -> None:
    stacks = synth()
    assert FLEET not in stacks
    assert not stacks[COMMON].all("aws_ecr_repository")


def test_old_images_expire_and_no_deployment_s_own(fleet: Synth) -> None:
    """A deployment with both architectures and each SDK is far from what is kept."""
    common = fleet()[COMMON]
    assert len(common.all("aws_ecr_repository")) == 2
    policies = [json.loads(each["policy"]) for each in common.all("aws_ecr_lifecycle_policy")]
    selections = [rule["selection"] for policy in policies for rule in policy["rules"]]
    assert [each["countType"] for each in selections] == ["imageCountMoreThan"] * 2
    assert {each["countNumber"] for each in selections} == {KEPT_IMAGES}
    assert 10 * len(Architecture) * len(list(LOCKS.glob("*.txt"))) < KEPT_IMAGES


def test_a_worker_is_a_service_and_a_task_definition(fleet: Synth) -> None:
    stack = fleet()[FLEET]
    assert len(stack.all("aws_ecs_service")) == len(stack.all("aws_ecs_task_definition")) == 2
    service = named(stack, "aws_ecs_service", "btc-day")
    assert service["name"] == "btc-day"
    assert service["desired_count"] == 1
    assert service["tags"] == {"Worker": "btc-day"}


def test_the_old_task_ends_before_the_new_one_starts(fleet: Synth) -> None:
    service = named(fleet()[FLEET], "aws_ecs_service", "btc-day")
    assert service["deployment_minimum_healthy_percent"] == 0
    assert service["deployment_maximum_percent"] == 100


def test_no_container_has_credentials_and_nothing_may_come_in(fleet: Synth) -> None:
    stack = fleet()[FLEET]
    for task in stack.all("aws_ecs_task_definition"):
        assert "task_role_arn" not in task
        assert task["execution_role_arn"]
    assert not stack.all("aws_vpc_security_group_ingress_rule")
    assert not any("enable_execute_command" in each for each in stack.all("aws_ecs_service"))


def test_the_worker_is_bound_as_on_a_host(fleet: Synth) -> None:
    found = containers(fleet()[FLEET], "btc-day")
    worker, model = found["worker"], found["model"]
    assert worker["user"] == "10001:10001"
    assert worker["readonlyRootFilesystem"] is model["readonlyRootFilesystem"] is True
    assert worker["linuxParameters"]["capabilities"]["drop"] == ["ALL"]
    assert "--alive" in worker["healthCheck"]["command"]
    assert {"containerName": "secrets", "condition": "SUCCESS"} in worker["dependsOn"]
    assert "healthCheck" not in model


def test_a_worker_that_stands_still_is_replaced_within_two_minutes(fleet: Synth) -> None:
    worker = containers(fleet()[FLEET], "btc-day")["worker"]
    check = worker["healthCheck"]
    seconds = (check["interval"] + check["timeout"]) * check["retries"] + worker["stopTimeout"]
    assert seconds < 120


def test_secrets_reach_only_the_container_that_places_them(fleet: Synth) -> None:
    text = '[workers.a]\napi_key = true\nMODEL_SECRETS = "CG_API_KEY"\n'
    found = containers(fleet(text)[FLEET], "a")
    assert {each["name"]: each["valueFrom"] for each in found["secrets"]["secrets"]} == {
        f"SECRET_OF_{name}": f"arn:aws:ssm:eu-central-1:123456789012:parameter/allora/a/{path}"
        for name, path in {
            "WORKER_mnemonic": "mnemonic",
            "WORKER_api-key": "api-key",
            "MODEL_CG_API_KEY": "model/CG_API_KEY",
        }.items()
    }
    assert not any("secrets" in found[name] for name in ("model", "worker"))
    mounts = {
        name: [each["sourceVolume"] for each in found[name]["mountPoints"]]
        for name in ("model", "worker")
    }
    assert "worker-secrets" not in mounts["model"]
    assert "model-secrets" not in mounts["worker"]
    assert variables(found["model"])["CG_API_KEY_FILE"] == "/run/secrets/CG_API_KEY"


def test_what_a_strangers_model_prints_cannot_become_a_metric(fleet: Synth) -> None:
    """CloudWatch makes metrics of lines in its own format: they cost, and may pose as ours."""
    text = "[workers.own]\n[workers.stranger]\nMODEL_IMAGE = 'ghcr.io/you/model:1'\n"
    stack = fleet(text)[FLEET]
    assert containers(stack, "own")["model"]["logConfiguration"]["logDriver"] == "awslogs"
    assert "logConfiguration" not in containers(stack, "stranger")["model"]
    trusted = fleet(text + "model_logs = true\n")[FLEET]
    logs = containers(trusted, "stranger")["model"]["logConfiguration"]["options"]
    assert logs["awslogs-group"] == "/allora-fleet/model"


def test_worker_and_model_share_an_address(fleet: Synth) -> None:
    found = containers(fleet()[FLEET], "eth-5min")
    endpoint = variables(found["worker"])["ALLORA_WORKER_INFERENCE_ENDPOINT"]
    assert endpoint.startswith("http://127.0.0.1:8000/inference/{Token}")
    assert variables(found["worker"])["ALLORA_WORKER_TOPIC_ID"] == "13"


def test_workers_know_the_fleet_that_their_metrics_are_of(fleet: Synth) -> None:
    worker = containers(fleet(env="AWS_RESOURCE_NAME_PREFIX=shop\n")[FLEET], "btc-day")["worker"]
    assert variables(worker)["ALLORA_FLEET"] == "shop-fleet"


def test_texts_of_the_user_are_no_expressions(fleet: Synth) -> None:
    text = """
    [workers.a]
    MODEL_IMAGE = "ghcr.io/you/model:1"
    MODEL_ENV_VARS = 'PRICE="${aws_vpc.x.id} %{if true} $HOME"'
    """
    model = containers(fleet(text)[FLEET], "a")["model"]
    assert model["image"] == "ghcr.io/you/model:1"
    assert variables(model)["PRICE"] == "${aws_vpc.x.id} %%{if true} $HOME"


def test_each_choice_of_a_worker_arrives(fleet: Synth) -> None:
    stack = fleet(
        """
        [workers.a]
        size = "1 vCPU, 2 GB"
        capacity = "FARGATE_SPOT"
        architecture = "x86_64"
        paused = true
        """
    )[FLEET]
    task = named(stack, "aws_ecs_task_definition", "a")
    service = named(stack, "aws_ecs_service", "a")
    assert (task["cpu"], task["memory"]) == ("1024", "2048")
    assert task["runtime_platform"]["cpu_architecture"] == "X86_64"
    assert service["desired_count"] == 0
    assert [each["capacity_provider"] for each in service["capacity_provider_strategy"]] == [
        "FARGATE_SPOT"
    ]


def test_the_single_hosts_worker_is_in_no_resource_of_the_fleet(fleet: Synth) -> None:
    assert fleet(env="ALLORA_WORKER_NAME=renamed\n")[FLEET].json == fleet()[FLEET].json


HUNDRED = [f"[workers.w{number}]\nALLORA_WORKER_TOPIC_ID = 69\n" for number in range(100)]
CHANGED = {
    "removed": "",
    "paused": HUNDRED[50] + "paused = true\n",
    "resized": HUNDRED[50] + 'size = "1 vCPU, 2 GB"\n',
    "configured": HUNDRED[50] + "ALLORA_WORKER_TOKEN = 'BTC'\n",
    "joined": HUNDRED[50] + "[workers.new]\n",
}


def test_a_change_of_one_of_a_hundred_is_a_change_of_its_own_resources(fleet: Synth) -> None:
    hundred = fleet("".join(HUNDRED))[FLEET]
    before = of_workers(hundred)
    assert len(before) == 200
    for what, table in CHANGED.items():
        stack = fleet("".join([*HUNDRED[:50], table, *HUNDRED[51:]]))[FLEET]
        assert stack.json["provider"] == hundred.json["provider"], what  # its tags are of all
        after = of_workers(stack)
        differing = {
            id_.split("_")[1]
            for id_ in before.keys() | after.keys()
            if before.get(id_) != after.get(id_)
        }
        assert differing == {"new" if what == "joined" else "w50"}, what


def of_workers(stack: Stack) -> dict[str, Any]:
    """The resources of all workers, by logical id."""
    return {
        id_: resource
        for resources in stack.json["resource"].values()
        for id_, resource in resources.items()
        if id_.startswith("workers_")
    }


def test_the_network_is_in_an_availability_zone_where_fargate_runs(fleet: Synth) -> None:
    (zones,) = fleet()[FLEET].data("aws_availability_zones")
    assert zones["filter"] == [{"name": "zone-type", "values": ["availability-zone"]}]
    assert "usw1-az2" in zones["exclude_zone_ids"]


def test_an_existing_network_is_used(fleet: Synth) -> None:
    ids = "AWS_VPC_ID=vpc-0123456789abcdef0\nAWS_SUBNET_ID=subnet-0123456789abcdef0\n"
    stack = fleet(env=ids)[FLEET]
    assert not stack.all("aws_vpc")
    assert len(stack.data("aws_subnet")) == 1


def test_the_execution_role_reads_the_secrets_of_the_workers_alone(fleet: Synth) -> None:
    common = fleet("".join(f"[workers.w{number}]\n" for number in range(51)))[COMMON]
    policies = [json.loads(each["policy"]) for each in common.all("aws_iam_policy")]
    resources = [policy["Statement"][0]["Resource"] for policy in policies]
    assert sorted(map(len, resources)) == [1, 50]
    assert all(
        arn.endswith("/*") and ":parameter/allora/w" in arn for each in resources for arn in each
    )
    assert max(len(json.dumps(policy)) for policy in policies) < 6144
