"""The IAM actions that Terraform and the `allora` command need, each on its resources.

Terraform's are its requests to the embedded AWS, which tests compare, and the rights that those
imply, such as passing the host's role to EC2. Which resources an action is about is in AWS's
Service Authorization Reference, which a test compares, too.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from fleet.images import Registry
from settings import Settings
from settings.names import FLEET_LOG_GROUP_PREFIX, FleetNames, Names, log_group
from shared.stacks import FLEET, STACKS, lock_key, state_key

EVENTS_SERVICE: Final = "events.amazonaws.com"
EVENTS_ROLE: Final = "AWSServiceRoleForCloudWatchEvents"
"""The service-linked role behind alarms that act on instances.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-service-linked-roles-cloudwatch.html"""

ECS_SERVICE: Final = "ecs.amazonaws.com"
ECS_ROLE: Final = "AWSServiceRoleForECS"
"""The service-linked role with which ECS gives tasks their network.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html"""

CREATE_LINKED_ROLE: Final = "iam:CreateServiceLinkedRole"


class Needed(NamedTuple):
    """Actions on a resource.

    Attributes:
        resource: an ARN with a star for parts that AWS generates; or a star alone.
        actions: with their service, such as "ec2:RunInstances".
    """

    resource: str
    actions: tuple[str, ...]


def deploying_actions(settings: Settings) -> list[Needed]:
    """Return the actions that a deployment with these settings needs until its end."""
    return _listed(settings, _deploying(settings))


def operating_actions(settings: Settings) -> list[Needed]:
    """Return the actions that the `allora` command needs beside those of a deployment."""
    return _listed(settings, _operating(settings))


def fleet_actions(settings: Settings) -> list[Needed]:
    """Return the actions that a fleet needs beside those, to be deployed and operated."""
    return _listed(settings, _of_a_fleet(settings))


def _listed(settings: Settings, rows: Iterator[tuple[str, str, str]]) -> list[Needed]:
    return [
        Needed(_arn(settings, resource), tuple(f"{service}:{name}" for name in names.split()))
        for resource, service, names in rows
    ]


def _arn(settings: Settings, resource: str) -> str:
    """Return the ARN of "service:resource" in the settings' account and region.

    A star and a whole ARN stay what they are; "service::resource" is AWS's own and has no account.
    """
    if resource == "*" or resource.startswith("arn:"):
        return resource
    service, _, name = resource.partition(":")
    is_global = service in {"iam", "s3"} or name.startswith("dashboard/")
    is_without_account = service == "s3" or name.startswith(":")
    region = "" if is_global else settings.aws_region
    account = "" if is_without_account else settings.aws_account_id
    return f"arn:{settings.partition}:{service}:{region}:{account}:{name.removeprefix(':')}"


def _deploying(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Yield resource, service, and names of actions that these settings use."""
    yield "*", "ec2", _EC2_READS
    yield "ec2:instance/*", "ec2", _EC2_INSTANCE
    yield "ec2::image/*", "ec2", "RunInstances"
    yield "ec2:network-interface/*", "ec2", "RunInstances AssociateAddress DisassociateAddress"
    yield "ec2:elastic-ip/*", "ec2", _EC2_ADDRESS
    yield "ec2:security-group/*", "ec2", _EC2_SECURITY_GROUP
    yield "ec2:security-group-rule/*", "ec2", _EC2_SECURITY_GROUP_RULE
    yield "ec2:subnet/*", "ec2", "RunInstances"
    yield "ec2:vpc/*", "ec2", "DescribeVpcAttribute CreateSecurityGroup"
    if not settings.vpc_id:
        yield "ec2:vpc/*", "ec2", _EC2_VPC
        yield "ec2:subnet/*", "ec2", _EC2_SUBNET
        yield "ec2:route-table/*", "ec2", _EC2_ROUTE_TABLE
        yield "ec2:internet-gateway/*", "ec2", _EC2_GATEWAY
    yield "ec2:volume/*", "ec2", "RunInstances ModifyVolume CreateTags"
    if settings.data_volume:
        yield "ec2:volume/*", "ec2", _EC2_DATA_VOLUME
        yield "ec2:instance/*", "ec2", "AttachVolume DetachVolume"
        yield "*", "ec2", "DescribeSnapshots"
        yield "ec2::snapshot/*", "ec2", "CreateSnapshot CreateTags"

    role = f"{settings.name_prefix}-*"
    yield f"iam:role/{role}", "iam", _IAM_ROLE
    yield f"iam:instance-profile/{role}", "iam", _IAM_PROFILE
    linked = f"iam:role/aws-service-role/{EVENTS_SERVICE}/{EVENTS_ROLE}"
    yield linked, "iam", CREATE_LINKED_ROLE.removeprefix("iam:")

    names = Names(settings)
    groups = f"logs:log-group:{names.log_group_prefix}/*"
    yield "*", "logs", "DescribeLogGroups"
    yield f"{groups}:*", "logs", "CreateLogGroup DeleteLogGroup PutRetentionPolicy"
    yield groups, "logs", "ListTagsForResource TagResource"
    yield "cloudwatch:alarm:*", "cloudwatch", "DescribeAlarms"
    yield f"cloudwatch:alarm:{names.in_region}-*", "cloudwatch", _ALARM
    yield (
        f"cloudwatch:dashboard/{names.in_region}",
        "cloudwatch",
        _DASHBOARD,
    )
    topic = f"sns:{settings.name_prefix}-alarms"
    yield topic, "sns", _TOPIC
    if settings.alarm_email:
        yield topic, "sns", "Subscribe"
        yield "*", "sns", "Unsubscribe GetSubscriptionAttributes"

    bucket = f"s3:{settings.state_bucket}"
    yield bucket, "s3", "ListBucket ListBucketVersions"
    for stack in STACKS:
        for key in (state_key(stack), lock_key(stack)):
            yield f"{bucket}/{key}", "s3", _STATE_OBJECT
    yield f"{bucket}/{names.archive_prefix}/*", "s3", _HOST_ARCHIVE
    if not settings.ami_id:
        yield "ssm::parameter/aws/service/canonical/*", "ssm", "GetParameter"


def _operating(settings: Settings) -> Iterator[tuple[str, str, str]]:
    names = Names(settings)
    yield "*", "ec2", "DescribeRegions DescribeSnapshots"
    yield "*", "servicequotas", "GetServiceQuota"
    yield "*", "pricing", "GetProducts"
    yield "*", "freetier", "GetAccountPlanState"
    yield "*", "cloudwatch", "GetMetricData ListDashboards"
    # What a killed run has left (docs/state.md#orphans).
    yield "*", "iam", "ListRoles"
    yield "iam:instance-profile/*", "iam", "ListInstanceProfiles"
    yield f"iam:role/{settings.name_prefix}-*", "iam", "ListRoleTags"
    groups = f"logs:log-group:{names.log_group_prefix}/*"
    yield f"{groups}:*", "logs", "FilterLogEvents"
    yield _every_hosts_log(settings), "logs", "GetLogEvents"
    yield f"{groups}:log-stream:*", "logs", "GetLogEvents"
    yield "ec2:instance/*", "ec2", "GetConsoleOutput RebootInstances"
    yield "ec2:instance/*", "ssm", "SendCommand StartSession"
    yield "ssm::document/AWS-RunShellScript", "ssm", "SendCommand"
    yield "ssm:document/SSM-SessionManagerRunShell", "ssm", "StartSession"
    yield "ssm:session/*", "ssm", "ResumeSession TerminateSession"
    yield "*", "ssm", "GetCommandInvocation"
    yield f"ssm:parameter{names.secrets_prefix}", "ssm", "GetParametersByPath"
    yield f"ssm:parameter{names.secrets_prefix}/*", "ssm", _SECRETS
    yield "ec2::snapshot/*", "ec2", "DeleteSnapshot"
    yield f"s3:{settings.state_bucket}", "s3", _STATE_BUCKET
    yield f"s3:{settings.state_bucket}/*", "s3", _STATE_OBJECTS


def _of_a_fleet(settings: Settings) -> Iterator[tuple[str, str, str]]:
    names = FleetNames(settings)
    yield "*", "ec2", "DescribeAvailabilityZones"
    yield f"ecs:cluster/{names.fleet}", "ecs", _ECS_CLUSTER
    yield f"ecs:service/{names.fleet}/*", "ecs", _ECS_SERVICE
    yield f"ecs:task-definition/{names.family('*')}:*", "ecs", _ECS_TASK_DEFINITION
    yield "*", "ecs", "DeregisterTaskDefinition DescribeTaskDefinition"
    yield f"ecs:container-instance/{names.fleet}/*", "ecs", "ListTasks"
    yield f"ecs:task/{names.fleet}/*", "ecs", "DescribeTasks"
    for repository in Registry.of(settings).repositories.values():
        yield f"ecr:repository/{repository}", "ecr", _ECR_REPOSITORY
    yield "*", "ecr", "GetAuthorizationToken"
    yield f"codebuild:project/{names.builder}", "codebuild", _CODEBUILD_PROJECT
    yield f"cloudwatch:alarm:{names.in_region}-*", "cloudwatch", _ALARM
    yield f"cloudwatch:dashboard/{names.in_region}", "cloudwatch", _DASHBOARD
    yield "*", "iam", "ListPolicies"
    yield f"iam:policy/{names.fleet}-*", "iam", _IAM_POLICY
    yield f"iam:role/{names.execution_role}-*", "iam", "AttachRolePolicy DetachRolePolicy"
    linked = f"iam:role/aws-service-role/{ECS_SERVICE}/{ECS_ROLE}"
    yield linked, "iam", CREATE_LINKED_ROLE.removeprefix("iam:")

    groups = f"logs:log-group:{FLEET_LOG_GROUP_PREFIX}/*"
    yield f"{groups}:*", "logs", "CreateLogGroup DeleteLogGroup PutRetentionPolicy FilterLogEvents"
    yield groups, "logs", "ListTagsForResource TagResource"
    yield f"{groups}:log-stream:*", "logs", "GetLogEvents"
    for key in (state_key(FLEET), lock_key(FLEET)):
        yield f"s3:{settings.state_bucket}/{key}", "s3", _STATE_OBJECT
    yield f"s3:{settings.state_bucket}/{names.contexts_prefix}/*", "s3", "PutObject"
    # A policy cannot name hundreds of workers.
    yield "ssm:parameter/allora/*", "ssm", f"{_SECRETS} GetParametersByPath"


def _every_hosts_log(settings: Settings) -> str:
    """Return the streams of all workers' hosts, to compare wallets, in whichever region."""
    groups = f"log-group:{log_group('*', 'host')}:log-stream:*"
    return f"arn:{settings.partition}:logs:*:{settings.aws_account_id}:{groups}"


_EC2_READS = """
    DescribeAddresses DescribeAddressesAttribute DescribeImages
    DescribeInstanceCreditSpecifications DescribeInstanceTypeOfferings DescribeInstanceTypes
    DescribeInstances DescribeInternetGateways DescribeNetworkAcls DescribeNetworkInterfaces
    DescribeRouteTables DescribeSecurityGroupRules DescribeSecurityGroups DescribeSubnets
    DescribeTags DescribeVolumes DescribeVolumesModifications DescribeVpcs
"""
_EC2_INSTANCE = """
    RunInstances StartInstances StopInstances TerminateInstances DescribeInstanceAttribute
    ModifyInstanceAttribute AssociateAddress CreateTags
"""
_EC2_ADDRESS = "AllocateAddress AssociateAddress DisassociateAddress ReleaseAddress CreateTags"
_EC2_SECURITY_GROUP = """
    RunInstances CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress
    AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags
"""
_EC2_SECURITY_GROUP_RULE = """
    AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress CreateTags
"""
_EC2_VPC = """
    CreateVpc DeleteVpc ModifyVpcAttribute CreateSubnet CreateRouteTable AttachInternetGateway
    DetachInternetGateway CreateTags
"""
_EC2_SUBNET = "CreateSubnet DeleteSubnet AssociateRouteTable DisassociateRouteTable CreateTags"
_EC2_ROUTE_TABLE = """
    CreateRouteTable DeleteRouteTable CreateRoute DeleteRoute AssociateRouteTable
    DisassociateRouteTable CreateTags
"""
_EC2_GATEWAY = """
    CreateInternetGateway DeleteInternetGateway AttachInternetGateway DetachInternetGateway
    CreateTags
"""
_EC2_DATA_VOLUME = "CreateVolume DeleteVolume AttachVolume DetachVolume CreateSnapshot"
_IAM_ROLE = """
    CreateRole DeleteRole GetRole PassRole TagRole PutRolePolicy DeleteRolePolicy GetRolePolicy
    ListRolePolicies ListAttachedRolePolicies ListInstanceProfilesForRole
"""
_IAM_PROFILE = """
    CreateInstanceProfile DeleteInstanceProfile GetInstanceProfile AddRoleToInstanceProfile
    RemoveRoleFromInstanceProfile TagInstanceProfile
"""
_DASHBOARD = "PutDashboard GetDashboard DeleteDashboards"
_ALARM = "PutMetricAlarm DeleteAlarms ListTagsForResource TagResource"
_TOPIC = """
    CreateTopic DeleteTopic GetTopicAttributes SetTopicAttributes ListTagsForResource TagResource
"""
_HOST_ARCHIVE = """
    GetObject PutObject DeleteObject DeleteObjectVersion GetObjectTagging PutObjectTagging
"""
_ECS_CLUSTER = """
    CreateCluster DeleteCluster DescribeClusters UpdateCluster PutClusterCapacityProviders
    ListTagsForResource TagResource
"""
_ECS_SERVICE = """
    CreateService DeleteService DescribeServices UpdateService ListTagsForResource TagResource
"""
_ECS_TASK_DEFINITION = "RegisterTaskDefinition ListTagsForResource TagResource"
_ECR_REPOSITORY = """
    CreateRepository DeleteRepository DescribeRepositories PutImageScanningConfiguration
    PutImageTagMutability ListTagsForResource TagResource
    PutLifecyclePolicy GetLifecyclePolicy DeleteLifecyclePolicy
    BatchGetImage BatchCheckLayerAvailability CompleteLayerUpload GetDownloadUrlForLayer
    InitiateLayerUpload PutImage UploadLayerPart
"""
_CODEBUILD_PROJECT = """
    CreateProject DeleteProject BatchGetProjects UpdateProject
    BatchGetBuilds ListBuildsForProject StartBuild
"""
_IAM_POLICY = """
    CreatePolicy DeletePolicy GetPolicy TagPolicy
    CreatePolicyVersion DeletePolicyVersion GetPolicyVersion ListPolicyVersions
    ListPolicyTags ListEntitiesForPolicy
"""
_STATE_OBJECT = "GetObject GetObjectVersion PutObject DeleteObject"
_SECRETS = "GetParameter GetParameters PutParameter DeleteParameters"
_STATE_OBJECTS = "GetObject GetObjectVersion PutObject DeleteObject DeleteObjectVersion"
_STATE_BUCKET = """
    CreateBucket DeleteBucket GetBucketLocation
    GetBucketVersioning PutBucketVersioning GetEncryptionConfiguration PutEncryptionConfiguration
    GetBucketPublicAccessBlock PutBucketPublicAccessBlock GetBucketPolicy PutBucketPolicy
    GetLifecycleConfiguration PutLifecycleConfiguration
"""
