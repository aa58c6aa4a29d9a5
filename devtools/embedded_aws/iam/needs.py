"""Finds which actions a call needs, each on which resource."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.iam.account import Account
from devtools.embedded_aws.iam.encryption import needed_key
from devtools.embedded_aws.iam.policies import Context
from devtools.embedded_aws.iam.reference import ResourceType, action
from shared.service_principals import ec2_principal

ALWAYS_ALLOWED: Final = "sts:GetCallerIdentity"
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

Parameters = Mapping[str, list[str]]
"""Values by name. A member of a structure is `Outer.Inner`, wherever it is in lists."""


@dataclass(frozen=True)
class Need:
    """An action on a resource.

    Attributes:
        resource: its ARN, with a star for what the call creates; a star alone for an action that
            is about no resource.
        context: condition keys of the request.
    """

    action: str
    resource: str
    context: Context


def needs(call: Call, account: Account) -> Iterator[Need]:
    """Yield what the caller of an operation must be allowed."""
    place = _Place(call, account)
    parameters: dict[str, list[str]] = {}
    for member, value in _members(call.parameters):
        parameters.setdefault(member, []).append(value)
    for name in _actions(call, parameters):
        if name == ALWAYS_ALLOWED:
            continue
        yield from place.needs(name, parameters)
        yield from place.tagging(name, parameters)
        yield from place.passing_roles(name, parameters)
        yield from place.linked_roles(name, parameters)
    yield from place.keys()


def _members(value: Any, name: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - of any shape
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from _members(member, f"{name}.{key}".lstrip("."))
    elif isinstance(value, list):
        for member in value:
            yield from _members(member, name)
    else:
        yield name, str(value)


def _actions(call: Call, parameters: Parameters) -> Iterator[str]:
    """Yield IAM's names of an operation."""
    if call.service == "s3":
        if call.name == "DeleteObjects":
            yield "s3:DeleteObject"
            if "Delete.Objects.VersionId" in parameters:
                yield "s3:DeleteObjectVersion"
            return
        versioned = call.name in {"GetObject", "DeleteObject"} and "VersionId" in parameters
        yield f"s3:{_S3_ACTIONS.get(call.name, call.name)}{'Version' * versioned}"
    else:
        yield f"{_PREFIXES.get(call.service, call.service)}:{call.name}"


class _Place:
    """A call's account and region, in which its parameters name resources."""

    def __init__(self, call: Call, account: Account) -> None:
        self._call = call
        self._account = account

    def needs(self, name: str, parameters: Parameters) -> Iterator[Need]:
        known = action(name)
        resources = [
            resource
            for kind in known.resource_types
            for resource in self._resources(name, kind, parameters)
        ]
        for resource in resources or ["*"]:
            yield self._need(name, resource)

    def tagging(self, name: str, parameters: Parameters) -> Iterator[Need]:
        """Yield what it takes to create something with tags."""
        if self._call.service == "ec2":
            created = {"ec2:CreateAction": name.partition(":")[2]}
            for kind in action("ec2:CreateTags").resource_types:
                if kind.name in parameters.get(_TAGGED, ()):
                    yield self._need("ec2:CreateTags", self._filled(kind, "*"), created)
        elif name in _TAGGING and any(map(_is_tag, parameters)):
            about = {each.resource for each in self.needs(name, parameters)}
            for need in self.needs(_TAGGING[name], parameters):
                if self._call.service != "ecs" or need.resource in about:
                    yield need

    def passing_roles(self, name: str, parameters: Parameters) -> Iterator[Need]:
        """Yield the roles that it hands to a service."""
        service = _PASSED_TO.get(name) or ec2_principal(self._account.partition)
        roles = [role for each in _ROLES for role in parameters.get(each, ())]
        if name == "ec2:RunInstances":
            for profile in _profiles(parameters):
                roles += self._account.roles_of_profile(profile)
        elif name == "iam:AddRoleToInstanceProfile":
            roles += [self._account.arn("role", each) for each in parameters["RoleName"]]
        for role in roles:
            yield self._need("iam:PassRole", role, {"iam:PassedToService": service})

    def linked_roles(self, name: str, parameters: Parameters) -> Iterator[Need]:
        """Yield the service-linked role that AWS makes for an alarm with an action of EC2, or ECS.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-service-linked-roles-cloudwatch.html
        https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles-for-clusters.html
        """
        acts = name == "cloudwatch:PutMetricAlarm" and any(
            ":automate:" in each for each in parameters.get("AlarmActions", ())
        )
        if acts:
            yield from self._linked_role(_EVENTS, _EVENTS_ROLE)
        if name in {"ecs:CreateCluster", "ecs:CreateService"}:
            yield from self._linked_role(_ECS, _ECS_ROLE)

    def _linked_role(self, service: str, role: str) -> Iterator[Need]:
        if not self._account.has_role(role):
            resource = self._account.arn("role", role, f"/aws-service-role/{service}/")
            yield self._need(
                "iam:CreateServiceLinkedRole", resource, {"iam:AWSServiceName": service}
            )

    def keys(self) -> Iterator[Need]:
        """Yield the customer's key that an object is encrypted with."""
        if needed := needed_key(self._call, self._account):
            yield self._need(*needed)

    def _need(self, name: str, resource: str, context: Context | None = None) -> Need:
        return Need(
            action(name).name,
            resource,
            {
                "aws:RequestedRegion": self._call.region,
                "aws:SecureTransport": "true",
                **self._account.tags(resource),
                **(context or {}),
            },
        )

    def _resources(self, name: str, kind: ResourceType, parameters: Parameters) -> Iterator[str]:
        """Yield the ARNs of the resources of a kind that the parameters name."""
        given = [
            value
            for parameter, values in parameters.items()
            if not _is_tag(parameter)
            for value in values
            if kind.matches(value)
        ]
        if given:
            yield from given
            return
        identities = list(self._identities(name, kind, parameters))
        for identity in identities:
            yield self._filled(kind, identity)
        if not identities and (
            kind.required
            or kind.name in _UNNAMED.get(name, ())
            or kind.name in parameters.get(_TAGGED, ())
        ):
            yield self._filled(kind, "*")

    def _identities(self, name: str, kind: ResourceType, parameters: Parameters) -> Iterator[str]:
        """Yield the ends of the ARNs, which tell resources of a kind apart."""
        service = self._call.service
        if service == "ec2":
            yield from _ids(kind.name, parameters)
        elif service == "s3":
            yield from _s3_names(kind.name, parameters)
        elif service == "logs" and kind.name in {"log-group", "log-stream"}:
            yield from _log_names(name, parameters)
        elif service == "iam":
            for each in parameters.get(_IAM_NAMES.get(kind.name, ""), ()):
                path = parameters.get("Path", ["/"])[0]
                stored = self._account.arn(kind.name, each, path)
                yield stored.partition(f":{kind.name}/")[2]
        elif service == "ecs":
            yield from _ecs_names(kind.name, parameters)
        elif service == "codebuild" and "ids" in parameters:
            yield from {each.partition(":")[0] for each in parameters["ids"]}
        else:
            for parameter in _NAMES.get(kind.name, ()):
                yield from (each.lstrip("/") for each in parameters.get(parameter, ()))

    def _filled(self, kind: ResourceType, identity: str) -> str:
        where = kind.arn.replace("${Partition}", self._account.partition)
        where = where.replace("${Region}", self._call.region)
        owner = "" if _belongs_to_aws(kind.name, identity) else self._account.id
        where = where.replace("${Account}", owner)
        if self._call.service == "logs" and kind.name == "log-stream":
            where = where.partition(":log-stream:")[0]
        return where.partition("${")[0] + identity


_PREFIXES: Final = {"service-quotas": "servicequotas"}
"""IAM's names of the services that botocore names otherwise."""

_S3_ACTIONS: Final = {
    "CompleteMultipartUpload": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
"""The actions of S3's operations with other names.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""

_EVENTS: Final = "events.amazonaws.com"
_EVENTS_ROLE: Final = "AWSServiceRoleForCloudWatchEvents"
_ECS: Final = "ecs.amazonaws.com"
_ECS_ROLE: Final = "AWSServiceRoleForECS"

_ROLES: Final = ("executionRoleArn", "serviceRole", "taskRoleArn")
"""Parameters with the ARN of a role that a service will assume."""

_PASSED_TO: Final = {
    "codebuild:CreateProject": "codebuild.amazonaws.com",
    "codebuild:UpdateProject": "codebuild.amazonaws.com",
    "ecs:RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
}
"""The service that a role is passed to, where it is not EC2."""

_TAGGED: Final = "TagSpecifications.ResourceType"
"""Where EC2's requests say what they create with tags."""

_TAGGING: Final = {
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    "ecr:CreateRepository": "ecr:TagResource",
    "ecs:CreateCluster": "ecs:TagResource",
    "ecs:CreateService": "ecs:TagResource",
    "ecs:RegisterTaskDefinition": "ecs:TagResource",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "logs:CreateLogGroup": "logs:TagResource",
    "s3:PutObject": "s3:PutObjectTagging",
    "sns:CreateTopic": "sns:TagResource",
    "ssm:PutParameter": "ssm:AddTagsToResource",
}
"""What creating something with tags needs as well; of EC2 it is always `ec2:CreateTags`."""

_UNNAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "ec2:RunInstances": ("volume",),
    "ec2:DisassociateAddress": ("elastic-ip",),
    "ec2:DisassociateRouteTable": ("route-table", "subnet"),
}
"""Optional resource types that our requests are about without naming one: an instance's root
volume, and what an association joins."""

_EC2_IDS: Final = {
    "elastic-ip": "eipalloc",
    "image": "ami",
    "instance": "i",
    "internet-gateway": "igw",
    "network-interface": "eni",
    "route-table": "rtb",
    "security-group": "sg",
    "security-group-rule": "sgr",
    "snapshot": "snap",
    "subnet": "subnet",
    "volume": "vol",
    "vpc": "vpc",
}
"""How EC2's ids begin, by resource type."""

_IAM_NAMES: Final = {
    "instance-profile": "InstanceProfileName",
    "policy": "PolicyName",
    "role": "RoleName",
    "user": "UserName",
}
_NAMES: Final = {
    "alarm": ("AlarmName", "AlarmNames"),
    "dashboard": ("DashboardName", "DashboardNames"),
    "document": ("DocumentName",),
    "instance": ("InstanceIds", "Target"),
    "parameter": ("Name", "Names", "Path"),
    "project": ("name", "names", "projectName"),
    "repository": ("repositoryName", "repositoryNames"),
    "topic": ("Name",),
}
"""Parameters with the names of resources, of the other services."""


def _profiles(parameters: Parameters) -> Iterator[str]:
    yield from parameters.get("IamInstanceProfile.Name", ())
    for arn in parameters.get("IamInstanceProfile.Arn", ()):
        yield arn.rpartition("/")[2]


def _ids(kind: str, parameters: Parameters) -> Iterator[str]:
    pattern = re.compile(rf"{_EC2_IDS.get(kind, '(?!)')}-[0-9a-f]{{8,17}}")
    found = {
        value
        for parameter, values in parameters.items()
        if not _is_tag(parameter)
        for value in values
        if pattern.fullmatch(value)
    }
    yield from sorted(found)


def _s3_names(kind: str, parameters: Parameters) -> Iterator[str]:
    (bucket,) = parameters.get("Bucket", [""])
    if kind == "bucket":
        yield bucket
    elif kind == "object":
        keys = parameters.get("Key") or parameters.get("Delete.Objects.Key", [])
        yield from (f"{bucket}/{key}" for key in keys)


def _ecs_names(kind: str, parameters: Parameters) -> Iterator[str]:
    """Yield the ends of the ARNs of ECS, which name the cluster first."""
    named = [*parameters.get("clusterName", ()), *parameters.get("cluster", ())]
    clusters = [each.rpartition("/")[2] for each in (*named, *parameters.get("clusters", ()))]
    if kind == "cluster":
        yield from clusters
    elif kind == "service":
        services = (
            each.rpartition("/")[2]
            for parameter in ("serviceName", "service", "services")
            for each in parameters.get(parameter, ())
        )
        yield from (f"{clusters[0]}/{each}" for each in services)
    elif kind in {"container-instance", "task"}:
        yield from (f"{each}/*" for each in clusters)
    elif kind == "task-definition":
        yield from (f"{each}:*" for each in parameters.get("family", ()))


def _log_names(name: str, parameters: Parameters) -> Iterator[str]:
    """Yield log groups as IAM names them, with an empty stream where the call names none.

    Of tagging alone the ARN is that of the group itself.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    for group in parameters.get("logGroupName", ()):
        if name == "logs:TagResource":
            yield group
        else:
            stream = parameters.get("logStreamName", [""])[0]
            yield f"{group}:log-stream:{stream}"


def _belongs_to_aws(kind: str, identity: str) -> bool:
    """Return whether it is one of the public ones, whose ARNs name no account."""
    return (kind == "parameter" and identity.startswith("aws/")) or (
        kind == "document" and identity.startswith("AWS-")
    )


def _is_tag(parameter: str) -> bool:
    """Return whether a parameter is a tag's key or value; those are no names of resources."""
    return parameter.partition(".")[0].lower() in {"tag", "tags", "tagging", "tagspecifications"}
