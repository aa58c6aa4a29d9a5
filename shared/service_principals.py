"""The service principals whose names differ between AWS's partitions."""

from __future__ import annotations

from typing import Final

_EC2: Final = {
    "aws": "ec2.amazonaws.com",
    "aws-cn": "ec2.amazonaws.com.cn",
    "aws-us-gov": "ec2.amazonaws.com",
}
"""https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/region-info/lib/default.ts"""


def ec2_principal(partition: str) -> str:
    """Return EC2's service principal, for trust policies and `iam:PassedToService`."""
    return _EC2[partition]
