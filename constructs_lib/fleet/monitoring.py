"""The alarms and the dashboard of a fleet."""

from __future__ import annotations

from collections.abc import Mapping

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from constructs import Construct

from constructs_lib.alarms import Alarm, Limits
from constructs_lib.fleet.alarms import fleet_alarms
from constructs_lib.fleet.dashboard import FleetDashboard
from constructs_lib.metric_alarm import add_alarm
from constructs_lib.metrics import FleetSources
from shared.aws_console import dashboard_url, log_group_urls


class FleetMonitoring(Construct):
    """Alarms that say what to do, and a dashboard: as many for one worker as for hundreds.

    Args:
        name: the dashboard's name, unique in the account, and the beginning of the alarms' names.
        fleet: the value of the metrics' `Fleet` dimension.
        workers: the number of workers that should run, and report metrics.
        limits: thresholds of the alarms.
        log_group_names: the fleet's log groups by part.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition: str,
        region: str,
        fleet: str,
        workers: int,
        limits: Limits,
        alarm_topic_arn: str,
        log_group_names: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self._name = name
        self._topic_arn = alarm_topic_arn
        self.dashboard_url = dashboard_url(partition, region, name)
        self._log_urls = log_group_urls(partition, region, log_group_names)
        sources = FleetSources(fleet)
        dashboard = FleetDashboard(
            region=region,
            sources=sources,
            alarm_arns=[
                self._alarm(alarm) for alarm in fleet_alarms(sources, limits, workers=workers)
            ],
            log_groups=log_group_names,
            log_urls=self._log_urls,
            limits=limits,
        )
        CloudwatchDashboard(self, "dashboard", dashboard_name=name, dashboard_body=dashboard.body())

    def _alarm(self, alarm: Alarm) -> str:
        """Create an alarm; return its ARN."""
        return add_alarm(
            self,
            alarm,
            name=self._name,
            dashboard_url=self.dashboard_url,
            log_urls=self._log_urls,
            topic_arn=self._topic_arn,
        )
