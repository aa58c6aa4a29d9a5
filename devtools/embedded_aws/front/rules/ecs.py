"""Rules of ECS, and of Fargate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError
from devtools.fargate.refusals import refusals

_ENDING: Final = {"COMPLETE", "SUCCESS"}
_WHOLE: Final = 100

_HEALTH_CHECK: Final = {
    "interval": range(5, 301),
    "timeout": range(2, 61),
    "retries": range(1, 11),
    "startPeriod": range(301),
}
"""Seconds, and a number of times.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_HealthCheck.html
"""


def one_way_to_capacity(call: Call) -> None:
    """A service has a launch type or a strategy of capacity providers.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
    """
    if call.parameters.get("launchType") and call.parameters.get("capacityProviderStrategy"):
        raise _invalid("Specifying both a launch type and capacity provider strategy")


def rebalancing(call: Call) -> None:
    """A service that stops tasks before it starts others is not rebalanced, which is the default.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
    """
    most = call.parameters.get("deploymentConfiguration", {}).get("maximumPercent", 2 * _WHOLE)
    way = call.parameters.get("availabilityZoneRebalancing", "ENABLED")
    if way == "ENABLED" and most <= _WHOLE:
        raise _invalid("Availability Zone rebalancing with a maximumPercent of 100 or less")


def containers(call: Call) -> None:
    """Containers depend on what can come, and Fargate gives them no more than it has.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    """
    definitions = {each["name"]: each for each in call.parameters["containerDefinitions"]}
    on_fargate = "FARGATE" in call.parameters.get("requiresCompatibilities", [])
    for name, container in definitions.items():
        reasons = [*_dependencies(container, definitions), *_health_check(container)]
        if on_fargate:
            reasons += refusals(container)
        for reason in reasons:
            message = f"Invalid setting for container '{name}'. {reason}."
            raise RefusedError("ClientException", message)


def _dependencies(
    container: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for each in container.get("dependsOn", []):
        condition, other = each["condition"], definitions.get(each["containerName"])
        if other is None:
            yield f"There is no container '{each['containerName']}' to depend on"
        elif condition in _ENDING and other.get("essential", True):
            yield f"The condition {condition} cannot be set on an essential container"
        elif condition == "HEALTHY" and "healthCheck" not in other:
            yield f"The condition HEALTHY needs a health check of '{each['containerName']}'"


def _health_check(container: Mapping[str, Any]) -> Iterator[str]:
    for name, allowed in _HEALTH_CHECK.items():
        value = container.get("healthCheck", {}).get(name)
        if value is not None and value not in allowed:
            yield f"The health check's {name} is from {allowed[0]} to {allowed[-1]}"


def _invalid(what: str) -> RefusedError:
    return RefusedError("InvalidParameterException", f"{what} is not supported.")
