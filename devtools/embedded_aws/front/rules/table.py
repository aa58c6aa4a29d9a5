"""Which rules each operation has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.rules import cloudwatch, ec2, iam, ssm

_RULES: Final[Mapping[tuple[str, str], tuple[Callable[[Call], None], ...]]] = {
    ("ec2", "RunInstances"): (ec2.free_plan, ec2.architecture, ec2.user_data),
    ("ec2", "ModifyVolume"): (ec2.volume_only_grows, ec2.volume_is_settled),
    ("ec2", "GetConsoleOutput"): (ec2.latest_console_output,),
    ("cloudwatch", "PutMetricAlarm"): (
        cloudwatch.action_of_partition,
        cloudwatch.action_of_instance,
        cloudwatch.recovery,
        cloudwatch.evaluated_within,
    ),
    ("logs", "PutRetentionPolicy"): (cloudwatch.retention,),
    ("iam", "CreateRole"): (iam.service_principals,),
    ("ssm", "PutParameter"): (ssm.size_of_parameter,),
    ("iam", "PutRolePolicy"): (iam.resources_of_partition, iam.size_of_role),
}
"""By service and operation."""


def check(call: Call) -> None:
    """Refuse a call that one of its rules refuses."""
    for rule in _RULES.get((call.service, call.name), ()):
        rule(call)
