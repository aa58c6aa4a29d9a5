"""What workers are billed for: by their settings, and as they are deployed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from containers.worker.allora_worker.metric_names import (
    FLEET_METRICS,
    METRICS,
    WORKER,
    WORKER_AND_TOPIC,
)
from scripts.host.bin import host_status
from settings import EbsVolume, Settings
from settings.fleet import Architecture, Capacity, Fleet, TaskSize
from shared.alarm_remedies import FleetAlarmId, alarm_ids

_LOGS_OF_A_TASK: Final = 0.15
"""GB a month: metrics and status, 3.4 kB a minute. A model may write more."""


class Task(NamedTuple):
    """What decides the price of a task on Fargate."""

    size: TaskSize
    capacity: Capacity
    architecture: Architecture


@dataclass(frozen=True)
class Parts:
    """What workers are billed for.

    Attributes:
        instance_type: None without an instance, as after an interrupted run.
        addresses: number of public IPv4 addresses.
        root_gib: size of the root volume.
        metrics: number of custom metrics; AWS bills each set of dimension values. Those that are
            only sent while something is wrong are left out.
        alarms: their number.
        tasks: numbers of running tasks.
        log_gb: what a fleet's tasks write to the logs in a month; a host's are not known.
    """

    instance_type: str | None
    addresses: int
    root_gib: int
    data_volume: EbsVolume | None
    metrics: int
    alarms: int
    tasks: Mapping[Task, int] = field(default_factory=dict)
    log_gb: float = 0

    def __add__(self, fleet: Parts) -> Parts:
        """Return what a host and a fleet beside it are billed for."""
        return Parts(
            self.instance_type,
            self.addresses + fleet.addresses,
            self.root_gib,
            self.data_volume,
            self.metrics + fleet.metrics,
            self.alarms + fleet.alarms,
            fleet.tasks,
            fleet.log_gb,
        )


NOTHING: Final = Parts(None, 0, 0, None, 0, 0)


def parts_of_fleet(fleet: Fleet) -> Parts:
    """Return what a fleet is billed for: its running tasks, each with an address."""
    running = Counter(
        Task(worker.options.size, worker.options.capacity, worker.options.architecture)
        for worker in fleet.running
    )
    alarms = len(FleetAlarmId)
    return _of_tasks(running, _fleet_metrics() if fleet.reporting else 0, alarms)


def parts_of(settings: Settings) -> Parts:
    """Return what a host with these settings is billed for."""
    instance = settings.instance
    own_worker = not settings.worker_image
    alarms = alarm_ids(burstable=bool(instance and instance.burstable), own_worker=own_worker)
    return Parts(
        settings.instance_type,
        1,
        settings.root_volume_size,
        settings.data_volume,
        _custom_metrics(settings),
        len(alarms),
    )


def parts_in(deployed: Iterable[Mapping[str, Any]], settings: Settings) -> Parts | None:
    """Return what the deployed workers are billed for; None if nothing is.

    The states do not tell the metrics, which change only with the number of topics: they are
    counted by the settings.

    Args:
        deployed: `type` and `values` of each resource in the states.
        settings: those with the worker's topics.
    """
    by_type: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for resource in deployed:
        by_type[resource["type"]].append(resource["values"])
    instance = next(iter(by_type["aws_instance"]), {})
    host = Parts(
        instance.get("instance_type"),
        len(by_type["aws_eip"]),
        # An interrupted run leaves what AWS has not told yet empty.
        sum(root["volume_size"] or 0 for root in instance.get("root_block_device") or ()),
        next(map(_ebs_volume, by_type["aws_ebs_volume"]), None),
        _custom_metrics(settings) if instance else 0,
        len(by_type["aws_cloudwatch_metric_alarm"]),
    )
    tasks = _running_tasks(by_type["aws_ecs_service"], by_type["aws_ecs_task_definition"])
    parts = host + _of_tasks(tasks, _fleet_metrics() if tasks else 0, 0)
    return parts if parts != NOTHING else None


def _running_tasks(
    services: Iterable[Mapping[str, Any]], definitions: Iterable[Mapping[str, Any]]
) -> Counter[Task]:
    """Return the tasks of services; of one without its definition, nothing is known."""
    by_arn = {definition["arn"]: definition for definition in definitions}
    running: Counter[Task] = Counter()
    for service in services:
        definition = by_arn.get(service["task_definition"])
        if definition and service["desired_count"]:
            (provider,) = service["capacity_provider_strategy"]
            (platform,) = definition["runtime_platform"]
            task = Task(
                TaskSize(int(definition["cpu"]), int(definition["memory"])),
                Capacity(provider["capacity_provider"]),
                Architecture(platform["cpu_architecture"].lower()),
            )
            running[task] += service["desired_count"]
    return running


def _of_tasks(tasks: Counter[Task], metrics: int, alarms: int) -> Parts:
    count = tasks.total()
    return Parts(None, count, 0, None, metrics, alarms, dict(tasks), count * _LOGS_OF_A_TASK)


def _fleet_metrics() -> int:
    return sum(not metric.only_in_trouble for metric in FLEET_METRICS)


def _ebs_volume(values: Mapping[str, Any]) -> EbsVolume:
    """Return a volume of a state."""
    iops = values.get("iops") or 0
    return EbsVolume(values["type"], values["size"], iops, values.get("throughput"))


def _custom_metrics(settings: Settings) -> int:
    """Count the metrics of host and worker that have values whatever happens."""
    values = {WORKER: 1, WORKER_AND_TOPIC: len(settings.topic_ids)}
    ours = METRICS if not settings.worker_image else ()
    steady = (metric for metric in ours if not metric.only_in_trouble)
    sets = (dimensions for metric in steady for dimensions in metric.dimensions)
    return len(host_status.METRICS) + sum(values.get(dimensions, 0) for dimensions in sets)
