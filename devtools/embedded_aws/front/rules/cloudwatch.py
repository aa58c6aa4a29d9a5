"""Rules of CloudWatch and CloudWatch Logs."""

from __future__ import annotations

from typing import Final

from moto.utilities.utils import get_partition

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError
from devtools.embedded_aws.front.rules import ec2

_EC2_ACTION: Final = 6
"""Parts of the name of an EC2 action, such as `arn:aws:automate:eu-west-1:ec2:recover`."""

_DAY: Final = 86_400
_WEEK: Final = 604_800
_HOUR: Final = 3_600

_WAYS: Final = {"breaching", "ignore", "missing", "notBreaching"}

_RETENTIONS: Final = {
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
}
"""Days.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""


def action_of_partition(call: Call) -> None:
    """An EC2 action is named in the partition of its alarm.

    The text: https://github.com/aws/aws-cdk/issues/19765
    """
    expected = get_partition(call.region)
    for partition, _ in _ec2_actions(call):
        if partition != expected:
            message = f"Invalid partition {partition} specified. Only {expected} is supported."
            raise RefusedError("ValidationError", message)


def action_of_instance(call: Call) -> None:
    """An EC2 action belongs to an alarm on the metric of one instance.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/UsingAlarmActions.html
    The text: https://github.com/marklogic/cloud-enablement-aws/issues/82
    """
    if not _ec2_actions(call):
        return
    names = [dimension["Name"] for dimension in call.parameters.get("Dimensions", [])]
    if names != ["InstanceId"]:
        raise RefusedError(
            "ValidationError",
            "Invalid use of EC2 action. An EC2 action can only be used if the alarm is monitoring "
            "an EC2 instance.",
        )


def recovery(call: Call) -> None:
    """Only types that EC2 can recover have an alarm with this action, and on this metric alone.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-recover.html
    That it is refused: https://github.com/cloud-custodian/cloud-custodian/issues/2935
    """
    if "recover" not in {action for _, action in _ec2_actions(call)}:
        return
    dimensions = {each["Name"]: each["Value"] for each in call.parameters.get("Dimensions", [])}
    if call.parameters.get("MetricName") != "StatusCheckFailed_System":
        message = "The recover action is only supported with StatusCheckFailed_System."
        raise RefusedError("ValidationError", message)
    if not ec2.recovers(call, dimensions["InstanceId"]):
        message = "The recover action is not supported for this instance."
        raise RefusedError("ValidationError", message)


def evaluated_within(call: Call) -> None:
    """An alarm looks back at most a day, or a week with periods of an hour or more.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    period = call.parameters.get("Period", 0)
    most = _WEEK if period >= _HOUR else _DAY
    if period * call.parameters["EvaluationPeriods"] > most:
        message = f"EvaluationPeriods * Period must be <= {most}."
        raise RefusedError("ValidationError", message)


def missing_data(call: Call) -> None:
    """An alarm knows four ways to treat missing data.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    way = call.parameters.get("TreatMissingData", "missing")
    if way not in _WAYS:
        message = f"Value '{way}' at 'treatMissingData' must be one of {sorted(_WAYS)}."
        raise RefusedError("ValidationError", message)


def retention(call: Call) -> None:
    """Logs are kept for one of the given numbers of days."""
    days = call.parameters["retentionInDays"]
    if days not in _RETENTIONS:
        raise RefusedError(
            "InvalidParameterException",
            f"1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy "
            f"constraint: Member must satisfy enum value set: {sorted(_RETENTIONS)}",
        )


def _ec2_actions(call: Call) -> list[tuple[str, str]]:
    """Return partition and name of each EC2 action of an alarm."""
    kinds = ("AlarmActions", "OKActions", "InsufficientDataActions")
    arns = [arn.split(":") for kind in kinds for arn in call.parameters.get(kind, [])]
    return [(arn[1], arn[5]) for arn in arns if len(arn) == _EC2_ACTION and arn[2] == "automate"]
