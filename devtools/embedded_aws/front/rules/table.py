"""Which rules each operation has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.rules import cloudwatch, ec2, ecs, iam, ssm

_RULES: Final[Mapping[tuple[str, str], tuple[Callable[[Call], None], ...]]] = {
    ("ec2", "RunInstances"): (
        ec2.free_plan,
        ec2.architecture,
        ec2.user_data,
        ec2.metadata_options,
    ),
    ("ec2", "CreateSecurityGroup"): (ec2.descriptions,),
    ("ec2", "AuthorizeSecurityGroupIngress"): (ec2.descriptions,),
    ("ec2", "AuthorizeSecurityGroupEgress"): (ec2.descriptions,),
    ("ec2", "ModifyVolume"): (ec2.volume_only_grows, ec2.volume_is_settled),
    ("ec2", "GetConsoleOutput"): (ec2.latest_console_output,),
    ("cloudwatch", "PutMetricAlarm"): (
        cloudwatch.action_of_partition,
        cloudwatch.action_of_instance,
        cloudwatch.recovery,
        cloudwatch.evaluated_within,
        cloudwatch.missing_data,
    ),
    ("ecs", "CreateService"): (ecs.one_way_to_capacity, ecs.rebalancing),
    ("ecs", "RegisterTaskDefinition"): (ecs.containers,),
    ("logs", "PutRetentionPolicy"): (cloudwatch.retention,),
    ("iam", "CreateRole"): (iam.service_principals,),
    ("ssm", "PutParameter"): (ssm.size_of_parameter,),
    ("iam", "UpdateAssumeRolePolicy"): (iam.service_principals,),
    ("iam", "CreatePolicy"): (iam.resources_of_partition,),
    ("iam", "PutUserPolicy"): (iam.resources_of_partition,),
    ("iam", "PutRolePolicy"): (iam.resources_of_partition, iam.size_of_role),
}
"""By service and operation."""


_OF_SERVICE: Final[Mapping[str, tuple[Callable[[Call], None], ...]]] = {"ec2": (ec2.tags,)}
"""Those of all operations of a service."""


def check(call: Call) -> None:
    """Refuse a call that one of its rules refuses."""
    rules = _RULES.get((call.service, call.name), ())
    for rule in (*rules, *_OF_SERVICE.get(call.service, ())):
        rule(call)
