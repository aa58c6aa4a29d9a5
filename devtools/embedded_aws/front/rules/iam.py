"""Rules of IAM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

from devtools.embedded_aws.front.call import Call
from devtools.embedded_aws.front.refusal import RefusedError
from devtools.embedded_aws.iam.policies import listed

_PRINCIPALS: Final = {"aws-cn": {"ec2.amazonaws.com": "ec2.amazonaws.com.cn"}}
"""Services that have another principal in a partition.

https://docs.amazonaws.cn/en_us/aws/latest/userguide/iam.html
"""

_MOST_OF_ROLE: Final = 10_240
"""Characters of all inline policies of a role, without white space.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""


def service_principals(call: Call) -> None:
    """A role trusts services by the names that they have in its partition.

    The text: https://github.com/kubernetes/kops/issues/27
    """
    renamed = _PRINCIPALS.get(get_partition(call.region), {})
    document = call.parameters.get("AssumeRolePolicyDocument") or call.parameters["PolicyDocument"]
    for service in _trusted_services(document):
        if service in renamed:
            message = f'Invalid principal in policy: "SERVICE":"{service}"'
            raise RefusedError("MalformedPolicyDocument", message)


def resources_of_partition(call: Call) -> None:
    """A policy names resources of its own partition.

    The text: https://github.com/aws/chalice/issues/777
    """
    expected = get_partition(call.region)
    for statement in _statements(call.parameters["PolicyDocument"]):
        for resource in listed(statement.get("Resource", [])):
            partition = resource.partition("arn:")[2].partition(":")[0]
            if partition not in {"", "*", expected}:
                message = f'Partition "{partition}" is not valid for resource "{resource}".'
                raise RefusedError("MalformedPolicyDocument", message)


def size_of_role(call: Call) -> None:
    """The inline policies of a role have a limit together.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    name = call.parameters["RoleName"]
    partition = get_partition(call.region)
    roles = iam_backends[call.account_id][partition].roles.values()
    role = next((role for role in roles if role.name == name), None)
    policies = dict(role.policies) if role else {}
    policies[call.parameters["PolicyName"]] = call.parameters["PolicyDocument"]
    if sum(len("".join(policy.split())) for policy in policies.values()) > _MOST_OF_ROLE:
        message = f"Maximum policy size of {_MOST_OF_ROLE} bytes exceeded for role {name}"
        raise RefusedError("LimitExceeded", message, 409)


def _trusted_services(document: str) -> Iterator[str]:
    for statement in _statements(document):
        principal = statement.get("Principal")
        if isinstance(principal, dict):  # and not a star
            yield from listed(principal.get("Service", []))


def _statements(document: str) -> Iterator[dict[str, Any]]:
    """Yield the statements of a policy; moto refuses what is none."""
    try:
        policy = json.loads(document)
    except ValueError:
        return
    yield from listed(policy.get("Statement", []))
