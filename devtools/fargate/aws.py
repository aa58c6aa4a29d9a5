"""What scheduler and agent ask of the embedded AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from devtools.fargate.definition import LogTarget, RefusedError, TaskDefinition, read

Clients = Callable[..., Any]
"""Makes a client of a service, with the credentials that are given as keywords or with its own."""

_SERVICES_A_CALL = 10
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html"""

_ONE_TASK = 100
"""Percent: the old task ends before the new one starts."""


class StartError(Exception):
    """A task cannot start; the text is ECS's, from its code on."""


@dataclass(frozen=True)
class Service:
    """A service as it is wanted now.

    Attributes:
        deployment_id: Another one asks for new tasks, also of the same definition.
        maximum_percent: Of the wanted number of tasks, while a deployment lasts.
    """

    name: str
    desired_count: int
    definition_arn: str
    deployment_id: str
    network: Mapping[str, Any]
    maximum_percent: int

    def check(self) -> None:
        """Raise `RefusedError` if a second task could run beside the first, which is not played."""
        if self.desired_count > 1 or self.maximum_percent > _ONE_TASK:
            raise RefusedError("only one task of a service is played here, and none beside it")


class Cluster:
    """A cluster's services and tasks, in ECS's own records."""

    def __init__(self, clients: Clients, name: str) -> None:
        self._ecs = clients("ecs")
        self._name = name

    def services(self) -> dict[str, Service]:
        """Return the services that are not deleted, by name."""
        pages = self._ecs.get_paginator("list_services").paginate(cluster=self._name)
        arns = [arn for page in pages for arn in page["serviceArns"]]
        found = []
        for first in range(0, len(arns), _SERVICES_A_CALL):
            some = arns[first : first + _SERVICES_A_CALL]
            found += self._ecs.describe_services(cluster=self._name, services=some)["services"]
        return {
            each["serviceName"]: Service(
                name=each["serviceName"],
                desired_count=each["desiredCount"],
                definition_arn=each["taskDefinition"],
                deployment_id=each["deployments"][0]["id"],
                network=each["networkConfiguration"],
                maximum_percent=each["deploymentConfiguration"]["maximumPercent"],
            )
            for each in found
            if each["status"] == "ACTIVE"
        }

    def running_tasks(self) -> set[str]:
        """Return the ARNs of the tasks that nobody has stopped."""
        pages = self._ecs.get_paginator("list_tasks").paginate(
            cluster=self._name, desiredStatus="RUNNING"
        )
        return {arn for page in pages for arn in page["taskArns"]}

    def definition(self, arn: str) -> TaskDefinition:
        """Return a task definition, or raise `RefusedError`."""
        return read(self._ecs.describe_task_definition(taskDefinition=arn)["taskDefinition"])

    def record_start(self, service: Service) -> str:
        """Record that a service starts a task, and return the task's ARN."""
        (task,) = self._ecs.run_task(
            cluster=self._name,
            taskDefinition=service.definition_arn,
            launchType="FARGATE",
            networkConfiguration=service.network,
            group=f"service:{service.name}",
            startedBy=service.deployment_id,
        )["tasks"]
        return str(task["taskArn"])

    def record_stop(self, task_arn: str, reason: str) -> None:
        """Record that a task has stopped, and why."""
        self._ecs.stop_task(cluster=self._name, task=task_arn, reason=reason)


class ExecutionRole:
    """What the agent may do for a task, with the credentials of its execution role."""

    def __init__(self, clients: Clients, arn: str) -> None:
        keys = clients("sts").assume_role(RoleArn=arn, RoleSessionName="ecs")["Credentials"]
        credentials = {
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["SessionToken"],
        }
        self._ssm = clients("ssm", **credentials)
        self._logs = clients("logs", **credentials)

    def secrets(self, arns: Mapping[str, str]) -> dict[str, str]:
        """Return the values of SSM parameters, whose ARNs are given by any names.

        Raises:
            StartError: One is missing, or the role may not read it.
        """
        if not arns:
            return {}
        names = {key: arn.partition(":parameter")[2] for key, arn in arns.items()}
        try:
            answer = self._ssm.get_parameters(Names=sorted(names.values()), WithDecryption=True)
        except ClientError as error:
            raise _not_initialized("unable to pull secrets or registry auth", error) from error
        if missing := answer["InvalidParameters"]:
            raise StartError(
                "ResourceInitializationError: unable to pull secrets or registry auth: invalid "
                f"ssm parameters: {', '.join(missing)}"
            )
        values = {each["Name"]: each["Value"] for each in answer["Parameters"]}
        return {key: values[name] for key, name in names.items()}

    def create_stream(self, target: LogTarget, name: str) -> None:
        """Create a log stream.

        Raises:
            StartError: The log group is missing, or the role may not write to it.
        """
        try:
            self._logs.create_log_stream(logGroupName=target.group, logStreamName=name)
        except ClientError as error:
            raise _not_initialized("failed to validate logger args", error) from error

    def put_lines(self, target: LogTarget, stream: str, lines: Iterable[str]) -> None:
        """Write lines to a stream."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines if line]
        if events:
            self._logs.put_log_events(
                logGroupName=target.group, logStreamName=stream, logEvents=events
            )


def _not_initialized(what: str, error: ClientError) -> StartError:
    return StartError(f"ResourceInitializationError: {what}: {error}")
