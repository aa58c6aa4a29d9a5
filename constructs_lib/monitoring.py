"""What watches the worker's host: a dashboard and alarms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cdktf_cdktf_provider_aws.cloudwatch_dashboard import CloudwatchDashboard
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

# https://docs.aws.amazon.com/general/latest/gr/aws-service-information.html
_CONSOLE_DOMAIN = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}

_RECOVERED = (
    "The hardware under the host failed: AWS moves the instance to healthy hardware, with the same "
    "address, volumes and identity. Nothing to do unless it repeats."
)
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-recover.html
_NOT_RECOVERABLE = (
    "The hardware under the host failed, and AWS moves no instance that has local disks: stop the "
    "instance and start it again. What was on the local disks is lost."
)
_REBOOTED = (
    "The operating system does not answer: AWS reboots the instance. If it repeats, look at its "
    "console: aws ec2 get-console-output."
)


class Monitoring(Construct):
    """A dashboard of the host, and alarms that heal it and tell its operator.

    Args:
        name: the dashboard's name, and what the alarms' names begin with. Dashboard names are
            unique in an account, whatever the region.
        partition: ``aws``, ``aws-cn`` or ``aws-us-gov``.
        region: the host's region.
        instance_id: the host.
        recoverable: whether AWS can move the instance to other hardware; not one with local disks.
        alarm_topic_arn: where alarms are announced.
        log_group_names: the host's log groups by part, for the dashboard.

    Attributes:
        dashboard_url: where to look at it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        partition: str,
        region: str,
        instance_id: str,
        recoverable: bool,
        alarm_topic_arn: str,
        log_group_names: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        # Recovery after fewer minutes than a reboot, so that the two never race each other.
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/UsingAlarmActions.html
        self._status_alarm(
            "host-recovery",
            alarm_name=f"{name}-host-recovery",
            alarm_description=_RECOVERED if recoverable else _NOT_RECOVERABLE,
            metric_name="StatusCheckFailed_System",
            minutes=2,
            instance_id=instance_id,
            actions=[f"arn:{partition}:automate:{region}:ec2:recover"] * recoverable
            + [alarm_topic_arn],
        )
        self._status_alarm(
            "instance-reboot",
            alarm_name=f"{name}-instance-reboot",
            alarm_description=_REBOOTED,
            metric_name="StatusCheckFailed_Instance",
            minutes=3,
            instance_id=instance_id,
            actions=[f"arn:{partition}:automate:{region}:ec2:reboot", alarm_topic_arn],
        )
        CloudwatchDashboard(
            self,
            "dashboard",
            dashboard_name=name,
            dashboard_body=json.dumps(
                {"widgets": _widgets(region, instance_id, log_group_names)}, sort_keys=True
            ),
        )
        self.dashboard_url = (
            f"https://{region}.{_CONSOLE_DOMAIN[partition]}/cloudwatch/home"
            f"?region={region}#dashboards/dashboard/{name}"
        )

    def _status_alarm(
        self,
        id_: str,
        *,
        alarm_name: str,
        alarm_description: str,
        metric_name: str,
        minutes: int,
        instance_id: str,
        actions: list[str],
    ) -> None:
        CloudwatchMetricAlarm(
            self,
            id_,
            alarm_name=alarm_name,
            alarm_description=alarm_description,
            namespace="AWS/EC2",
            metric_name=metric_name,
            dimensions={"InstanceId": instance_id},
            statistic="Maximum",
            period=60,
            evaluation_periods=minutes,
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=1,
            alarm_actions=actions,
        )


def _widgets(
    region: str, instance_id: str, log_group_names: Mapping[str, str]
) -> list[dict[str, Any]]:
    def metrics(x: int, y: int, title: str, *names: str) -> dict[str, Any]:
        return {
            "type": "metric",
            "x": x,
            "y": y,
            "width": 8,
            "height": 6,
            "properties": {
                "title": title,
                "region": region,
                "period": 300,
                "stat": "Average",
                "metrics": [["AWS/EC2", name, "InstanceId", instance_id] for name in names],
            },
        }

    def last_events(x: int, part: str) -> dict[str, Any]:
        return {
            "type": "log",
            "x": x,
            "y": 6,
            "width": 12,
            "height": 8,
            "properties": {
                "title": f"Last lines of the {part}",
                "region": region,
                "view": "table",
                "query": (
                    f"SOURCE '{log_group_names[part]}' "
                    "| fields @timestamp, @message | sort @timestamp desc | limit 50"
                ),
            },
        }

    return [
        metrics(
            0, 0, "CPU, % (and credits of a burstable type)", "CPUUtilization", "CPUCreditBalance"
        ),
        metrics(8, 0, "Network, bytes", "NetworkIn", "NetworkOut"),
        metrics(
            16, 0, "Failed status checks", "StatusCheckFailed_System", "StatusCheckFailed_Instance"
        ),
        last_events(0, "worker"),
        last_events(12, "model"),
    ]
