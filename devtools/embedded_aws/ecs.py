"""What moto's ECS lacks for a fleet."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final

from moto.core.responses import ActionResult
from moto.ecs.models import EC2ContainerServiceBackend, Service
from moto.ecs.responses import EC2ContainerServiceResponse

_KEPT: Final = {
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "capacityProviderStrategy": "capacity_provider_strategy",
    "deploymentConfiguration": "deployment_configuration",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
}
"""What a service was created with and moto forgets: parameters of the API, and its attributes."""


def complete_ecs() -> None:
    """Have services keep what they are told, and reach their steady state at once.

    A container of Fargate needs no memory of its own, without which moto's RunTask fails.

    moto starts no tasks for a service, so that its count of running tasks would stay at zero.
    """
    create = EC2ContainerServiceResponse.create_service
    update = EC2ContainerServiceBackend.update_service
    measure = EC2ContainerServiceBackend._calculate_task_resource_requirements  # noqa: SLF001

    def create_service(self: EC2ContainerServiceResponse) -> ActionResult:
        create(self)
        cluster = self.ecs_backend._get_cluster(  # noqa: SLF001 - moto has no other way
            self._get_param("cluster", "default")
        )
        service = self.ecs_backend.services[f"{cluster.name}:{self._get_param('serviceName')}"]
        for parameter, attribute in _KEPT.items():
            value = self._get_param(parameter)
            if value is not None:
                setattr(service, attribute, value)
        if self._get_param("capacityProviderStrategy"):
            service.launch_type = None
        _settle(service)
        return ActionResult({"service": service})

    def update_service(
        self: EC2ContainerServiceBackend, service_properties: dict[str, Any]
    ) -> Service:
        renamed = {
            "enable_ecs_managed_tags" if name == "enable_e_c_s_managed_tags" else name: value
            for name, value in service_properties.items()
        }
        service = update(self, renamed)
        _settle(service)
        return service

    def measure_without_memory(definition: Any) -> dict[str, Any]:  # noqa: ANN401
        containers = [{"memoryReservation": 0, **each} for each in definition.container_definitions]
        measured: Any = SimpleNamespace(container_definitions=containers)
        return measure(measured)

    EC2ContainerServiceResponse.create_service = create_service  # type: ignore[method-assign]
    EC2ContainerServiceBackend.update_service = update_service  # type: ignore[method-assign]
    backend: Any = EC2ContainerServiceBackend
    backend._calculate_task_resource_requirements = staticmethod(measure_without_memory)  # noqa: SLF001


def _settle(service: Service) -> None:
    service.running_count, service.pending_count = service.desired_count, 0
    for deployment in service.deployments:
        deployment |= {
            "rolloutState": "COMPLETED",
            "runningCount": service.desired_count,
            "desiredCount": service.desired_count,
            "pendingCount": 0,
            "taskDefinition": service.task_definition,
        }
