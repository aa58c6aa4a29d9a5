"""What a worker is billed for: by its settings, and as it is deployed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from containers.worker.allora_worker.metric_names import METRICS, WORKER, WORKER_AND_TOPIC
from scripts.host.bin import host_status
from settings import EbsVolume, Settings
from shared.alarm_remedies import alarm_ids


@dataclass(frozen=True)
class Parts:
    """What a worker is billed for.

    Attributes:
        instance_type: None without an instance, as after an interrupted run.
        addresses: number of public IPv4 addresses.
        root_gib: size of the root volume.
        metrics: number of custom metrics; AWS bills each set of dimension values. Those that are
            only sent while something is wrong are left out.
        alarms: their number.
    """

    instance_type: str | None
    addresses: int
    root_gib: int
    data_volume: EbsVolume | None
    metrics: int
    alarms: int


_NOTHING: Final = Parts(None, 0, 0, None, 0, 0)


def parts_of(settings: Settings) -> Parts:
    """Return what a deployment with these settings is billed for."""
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
    """Return what the deployed worker is billed for; None if nothing is.

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
    parts = Parts(
        instance.get("instance_type"),
        len(by_type["aws_eip"]),
        # An interrupted run leaves what AWS has not told yet empty.
        sum(root["volume_size"] or 0 for root in instance.get("root_block_device") or ()),
        next(map(_ebs_volume, by_type["aws_ebs_volume"]), None),
        _custom_metrics(settings) if instance else 0,
        len(by_type["aws_cloudwatch_metric_alarm"]),
    )
    return parts if parts != _NOTHING else None


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
