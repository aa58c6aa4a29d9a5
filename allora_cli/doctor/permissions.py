"""The check of the IAM actions that deploying, changing and destroying the stacks needs.

The lists are Terraform's requests to the embedded AWS, which a test compares, and the rights that
those imply, such as passing the host's role to EC2.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from botocore.config import Config
from botocore.exceptions import ClientError

from allora_cli.aws.queries import Question, Unknown
from allora_cli.doctor.check_context import QUICK, CheckContext, require
from allora_cli.doctor.findings import Finding, fail, ok, unknown
from settings import Settings
from settings.names import Names
from shared.stacks import STACKS, lock_key, state_key

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import ContextEntryTypeDef, EvaluationResultTypeDef

_SHOWN = 6
_AT_ONCE = 4
_PATIENT = QUICK.merge(Config(retries={"mode": "standard", "total_max_attempts": 5}))


class Needed(NamedTuple):
    """Actions on a resource.

    Attributes:
        resource: an ARN with a star for parts that AWS generates; or a star alone.
        actions: with their service, such as "ec2:RunInstances".
    """

    resource: str
    actions: tuple[str, ...]


def needed_actions(settings: Settings) -> list[Needed]:
    """Return the actions that a deployment with these settings needs until its end."""
    return [
        Needed(resource, tuple(f"{service}:{name}" for name in names.split()))
        for resource, service, names in _needed(settings)
    ]


def check_permissions(context: CheckContext) -> Finding:
    """Check that the credentials have the needed actions, by IAM's policy simulator.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
    """
    settings, arn = context.settings, require(context.caller_arn)
    if arn.endswith(":root"):
        return ok("the root user may do everything")
    iam = context.client(lambda session: session.client("iam", config=_PATIENT))
    principal = _principal(iam, arn)
    if principal is None:
        return unknown(f"IAM cannot simulate the permissions of {arn}")
    needed = needed_actions(settings)
    # A few at a time: IAM is slow, and limits requests per second.
    questions = [
        Question(partial(_simulate, iam, principal, needed[lane::_AT_ONCE], _context(settings)))
        for lane in range(_AT_ONCE)
    ]
    denied = []
    for question in questions:
        answer = question.answer()
        if isinstance(answer, Unknown):
            return unknown(f"IAM does not answer: {answer.error}")
        denied += [each for each in answer if each["EvalDecision"] != "allowed"]
    missing = _names(each for each in denied if not each.get("MissingContextValues"))
    undecided = _names(each for each in denied if each.get("MissingContextValues"))
    if missing:
        return fail(
            f"you may not call {_listed(missing)}",
            "ask the account's administrator for these actions",
            missing=missing,
        )
    if undecided:
        return unknown(
            f"{_listed(undecided)} depend on conditions that the simulator does not know",
            undecided=undecided,
        )
    count = sum(len(each.actions) for each in needed)
    return ok(f"all {count} that a deployment needs")


def _principal(iam: IAMClient, caller_arn: str) -> str | None:
    """Return the ARN of the caller's user or role; None where IAM cannot simulate it.

    An assumed role's ARN lacks the role's path, which roles of IAM Identity Center have.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    prefix, _, rest = caller_arn.partition(":assumed-role/")
    if rest:
        name = rest.partition("/")[0]
        try:
            return iam.get_role(RoleName=name)["Role"]["Arn"]
        except ClientError:
            if name.startswith("AWSReservedSSO_"):
                return None
            return f"{prefix.replace(':sts:', ':iam:')}:role/{name}"
    return caller_arn if ":user/" in caller_arn and ":iam:" in caller_arn else None


def _simulate(
    iam: IAMClient,
    principal: str,
    needed: Sequence[Needed],
    context: list[ContextEntryTypeDef],
) -> list[EvaluationResultTypeDef]:
    paginator = iam.get_paginator("simulate_principal_policy")
    return [
        result
        for resource, actions in needed
        for page in paginator.paginate(
            PolicySourceArn=principal,
            ActionNames=actions,
            ResourceArns=[resource],
            ContextEntries=context,
        )
        for result in page["EvaluationResults"]
    ]


def _context(settings: Settings) -> list[ContextEntryTypeDef]:
    """Return the condition keys that policies often use, which the simulator does not guess."""
    values = {
        "aws:RequestedRegion": settings.aws_region,
        "iam:PassedToService": "ec2.amazonaws.com",
    }
    return [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in values.items()
    ]


def _names(results: Iterator[EvaluationResultTypeDef]) -> list[str]:
    return sorted({result["EvalActionName"] for result in results})


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more (--json lists all)" if more > 0 else "")


def _needed(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield resource, service, and names of actions that these settings use."""
    partition, account = settings.partition, settings.aws_account_id

    def arn(service: str, resource: str, region: str = settings.aws_region) -> str:
        return f"arn:{partition}:{service}:{region}:{account}:{resource}"

    yield "*", "ec2", _EC2_READS
    yield arn("ec2", "instance/*"), "ec2", _EC2_INSTANCE
    yield arn("ec2", "elastic-ip/*"), "ec2", _EC2_ADDRESS
    yield arn("ec2", "security-group/*"), "ec2", _EC2_SECURITY_GROUP
    if not settings.vpc_id:
        yield arn("ec2", "vpc/*"), "ec2", "CreateVpc DeleteVpc ModifyVpcAttribute"
        yield arn("ec2", "subnet/*"), "ec2", "CreateSubnet DeleteSubnet"
        yield arn("ec2", "route-table/*"), "ec2", _EC2_ROUTE_TABLE
        yield arn("ec2", "internet-gateway/*"), "ec2", _EC2_GATEWAY
    yield arn("ec2", "volume/*"), "ec2", "ModifyVolume"
    if settings.data_volume:
        yield arn("ec2", "volume/*"), "ec2", "CreateVolume DeleteVolume AttachVolume DetachVolume"
        yield "*", "ec2", "DescribeSnapshots"
        yield arn("ec2", "snapshot/*"), "ec2", "CreateSnapshot"

    role = f"{settings.name_prefix}-*"
    yield arn("iam", f"role/{role}", region=""), "iam", _IAM_ROLE
    yield arn("iam", f"instance-profile/{role}", region=""), "iam", _IAM_PROFILE

    names = Names(settings)
    yield "*", "logs", "DescribeLogGroups"
    yield arn("logs", f"log-group:{names.log_group_prefix}/*"), "logs", _LOG_GROUP
    alarms = f"alarm:{names.in_region}-*"
    yield "*", "cloudwatch", "DescribeAlarms"
    yield arn("cloudwatch", alarms), "cloudwatch", _ALARM
    yield (
        arn("cloudwatch", f"dashboard/{names.in_region}", region=""),
        "cloudwatch",
        "PutDashboard GetDashboard DeleteDashboards",
    )
    yield arn("sns", f"{settings.name_prefix}-alarms"), "sns", _TOPIC
    if settings.alarm_email:
        yield (
            arn("sns", f"{settings.name_prefix}-alarms"),
            "sns",
            "Subscribe Unsubscribe GetSubscriptionAttributes",
        )

    bucket = f"arn:{partition}:s3:::{settings.state_bucket}"
    yield bucket, "s3", "ListBucket ListBucketVersions"
    for stack in STACKS:
        for key in (state_key(stack), lock_key(stack)):
            yield f"{bucket}/{key}", "s3", _STATE
    yield f"{bucket}/{names.archive_prefix}/*", "s3", _BUILD_CONTEXTS
    if not settings.ami_id:
        canonical = "parameter/aws/service/canonical/*"
        yield f"arn:{partition}:ssm:{settings.aws_region}::{canonical}", "ssm", "GetParameter"


_STATE = "GetObject GetObjectVersion PutObject DeleteObject"
_EC2_READS = """
    DescribeAddresses DescribeAddressesAttribute DescribeImages DescribeInstanceAttribute
    DescribeInstanceCreditSpecifications DescribeInstanceTypeOfferings DescribeInstanceTypes
    DescribeInstances DescribeInternetGateways DescribeNetworkAcls DescribeNetworkInterfaces
    DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets
    DescribeTags DescribeVolumes DescribeVolumesModifications DescribeVpcAttribute DescribeVpcs
"""
_EC2_INSTANCE = """
    RunInstances StartInstances StopInstances TerminateInstances ModifyInstanceAttribute CreateTags
"""
_EC2_ADDRESS = "AllocateAddress AssociateAddress DisassociateAddress ReleaseAddress"
_EC2_SECURITY_GROUP = """
    CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress
    AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress
"""
_EC2_ROUTE_TABLE = """
    CreateRouteTable DeleteRouteTable CreateRoute DeleteRoute AssociateRouteTable
    DisassociateRouteTable
"""
_EC2_GATEWAY = """
    CreateInternetGateway DeleteInternetGateway AttachInternetGateway DetachInternetGateway
"""
_IAM_ROLE = """
    CreateRole DeleteRole GetRole PassRole TagRole PutRolePolicy DeleteRolePolicy GetRolePolicy
    ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole
"""
_IAM_PROFILE = """
    CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile AddRoleToInstanceProfile
    RemoveRoleFromInstanceProfile TagInstanceProfile
"""
_LOG_GROUP = """
    CreateLogGroup DeleteLogGroup PutRetentionPolicy ListTagsForResource TagResource
"""
_ALARM = "PutMetricAlarm DeleteAlarms ListTagsForResource TagResource"
_TOPIC = """
    CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes ListTagsForResource TagResource
"""
_BUILD_CONTEXTS = """
    GetObject PutObject DeleteObject DeleteObjectVersion GetObjectTagging PutObjectTagging
"""
