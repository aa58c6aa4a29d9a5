"""The embedded AWS refuses what AWS refuses: a wrong value, and beside it the right one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from devtools.embedded_aws.emulator import Emulator
from devtools.embedded_aws.front.account import Plan
from devtools.embedded_aws.lease import Lease
from tests.local.deployment import REGION
from tests.local.template import forked

X86 = "ami-785db401"
RECOVER = f"arn:aws:automate:{REGION}:ec2:recover"
ALARM = {
    "AlarmName": "system",
    "Namespace": "AWS/EC2",
    "MetricName": "StatusCheckFailed_System",
    "Statistic": "Maximum",
    "Period": 60,
    "EvaluationPeriods": 2,
    "Threshold": 1,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
}


def launching(instance_type: str) -> dict[str, Any]:
    return {"ImageId": X86, "MinCount": 1, "MaxCount": 1, "InstanceType": instance_type}


@cache
def client(service: str, region: str, url: str) -> Any:
    create: Any = boto3.client  # typed for each service by name, which is not known here
    return create(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="embedded",
        aws_secret_access_key="embedded",
        config=Config(parameter_validation=False),
    )


@dataclass(frozen=True)
class Aws:
    """Clients that send whatever they are told to."""

    emulator: Emulator
    region: str = REGION

    def ask(self, service: str, operation: str, **parameters: Any) -> Any:
        return getattr(client(service, self.region, self.emulator.url), operation)(**parameters)

    def refusal(self, service: str, operation: str, **parameters: Any) -> tuple[str, str]:
        """Code and message."""
        with pytest.raises(ClientError) as refused:
            self.ask(service, operation, **parameters)
        error = refused.value.response["Error"]
        return error["Code"], error["Message"]

    def launch(self, instance_type: str, **more: Any) -> str:
        """The id of a new instance."""
        made = self.ask("ec2", "run_instances", **launching(instance_type), **more)
        return str(made["Instances"][0]["InstanceId"])

    def volume(self, size: int) -> str:
        zone = f"{REGION}a"
        return str(self.ask("ec2", "create_volume", AvailabilityZone=zone, Size=size)["VolumeId"])


@pytest.fixture(scope="module")
def shared(empty_aws: Lease) -> Iterator[Aws]:
    with forked(empty_aws) as emulator:
        yield Aws(emulator)


@pytest.fixture
def aws(shared: Aws) -> Aws:
    """One that is empty, with clients that are there already."""
    shared.emulator.reset()
    return shared


@dataclass(frozen=True)
class Forbidden:
    """A request that the service's model forbids, and one beside it that it allows."""

    service: str
    operation: str
    wrong: dict[str, Any]
    right: dict[str, Any]
    code: str
    words: str


FORBIDDEN = {
    "pattern": Forbidden(
        "logs",
        "create_log_group",
        wrong={"logGroupName": "with space"},
        right={"logGroupName": "/allora/a_b.c-d#1"},
        code="InvalidParameterException",
        words=r"1 validation error detected: Value 'with space' at 'logGroupName' failed to satisfy"
        " constraint: Member must satisfy regular expression pattern: ",
    ),
    "pattern, in Java's sense": Forbidden(
        "iam",
        "create_instance_profile",
        wrong={"InstanceProfileName": "größer"},
        right={"InstanceProfileName": "a+b=c,d.e@f-g_h"},
        code="ValidationError",
        words="at 'InstanceProfileName' failed to satisfy constraint: Member must satisfy regular",
    ),
    "enumeration": Forbidden(
        "ssm",
        "put_parameter",
        wrong={"Name": "n", "Value": "v", "Type": "Secret"},
        right={"Name": "n", "Value": "v", "Type": "SecureString"},
        code="ValidationException",
        words="Value 'Secret' at 'Type' failed to satisfy constraint: Member must satisfy enum "
        "value set: [String, StringList, SecureString]",
    ),
    "items of a list": Forbidden(
        "ssm",
        "get_parameters",
        wrong={"Names": [f"/n/{number}" for number in range(11)]},
        right={"Names": [f"/n/{number}" for number in range(10)]},
        code="ValidationException",
        words="at 'Names' failed to satisfy constraint: Member must have length less than or equal "
        "to 10",
    ),
    "least number": Forbidden(
        "cloudwatch",
        "put_metric_alarm",
        wrong=ALARM | {"Period": 0},
        right=ALARM,
        code="ValidationError",
        words="Value '0' at 'Period' failed to satisfy constraint: Member must have value greater "
        "than or equal to 1",
    ),
    "enumeration of EC2": Forbidden(
        "ec2",
        "create_volume",
        wrong={"AvailabilityZone": f"{REGION}a", "Size": 1, "VolumeType": "gp4"},
        right={"AvailabilityZone": f"{REGION}a", "Size": 1, "VolumeType": "gp3"},
        code="InvalidParameterValue",
        words="Value 'gp4' at 'VolumeType' failed to satisfy constraint",
    ),
    "in a list of structures": Forbidden(
        "ec2",
        "create_vpc",
        wrong={"CidrBlock": "10.1.0.0/16", "TagSpecifications": [{"ResourceType": "net"}]},
        right={"CidrBlock": "10.1.0.0/16", "TagSpecifications": [{"ResourceType": "vpc"}]},
        code="InvalidParameterValue",
        words="at 'TagSpecifications.1.member.ResourceType'",
    ),
    "missing": Forbidden(
        "sns",
        "create_topic",
        wrong={},
        right={"Name": "alarms"},
        code="InvalidParameter",
        words="Value at 'Name' failed to satisfy constraint: Member must not be null",
    ),
    "missing in EC2": Forbidden(
        "ec2",
        "run_instances",
        wrong={"ImageId": X86, "MinCount": 1},
        right=launching("t3.small"),
        code="MissingParameter",
        words="Value at 'MaxCount'",
    ),
    "in XML": Forbidden(
        "s3",
        "put_bucket_versioning",
        wrong={"Bucket": "bucket", "VersioningConfiguration": {"Status": "On"}},
        right={"Bucket": "bucket", "VersioningConfiguration": {"Status": "Enabled"}},
        code="InvalidArgument",
        words="Value 'On' at 'VersioningConfiguration.Status'",
    ),
    "error of the service's own": Forbidden(
        "service-quotas",
        "get_service_quota",
        wrong={"ServiceCode": "1", "QuotaCode": "L-0263D0A3"},
        right={"ServiceCode": "ec2", "QuotaCode": "L-0263D0A3"},
        code="IllegalArgumentException",
        words="at 'ServiceCode'",
    ),
}


@pytest.mark.parametrize("case", FORBIDDEN.values(), ids=FORBIDDEN)
def test_what_the_model_forbids(aws: Aws, case: Forbidden) -> None:
    aws.ask("s3", "create_bucket", Bucket="bucket")
    code, message = aws.refusal(case.service, case.operation, **case.wrong)
    assert code == case.code
    assert case.words in message
    aws.ask(case.service, case.operation, **case.right)


def test_a_type_that_is_newer_than_the_model_is_looked_up(aws: Aws) -> None:
    code, _ = aws.refusal("ec2", "describe_instance_types", InstanceTypes=["t99.large"])
    assert code == "InvalidInstanceType"
    aws.ask("ec2", "describe_instance_types", InstanceTypes=["t3.large"])


def test_a_secret_is_not_told(aws: Aws) -> None:
    _, message = aws.refusal("ssm", "put_parameter", Name="", Value="abandon", Type="?")
    assert "2 validation errors detected" in message
    assert "Value '?' at 'Type'" in message
    assert "abandon" not in message


def test_the_free_plan(aws: Aws) -> None:
    aws.launch("t3.medium")
    aws.emulator.choose_plan(Plan.FREE)
    code, message = aws.refusal("ec2", "run_instances", **launching("t3.medium"))
    assert code == "InvalidParameterCombination"
    assert "is not eligible for Free Tier" in message
    aws.launch("t3.small")
    plan = aws.ask("freetier", "get_account_plan_state")
    assert plan["accountPlanType"] == "FREE"
    aws.emulator.reset()
    assert aws.ask("freetier", "get_account_plan_state")["accountPlanType"] == "PAID"


def test_the_plan_is_told_in_one_region(aws: Aws) -> None:
    code, _ = replace(aws, region="eu-central-1").refusal("freetier", "get_account_plan_state")
    assert code == "InvalidSignatureException"


def test_type_and_image_are_of_one_architecture(aws: Aws) -> None:
    code, message = aws.refusal("ec2", "run_instances", **launching("t4g.small"))
    assert code == "InvalidParameterValue"
    assert "The architecture 'arm64' of the specified instance type does not match" in message
    aws.launch("t3.small")


def test_user_data_are_limited(aws: Aws) -> None:
    # boto3 encodes them itself, like every client.
    code, message = aws.refusal(
        "ec2", "run_instances", **launching("t3.small"), UserData="#" * 16_385
    )
    assert (code, message) == ("InvalidParameterValue", "User data is limited to 16384 bytes")
    aws.launch("t3.small", UserData="#" * 16_384)


def test_metadata_go_over_a_few_hops(aws: Aws) -> None:
    def over(hops: int) -> dict[str, Any]:
        return {"MetadataOptions": {"HttpPutResponseHopLimit": hops}}

    code, _ = aws.refusal("ec2", "run_instances", **launching("t3.small"), **over(0))
    assert code == "InvalidParameterValue"
    aws.launch("t3.small", **over(1))


@pytest.mark.parametrize("text", ["for people’s models", "x" * 256], ids=["letters", "length"])
def test_a_security_group_is_described_in_ascii(aws: Aws, text: str) -> None:
    group = {"GroupName": "allora"}
    code, _ = aws.refusal("ec2", "create_security_group", **group, Description=text)
    assert code == "InvalidParameterValue"
    made = aws.ask("ec2", "create_security_group", **group, Description="x" * 255)["GroupId"]

    def rule(description: str) -> dict[str, Any]:
        allowed = {"CidrIp": "192.0.2.0/24", "Description": description}
        permission = {"IpProtocol": "tcp", "FromPort": 9010, "ToPort": 9010, "IpRanges": [allowed]}
        return {"GroupId": made, "IpPermissions": [permission]}

    code, _ = aws.refusal("ec2", "authorize_security_group_ingress", **rule(text))
    assert code == "InvalidParameterValue"
    aws.ask("ec2", "authorize_security_group_ingress", **rule("Worker: port 9010"))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"aws:name": "mine"}, "InvalidParameterValue"),
        ({"k" * 129: ""}, "InvalidParameterValue"),
        ({"k": "v" * 257}, "InvalidParameterValue"),
        ({str(number): "" for number in range(51)}, "TagLimitExceeded"),
    ],
    ids=["of AWS", "key", "value", "number"],
)
def test_tags_are_limited(aws: Aws, wrong: dict[str, str], code: str) -> None:
    def tagged(tags: dict[str, str]) -> dict[str, Any]:
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        return {"TagSpecifications": [{"ResourceType": "instance", "Tags": listed}]}

    asked = launching("t3.small")
    assert aws.refusal("ec2", "run_instances", **asked, **tagged(wrong))[0] == code
    aws.launch("t3.small", **tagged({"k" * 128: "v" * 256}))


def test_a_volume_only_grows(aws: Aws) -> None:
    volume = aws.volume(20)
    code, message = aws.refusal("ec2", "modify_volume", VolumeId=volume, Size=19)
    assert code == "InvalidParameterValue"
    assert message == "New size cannot be smaller than existing size"
    aws.ask("ec2", "modify_volume", VolumeId=volume, Size=21)


def test_a_volume_is_changed_once_in_hours(aws: Aws) -> None:
    volume, other = aws.volume(20), aws.volume(20)
    aws.ask("ec2", "modify_volume", VolumeId=volume, Size=21)
    code, _ = aws.refusal("ec2", "modify_volume", VolumeId=volume, Size=22)
    assert code == "VolumeModificationRateExceeded"
    aws.ask("ec2", "modify_volume", VolumeId=other, VolumeType="gp3")


def test_the_latest_console_output(aws: Aws) -> None:
    xen, nitro = aws.launch("t2.small"), aws.launch("t3.small")
    code, _ = aws.refusal("ec2", "get_console_output", InstanceId=xen, Latest=True)
    assert code == "UnsupportedOperation"
    aws.ask("ec2", "get_console_output", InstanceId=xen)
    aws.ask("ec2", "get_console_output", InstanceId=nitro, Latest=True)


def alarm_of(instance: str, **changes: Any) -> dict[str, Any]:
    dimensions = [{"Name": "InstanceId", "Value": instance}]
    return ALARM | {"AlarmActions": [RECOVER], "Dimensions": dimensions} | changes


def test_recovery(aws: Aws) -> None:
    with_disks, without = aws.launch("c5d.large"), aws.launch("c5.large")
    code, message = aws.refusal("cloudwatch", "put_metric_alarm", **alarm_of(with_disks))
    assert code == "ValidationError"
    assert message == "The recover action is not supported for this instance."
    aws.ask("cloudwatch", "put_metric_alarm", **alarm_of(without))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"MetricName": "StatusCheckFailed"}, "only supported with StatusCheckFailed_System"),
        ({"Dimensions": []}, "Invalid use of EC2 action"),
        ({"AlarmActions": [RECOVER.replace("aws", "aws-cn", 1)]}, "Invalid partition aws-cn"),
        ({"Period": 300, "EvaluationPeriods": 289}, "must be <= 86400"),
        ({"TreatMissingData": "notbreaching"}, "at 'treatMissingData' must be one of"),
    ],
    ids=["metric", "dimensions", "partition", "longer than a day", "missing data"],
)
def test_what_an_alarm_with_recovery_is(aws: Aws, changes: dict[str, Any], words: str) -> None:
    instance = aws.launch("t3.small")
    code, message = aws.refusal("cloudwatch", "put_metric_alarm", **alarm_of(instance, **changes))
    assert code == "ValidationError"
    assert words in message
    aws.ask("cloudwatch", "put_metric_alarm", **alarm_of(instance))


def test_how_long_logs_are_kept(aws: Aws) -> None:
    aws.ask("logs", "create_log_group", logGroupName="g")
    code, _ = aws.refusal("logs", "put_retention_policy", logGroupName="g", retentionInDays=31)
    assert code == "InvalidParameterException"
    aws.ask("logs", "put_retention_policy", logGroupName="g", retentionInDays=30)


def test_a_parameter_is_small(aws: Aws) -> None:
    parameter = {"Name": "n", "Type": "SecureString"}
    code, message = aws.refusal("ssm", "put_parameter", **parameter, Value="v" * 4097)
    assert code == "ValidationException"
    assert "a maximum parameter value of 4096 characters" in message
    aws.ask("ssm", "put_parameter", **parameter, Value="v" * 4096)


def role(trusts: str = "ec2.amazonaws.com") -> dict[str, Any]:
    service = {"Service": trusts}
    statement = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return {"RoleName": "r", "AssumeRolePolicyDocument": trust}


def test_a_service_principal_is_of_its_partition(aws: Aws) -> None:
    china = replace(aws, region="cn-north-1")
    wrong, right = role(trusts="ec2.amazonaws.com"), role(trusts="ec2.amazonaws.com.cn")
    code, message = china.refusal("iam", "create_role", **wrong)
    assert code == "MalformedPolicyDocument"
    assert message == 'Invalid principal in policy: "SERVICE":"ec2.amazonaws.com"'
    china.ask("iam", "create_role", **right)
    other = {"RoleName": "r", "PolicyDocument": wrong["AssumeRolePolicyDocument"]}
    assert china.refusal("iam", "update_assume_role_policy", **other)[0] == code
    aws.ask("iam", "create_role", **wrong)


def test_a_policy_names_resources_of_its_partition(aws: Aws) -> None:
    aws.ask("iam", "create_role", **role())
    policy = {"RoleName": "r", "PolicyName": "p"}
    foreign = policy_of("arn:aws-cn:s3:::bucket/*")
    code, message = aws.refusal("iam", "put_role_policy", **policy, PolicyDocument=foreign)
    assert code == "MalformedPolicyDocument"
    assert 'Partition "aws-cn" is not valid for resource' in message
    own = policy_of("arn:aws:s3:::bucket/*")
    aws.ask("iam", "put_role_policy", **policy, PolicyDocument=own)


def policy_of(*resources: str) -> str:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": list(resources)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_the_policies_of_a_role_are_limited(aws: Aws) -> None:
    aws.ask("iam", "create_role", **role())
    large = policy_of(*(f"arn:aws:s3:::bucket/{number:060}" for number in range(90)))
    aws.ask("iam", "put_role_policy", RoleName="r", PolicyName="a", PolicyDocument=large)
    asked = {"RoleName": "r", "PolicyName": "b", "PolicyDocument": large}
    assert aws.refusal("iam", "put_role_policy", **asked)[0] == "LimitExceeded"
    aws.ask("iam", "put_role_policy", RoleName="r", PolicyName="a", PolicyDocument=large)


def test_a_compressed_request_is_read(aws: Aws) -> None:
    data = [{"MetricName": f"metric-{number}", "Value": 1} for number in range(500)]
    aws.ask("cloudwatch", "put_metric_data", Namespace="Allora", MetricData=data)
    code, _ = aws.refusal("cloudwatch", "put_metric_data", Namespace="", MetricData=data)
    assert code == "ValidationError"
