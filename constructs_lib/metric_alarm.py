"""CloudWatch's alarm of an alarm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from constructs import Construct

from constructs_lib.alarms import Alarm


def add_alarm(
    scope: Construct,
    alarm: Alarm,
    *,
    name: str,
    dashboard_url: str,
    log_urls: Mapping[str, str],
    topic_arn: str,
    actions: Sequence[str] = (),
) -> str:
    """Create an alarm; return its ARN.

    Args:
        scope: what the alarm is part of; its id is `alarm.id`.
        alarm: when it rings.
        name: the beginning of the alarm's name.
        dashboard_url: of the dashboard that its description names.
        log_urls: of the log groups by part.
        topic_arn: the SNS topic that hears of its begin and its end.
        actions: ARNs of what else happens when it begins.
    """
    return CloudwatchMetricAlarm(
        scope,
        alarm.id,
        alarm_name=f"{name}-{alarm.id}",
        alarm_description=alarm.description(
            dashboard_url=dashboard_url, log_url=log_urls[alarm.log]
        ),
        namespace=alarm.source.namespace,
        metric_name=alarm.source.name,
        dimensions=alarm.source.dimensions,
        statistic=alarm.statistic,
        period=alarm.period,
        evaluation_periods=alarm.periods,
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        treat_missing_data=alarm.missing,
        alarm_actions=[*actions, topic_arn],
        ok_actions=[topic_arn],
    ).arn
