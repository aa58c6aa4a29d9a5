"""The metrics of alarms and dashboard, by the names that worker and host declare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from containers.worker.allora_worker.metric_names import (
    FLEET_METRICS,
    NAMESPACE,
    WORKER,
    WORKER_AND_TOPIC,
    Metric,
)
from scripts.host.bin import host_status


@dataclass(frozen=True)
class Source:
    """One metric in CloudWatch."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]


@dataclass(frozen=True)
class Sources:
    """The metrics of one worker and its host."""

    worker_name: str
    instance_id: str

    def worker(self, metric: Metric) -> Source:
        """Return a metric of the worker, over all of its topics."""
        if WORKER not in metric.dimensions:
            raise ValueError(f"{metric.name} has values for topics only")
        return Source(NAMESPACE, metric.name, {"WorkerName": self.worker_name})

    def topic(self, metric: Metric, topic_id: int) -> Source:
        """Return a metric of the worker for one topic."""
        if WORKER_AND_TOPIC not in metric.dimensions:
            raise ValueError(f"{metric.name} has no values by topic")
        dimensions = {"WorkerName": self.worker_name, "TopicId": str(topic_id)}
        return Source(NAMESPACE, metric.name, dimensions)

    def host(self, name: str) -> Source:
        """Return a metric that the host emits each minute."""
        if name not in host_status.METRICS:
            raise ValueError(f"the host emits no {name}")
        return Source(host_status.NAMESPACE, name, {"WorkerName": self.worker_name})

    def ec2(self, name: str) -> Source:
        """Return a metric that EC2 emits.

        https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html
        """
        return Source("AWS/EC2", name, {"InstanceId": self.instance_id})


@dataclass(frozen=True)
class FleetSources:
    """The metrics of a fleet's workers together."""

    fleet: str

    def of(self, metric: Metric) -> Source:
        """Return a metric of all workers."""
        if metric not in FLEET_METRICS:
            raise ValueError(f"{metric.name} is no metric of a fleet")
        return Source(NAMESPACE, metric.name, {"Fleet": self.fleet})
