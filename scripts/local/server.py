"""The embedded AWS: moto's server, and the two things that a deployment needs and moto lacks."""

from __future__ import annotations

import json

from moto import server
from moto.core.utils import utcnow
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from moto.ssm import models

# Canonical's public parameters lead to images that moto knows: it boots none of them anyway.
_IMAGES = {"amd64": "ami-785db401", "arm64": "ami-0e9271c829888680e"}
_CANONICAL = "/aws/service/canonical/ubuntu/server/24.04/stable/current"


class _ParametersWithUbuntuImages(models.ParameterDict):
    """AWS's public parameters cannot be put through its API, so they are there from the start."""

    def __init__(self, account_id: str, region_name: str) -> None:
        super().__init__(account_id, region_name)
        for architecture, image in _IMAGES.items():
            name = f"{_CANONICAL}/{architecture}/hvm/ebs-gp3/ami-id"
            self[name] = [
                models.Parameter(  # type: ignore[abstract]  # as moto itself makes them
                    account_id=account_id,
                    name=name,
                    value=image,
                    parameter_type="String",
                    description=None,
                    allowed_pattern=None,
                    keyid=None,
                    last_modified_date=utcnow(),
                    version=1,
                    data_type="aws:ec2:image",
                )
            ]


def _permission(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What a bucket policy says, but for "TLS only": this server speaks HTTP, on loopback alone.

    moto evaluates no conditions, so that such a statement would deny everything.
    """
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    policy["Statement"] = [
        statement
        for statement in policy["Statement"]
        if statement.get("Condition") != {"Bool": {"aws:SecureTransport": "false"}}
    ]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


if __name__ == "__main__":
    FakeBucket.get_permission = _permission  # type: ignore[assignment, method-assign]
    models.ParameterDict = _ParametersWithUbuntuImages  # type: ignore[misc]
    server.main()
