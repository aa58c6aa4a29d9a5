"""The alarms and the dashboard of a worker and its host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from constructs_lib.alarms import Alarm, Limits, host_alarms, worker_alarms
from constructs_lib.dashboard import Dashboard
from constructs_lib.metric_alarm import add_alarm
from constructs_lib.metrics import Sources
from shared.aws_console import dashboard_url, log_group_urls


class Monitoring(Construct):
    """Alarms that recover the host or say what to do, and a dashboard.

    Args:
        name: the dashboard's name, unique in the account, and the beginning of the alarms' names.
        partition: `aws`, `aws-cn` or `aws-us-gov`.
        worker_name: the value of the metrics' `WorkerName` dimension.
        recoverable: whether EC2 can move the instance to other hardware.
        burstable: whether the instance runs on CPU credits.
        limits: thresholds of the worker's alarms; None: a worker image that reports no metrics.
        log_group_names: the host's log groups by part.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition: str,
        region: str,
        worker_name: str,
        topic_ids: Sequence[int],
        instance_id: str,
        recoverable: bool,
        burstable: bool,
        limits: Limits | None,
        alarm_topic_arn: str,
        log_group_names: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self._name = name
        self._ec2_actions = f"arn:{partition}:automate:{region}:ec2"
        self._topic_arn = alarm_topic_arn
        self.dashboard_url = dashboard_url(partition, region, name)
        self._log_urls = log_group_urls(partition, region, log_group_names)
        sources = Sources(worker_name, instance_id)
        alarms = [
            *(worker_alarms(sources, limits) if limits else ()),
            *host_alarms(sources, recoverable=recoverable, burstable=burstable),
        ]
        dashboard = Dashboard(
            region=region,
            sources=sources,
            alarm_arns=[self._alarm(alarm) for alarm in alarms],
            log_groups=log_group_names,
            log_urls=self._log_urls,
            topic_ids=topic_ids,
            limits=limits,
            burstable=burstable,
        )
        CloudwatchDashboard(self, "dashboard", dashboard_name=name, dashboard_body=dashboard.body())

    def _alarm(self, alarm: Alarm) -> str:
        """Create an alarm; return its ARN."""
        acts = [f"{self._ec2_actions}:{alarm.ec2_action}"] if alarm.ec2_action else []
        return add_alarm(
            self,
            alarm,
            name=self._name,
            dashboard_url=self.dashboard_url,
            log_urls=self._log_urls,
            topic_arn=self._topic_arn,
            actions=acts,
        )
