"""What is synthesized keeps AWS's limits, with the longest names and in every partition.

Each resource is taken as the request that the AWS provider makes of it, and checked like the
requests to the embedded AWS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from moto.core.utils import get_service_model

from devtools.embedded_aws.front import constraints
from devtools.embedded_aws.front.account import ACCOUNT, Plan
from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError
from devtools.embedded_aws.front.rules import ec2, table
from settings.fleet_file import load_fleet
from settings.loader import load_settings
from shared.stacks import COMMON, FLEET
from tests.synthesized import Stack

Synth = Callable[..., dict[str, Stack]]
Request = tuple[str, str, dict[str, Any]]
"""Service, operation and input."""

REGIONS = ["us-east-1", "ap-southeast-1", "cn-northwest-1", "us-gov-west-1"]

# The provider appends a time and a number: the 26 characters of `unique_id`.
UNIQUE = "20261129080000000000000001"

LONGEST = {
    "AWS_RESOURCE_NAME_PREFIX": "A" + "b" * 31,
    "ALLORA_WORKER_NAME": "w" * 32,
    "ALARM_EMAIL": "someone@example.org",
    "EDGE_DATA_VOL_TYPE": "gp3",
    "ALLORA_INGRESS_CIDRS": ",".join(f"192.0.2.{host}/32" for host in range(60)),
    "MODEL_REPO": "https://example.com/model.git",
    "MODEL_SECRETS": ",".join(f"{'S' * 62}{number:02}" for number in range(50)),
}


LONGEST_FLEET = f"""
[workers.{"u" * 32}]
capacity = "FARGATE_SPOT"
api_key = true
ALLORA_WORKER_IMAGE = "ghcr.io/you/worker:1"
MODEL_IMAGE = "ghcr.io/you/model:1"
MODEL_COMMAND = "python -m model"
MODEL_SECRETS = "{LONGEST["MODEL_SECRETS"]}"
[workers.{"v" * 32}]
"""


@pytest.mark.parametrize("region", REGIONS)
def test_everything_keeps_the_limits(synth: Synth, region: str) -> None:
    stacks = synth(**LONGEST, AWS_REGION=region)
    asked = [request for stack in stacks.values() for request in requests(stack)]
    assert {operation for _, operation, _ in asked} == {
        *("CreateRole", "PutRolePolicy", "CreateInstanceProfile", "CreateLogGroup"),
        *("PutRetentionPolicy", "CreateTopic", "Subscribe", "PutMetricAlarm", "PutDashboard"),
        *("CreateVpc", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress"),
        *("AuthorizeSecurityGroupEgress", "RunInstances", "CreateVolume"),
    }
    assert [refusal for each in asked if (refusal := refused(region, *each))] == []


@pytest.mark.parametrize("region", REGIONS)
def test_a_fleet_keeps_the_limits(
    synthesize: Callable[..., dict[str, Stack]], tmp_path: Path, region: str
) -> None:
    variables = LONGEST | {"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": region}
    shared = {name: text for name, text in variables.items() if name != "MODEL_REPO"}
    env_file = tmp_path / ".env"
    env_file.write_text("".join(f"{name}={text}\n" for name, text in shared.items()))
    (tmp_path / "fleet.toml").write_text(LONGEST_FLEET)
    settings = load_settings(env_file, {})
    stacks = synthesize(settings, load_fleet(env_file, {}))
    asked = [
        request
        for stack in (COMMON, FLEET)
        for request in requests(stacks[stack], settings.partition)
    ]
    assert {operation for _, operation, _ in asked} >= {
        *("CreateRole", "CreatePolicy", "CreateRepository", "CreateProject"),
        *("CreateCluster", "RegisterTaskDefinition", "CreateService"),
    }
    assert [refusal for each in asked if (refusal := refused(region, *each))] == []


def test_a_limit_that_is_not_kept_is_seen() -> None:
    alarm = ("cloudwatch", "PutMetricAlarm", {"AlarmName": "n" * 256})
    assert "less than or equal to 255" in str(refused("us-east-1", *alarm))


MODEL = {"name": "model", "image": "i", "essential": True}
SERVICE = {"serviceName": "s", "deploymentConfiguration": {"maximumPercent": 100}}


@pytest.mark.parametrize(
    ("operation", "asked", "why"),
    [
        ("CreateService", SERVICE, "rebalancing"),
        (
            "CreateService",
            {"serviceName": "s", "launchType": "FARGATE", "capacityProviderStrategy": [{}]},
            "both a launch type",
        ),
        ("RegisterTaskDefinition", {"stopTimeout": 121}, "stopTimeout is 120"),
        ("RegisterTaskDefinition", {"linuxParameters": {"tmpfs": [{}]}}, "no tmpfs"),
        ("RegisterTaskDefinition", {"healthCheck": {"interval": 1}}, "from 5 to 300"),
        *(
            (
                "RegisterTaskDefinition",
                {"dependsOn": [{"containerName": other, "condition": condition}]},
                why,
            )
            for other, condition, why in (
                ("model", "SUCCESS", "on an essential container"),
                ("model", "HEALTHY", "needs a health check"),
                ("absent", "START", "no container 'absent'"),
            )
        ),
    ],
)
def test_what_ecs_refuses_is_seen(operation: str, asked: dict[str, Any], why: str) -> None:
    if operation == "RegisterTaskDefinition":
        worker = {"name": "worker", "image": "i", **asked}
        on = {"family": "f", "requiresCompatibilities": ["FARGATE"]}
        asked = {**on, "containerDefinitions": [MODEL, worker]}
    call = _call("us-east-1", "ecs", operation, asked)
    with pytest.raises(RefusedError, match=why):
        table.check(call)


def _call(region: str, service: str, operation: str, parameters: dict[str, Any]) -> Call:
    return Call(
        service=service,
        region=region,
        access_key="embedded",
        operation=get_service_model(service).operation_model(operation),
        protocol="json",
        parameters=parameters,
    )


def refused(region: str, service: str, operation: str, parameters: dict[str, Any]) -> str | None:
    """Why AWS would not carry out a request."""
    call = _call(region, service, operation, parameters)
    try:
        constraints.check(call)
        table.check(call)
    except RefusedError as refusal:
        return f"{operation}: {refusal.message}"
    return None


def requests(stack: Stack, partition: str = "aws") -> Iterator[Request]:
    """The requests of a stack's resources; references stand for what they are about."""
    arn = _ARN.replace(":aws:", f":{partition}:")
    default = stack.json["provider"]["aws"][0]["default_tags"][0]["tags"]
    for type_, ask in REQUESTS.items():
        for resource in stack.all(type_):
            known = json.loads(re.sub(r"\$\{[^}]*\.arn\}", arn, json.dumps(resource)))
            yield from ask(known | {"tags": default | known.get("tags", {})})


_ARN = "arn:aws:sns:us-east-1:123456789012:topic"


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _specified(kind: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": _pairs(tags)}]


def _role(role: Mapping[str, Any]) -> Iterator[Request]:
    yield (
        "iam",
        "CreateRole",
        {
            "RoleName": role["name_prefix"] + UNIQUE,
            "AssumeRolePolicyDocument": role["assume_role_policy"],
            "Description": role["description"],
            "Tags": _pairs(role["tags"]),
        },
    )


def _role_policy(policy: Mapping[str, Any]) -> Iterator[Request]:
    document = {"PolicyName": policy["name"], "PolicyDocument": policy["policy"]}
    yield "iam", "PutRolePolicy", {"RoleName": "role", **document}


def _instance_profile(profile: Mapping[str, Any]) -> Iterator[Request]:
    name = profile["name_prefix"] + UNIQUE
    yield "iam", "CreateInstanceProfile", {"InstanceProfileName": name}


def _log_group(group: Mapping[str, Any]) -> Iterator[Request]:
    name = {"logGroupName": group["name"]}
    yield "logs", "CreateLogGroup", {**name, "tags": group["tags"]}
    yield "logs", "PutRetentionPolicy", {**name, "retentionInDays": group["retention_in_days"]}


def _topic(topic: Mapping[str, Any]) -> Iterator[Request]:
    yield "sns", "CreateTopic", {"Name": topic["name"], "Tags": _pairs(topic["tags"])}


def _subscription(subscription: Mapping[str, Any]) -> Iterator[Request]:
    protocol = {"Protocol": subscription["protocol"], "Endpoint": subscription["endpoint"]}
    yield "sns", "Subscribe", {"TopicArn": _ARN, **protocol}


def _alarm(alarm: Mapping[str, Any]) -> Iterator[Request]:
    pairs = alarm["dimensions"].items()
    yield (
        "cloudwatch",
        "PutMetricAlarm",
        {
            "AlarmName": alarm["alarm_name"],
            "AlarmDescription": alarm["alarm_description"],
            "AlarmActions": alarm["alarm_actions"],
            "Namespace": alarm["namespace"],
            "MetricName": alarm["metric_name"],
            "Dimensions": [{"Name": name, "Value": value} for name, value in pairs],
            "Statistic": alarm["statistic"],
            "Period": alarm["period"],
            "EvaluationPeriods": alarm["evaluation_periods"],
            "Threshold": alarm["threshold"],
            "ComparisonOperator": alarm["comparison_operator"],
            "TreatMissingData": alarm["treat_missing_data"],
            "Tags": _pairs(alarm["tags"]),
        },
    )


def _dashboard(dashboard: Mapping[str, Any]) -> Iterator[Request]:
    body = {"DashboardBody": dashboard["dashboard_body"]}
    yield "cloudwatch", "PutDashboard", {"DashboardName": dashboard["dashboard_name"], **body}


def _vpc(vpc: Mapping[str, Any]) -> Iterator[Request]:
    tags = {"TagSpecifications": _specified("vpc", vpc["tags"])}
    yield "ec2", "CreateVpc", {"CidrBlock": vpc["cidr_block"], **tags}


def _security_group(group: Mapping[str, Any]) -> Iterator[Request]:
    yield (
        "ec2",
        "CreateSecurityGroup",
        {
            "GroupName": group["name"],
            "Description": group["description"],
            "TagSpecifications": _specified("security-group", group["tags"]),
        },
    )


def _rule(direction: str) -> Callable[[Mapping[str, Any]], Iterator[Request]]:
    def request(rule: Mapping[str, Any]) -> Iterator[Request]:
        ranges = {"CidrIp": rule["cidr_ipv4"], "Description": rule["description"]}
        permission = {"IpProtocol": rule["ip_protocol"], "IpRanges": [ranges]}
        group = {"GroupId": rule["security_group_id"], "IpPermissions": [permission]}
        yield "ec2", f"AuthorizeSecurityGroup{direction}", group

    return request


def _instance(instance: Mapping[str, Any]) -> Iterator[Request]:
    options = instance["metadata_options"]
    yield (
        "ec2",
        "RunInstances",
        {
            "MinCount": 1,
            "MaxCount": 1,
            "InstanceType": instance["instance_type"],
            "UserData": instance["user_data_base64"],
            "MetadataOptions": {
                "HttpTokens": options["http_tokens"],
                "HttpPutResponseHopLimit": options["http_put_response_hop_limit"],
            },
            "TagSpecifications": _specified("instance", instance["tags"]),
        },
    )


def _volume(volume: Mapping[str, Any]) -> Iterator[Request]:
    tags = {"TagSpecifications": _specified("volume", volume["tags"])}
    yield "ec2", "CreateVolume", {"VolumeType": volume["type"], "Size": volume["size"], **tags}


def _policy(policy: Mapping[str, Any]) -> Iterator[Request]:
    name = policy["name_prefix"] + UNIQUE
    document = {"PolicyName": name, "PolicyDocument": policy["policy"]}
    yield "iam", "CreatePolicy", {**document, "Tags": _pairs(policy["tags"])}


def _repository(repository: Mapping[str, Any]) -> Iterator[Request]:
    name = {"repositoryName": repository["name"], "tags": _pairs(repository["tags"])}
    yield "ecr", "CreateRepository", name


def _project(project: Mapping[str, Any]) -> Iterator[Request]:
    environment = project["environment"]
    yield (
        "codebuild",
        "CreateProject",
        {
            "name": project["name"],
            "description": project["description"],
            "serviceRole": _ARN,
            "timeoutInMinutes": project["build_timeout"],
            "source": project["source"],
            "artifacts": project["artifacts"],
            "environment": {
                "type": environment["type"],
                "image": environment["image"],
                "computeType": environment["compute_type"],
                "privilegedMode": environment["privileged_mode"],
            },
        },
    )


def _cluster(cluster: Mapping[str, Any]) -> Iterator[Request]:
    tags = [{"key": key, "value": value} for key, value in cluster["tags"].items()]
    yield "ecs", "CreateCluster", {"clusterName": cluster["name"], "tags": tags}


def _task_definition(task: Mapping[str, Any]) -> Iterator[Request]:
    platform = task["runtime_platform"]
    yield (
        "ecs",
        "RegisterTaskDefinition",
        {
            "family": task["family"],
            "networkMode": task["network_mode"],
            "requiresCompatibilities": task["requires_compatibilities"],
            "cpu": task["cpu"],
            "memory": task["memory"],
            "executionRoleArn": _ARN,
            "runtimePlatform": {
                "cpuArchitecture": platform["cpu_architecture"],
                "operatingSystemFamily": platform["operating_system_family"],
            },
            "volumes": [{"name": each["name"]} for each in task["volume"]],
            "containerDefinitions": json.loads(task["container_definitions"].replace("$$", "$")),
        },
    )


def _service(service: Mapping[str, Any]) -> Iterator[Request]:
    yield (
        "ecs",
        "CreateService",
        {
            "serviceName": service["name"],
            "desiredCount": service["desired_count"],
            "platformVersion": service["platform_version"],
            "propagateTags": service["propagate_tags"],
            "availabilityZoneRebalancing": service["availability_zone_rebalancing"],
            "deploymentConfiguration": {
                "minimumHealthyPercent": service["deployment_minimum_healthy_percent"],
                "maximumPercent": service["deployment_maximum_percent"],
            },
            "capacityProviderStrategy": [
                {"capacityProvider": each["capacity_provider"], "weight": each["weight"]}
                for each in service["capacity_provider_strategy"]
            ],
        },
    )


REQUESTS: dict[str, Callable[[Mapping[str, Any]], Iterator[Request]]] = {
    "aws_iam_role": _role,
    "aws_iam_role_policy": _role_policy,
    "aws_iam_instance_profile": _instance_profile,
    "aws_cloudwatch_log_group": _log_group,
    "aws_sns_topic": _topic,
    "aws_sns_topic_subscription": _subscription,
    "aws_cloudwatch_metric_alarm": _alarm,
    "aws_cloudwatch_dashboard": _dashboard,
    "aws_vpc": _vpc,
    "aws_security_group": _security_group,
    "aws_vpc_security_group_ingress_rule": _rule("Ingress"),
    "aws_vpc_security_group_egress_rule": _rule("Egress"),
    "aws_instance": _instance,
    "aws_ebs_volume": _volume,
    "aws_iam_policy": _policy,
    "aws_ecr_repository": _repository,
    "aws_codebuild_project": _project,
    "aws_ecs_cluster": _cluster,
    "aws_ecs_task_definition": _task_definition,
    "aws_ecs_service": _service,
}
"""By type of Terraform; the others take nothing but ids and numbers from the settings."""


@pytest.fixture
def free_plan() -> Iterator[None]:
    ACCOUNT.plan = Plan.FREE
    yield
    ACCOUNT.reset()


@pytest.mark.usefixtures("free_plan")
def test_every_account_may_start_the_default_type(synth: Synth) -> None:
    assert instance_refused(synth()) is None
    assert "not eligible for Free Tier" in str(
        instance_refused(synth(AWS_INSTANCE_TYPE="t3.large"))
    )


def instance_refused(stacks: dict[str, Stack]) -> str | None:
    (request,) = _instance(stacks["allora-single-node"].one("aws_instance") | {"tags": {}})
    return refused("us-east-1", *request)


@pytest.mark.parametrize("instance_type", ["t3.small", "c5d.large", "inf2.xlarge", "g5g.metal"])
def test_a_host_that_ec2_cannot_recover_has_no_such_alarm(
    synth: Synth, monkeypatch: pytest.MonkeyPatch, instance_type: str
) -> None:
    host = SimpleNamespace(instance_type=instance_type)
    monkeypatch.setattr(ec2, "_instance", lambda *_: host)
    node = synth(AWS_INSTANCE_TYPE=instance_type)["allora-single-node"]
    alarms = [request for request in requests(node) if request[1] == "PutMetricAlarm"]
    assert alarms
    assert [refusal for each in alarms if (refusal := refused("eu-central-1", *each))] == []
