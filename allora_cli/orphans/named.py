"""Find orphans whose names the settings determine: role, alarms, dashboard, topic, log groups."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from allora_cli.context import Context
from allora_cli.orphans.known import Known
from allora_cli.orphans.orphan import Orphan
from allora_cli.orphans.tags import has_tags_of
from settings.names import FleetNames
from shared.stacks import COMMON, FLEET, SINGLE_NODE

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient

_ALARM_USD: Final = 0.10
"""Of each beyond the account's ten free ones: https://aws.amazon.com/cloudwatch/pricing/."""

_DASHBOARD_USD: Final = 3.0
"""Of each beyond the account's three free ones: the same page."""


class NamedSearch:
    """The searches of services whose resources have names.

    Args:
        context: whose worker.
        known: what the states have.
        stack: that would have alarms and dashboard; by default the single host's.
    """

    def __init__(self, context: Context, known: Known, stack: str = SINGLE_NODE) -> None:
        self._known = known
        self._settings = context.settings
        self._stack = stack
        self._names = FleetNames(context.settings) if stack == FLEET else context.names

    def roles(self, iam: IAMClient) -> list[Orphan]:
        """Return roles and instance profiles.

        IAM knows no regions, and workers of other regions may have the same tags: their roles'
        policies name another region.
        """
        prefix = f"{self._settings.name_prefix}-"
        roles = [
            role["RoleName"]
            for page in iam.get_paginator("list_roles").paginate()
            for role in page["Roles"]
            if role["RoleName"].startswith(prefix) and self._is_ours(iam, role["RoleName"])
        ]
        orphans = [
            Orphan("aws_iam_role", name, COMMON, f"the role {name}", import_id=name)
            for name in roles
            if not self._known.has("aws_iam_role", name)
        ]
        for page in iam.get_paginator("list_instance_profiles").paginate():
            for profile in page["InstanceProfiles"]:
                name = profile["InstanceProfileName"]
                inside = {role["RoleName"] for role in profile["Roles"]}
                if (
                    name.startswith(prefix)
                    and inside <= set(roles)
                    and not self._known.has("aws_iam_instance_profile", name)
                    and self._is_tagged(
                        COMMON,
                        iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"],
                    )
                ):
                    what = f"the instance profile {name}"
                    orphans.append(
                        Orphan("aws_iam_instance_profile", name, COMMON, what, import_id=name)
                    )
        return orphans

    def alarms(self, cloudwatch: CloudWatchClient) -> list[Orphan]:
        """Return alarms."""
        pages = cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=f"{self._names.in_region}-"
        )
        return [
            Orphan(
                "aws_cloudwatch_metric_alarm",
                name,
                self._stack,
                f"the alarm {name}",
                _ALARM_USD,
                values={"alarm_name": name},
            )
            for page in pages
            for each in page["MetricAlarms"]
            if not self._known.has("aws_cloudwatch_metric_alarm", name := each["AlarmName"])
            and self._is_tagged(
                self._stack, cloudwatch.list_tags_for_resource(ResourceARN=each["AlarmArn"])
            )
        ]

    def dashboards(self, cloudwatch: CloudWatchClient) -> list[Orphan]:
        """Return the dashboard."""
        name = self._names.in_region
        pages = cloudwatch.get_paginator("list_dashboards").paginate(DashboardNamePrefix=name)
        listed = {each["DashboardName"] for page in pages for each in page["DashboardEntries"]}
        if name not in listed or self._known.has("aws_cloudwatch_dashboard", name):
            return []
        type_, what = "aws_cloudwatch_dashboard", f"the dashboard {name}"
        return [Orphan(type_, name, self._stack, what, _DASHBOARD_USD)]

    def topics(self, sns: Any) -> list[Orphan]:  # noqa: ANN401 - the stubs lack SNS
        """Return the alarms' topic."""
        settings = self._settings
        arn = (
            f"arn:{settings.partition}:sns:{settings.aws_region}:{settings.aws_account_id}:"
            f"{settings.name_prefix}-alarms"
        )
        if self._known.has("aws_sns_topic", arn):
            return []
        try:
            sns.get_topic_attributes(TopicArn=arn)
            is_ours = self._is_tagged(COMMON, sns.list_tags_for_resource(ResourceArn=arn))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NotFound", "NotFoundException"}:
                return []
            raise
        return [Orphan("aws_sns_topic", arn, COMMON, f"the topic {arn}")] if is_ours else []

    def log_groups(self, logs: CloudWatchLogsClient) -> list[Orphan]:
        """Return log groups, with all their logs."""
        ours = set(self._names.log_groups.values())
        pages = logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=self._names.log_group_prefix
        )
        return [
            Orphan(
                "aws_cloudwatch_log_group",
                name,
                COMMON,
                f"the log group {name}",
                values={"name": name},
            )
            for page in pages
            for each in page["logGroups"]
            if (name := each["logGroupName"]) in ours
            and not self._known.has("aws_cloudwatch_log_group", name)
        ]

    def _is_ours(self, iam: IAMClient, role: str) -> bool:
        """Return whether a role is this worker's; one without its policy is nobody's yet."""
        try:
            if not self._is_tagged(COMMON, iam.list_role_tags(RoleName=role)):
                return False
            policies = iam.list_role_policies(RoleName=role)["PolicyNames"]
            documents = [
                iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                for name in policies
            ]
        except iam.exceptions.NoSuchEntityException:
            return False
        here = f":logs:{self._settings.aws_region}:{self._settings.aws_account_id}:"
        return not documents or any(here in json.dumps(each) for each in documents)

    def _is_tagged(self, stack: str, listed: Mapping[str, Any]) -> bool:
        return has_tags_of(self._settings, stack, listed)
