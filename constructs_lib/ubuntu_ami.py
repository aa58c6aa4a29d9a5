"""The machine image of the worker's host."""

from __future__ import annotations

from typing import Literal

from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
from constructs import Construct

Architecture = Literal["x86_64", "arm64"]

# Canonical's public parameters.
# https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
_CANONICAL_ARCHITECTURE: dict[Architecture, str] = {"x86_64": "amd64", "arm64": "arm64"}
_CANONICAL_PARAMETER = (
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/{architecture}/hvm/ebs-gp3/ami-id"
)


class UbuntuAmi(Construct):
    """Canonical's current Ubuntu 24.04 LTS image for an architecture (a data source only).

    Args:
        architecture: ``x86_64`` or ``arm64``.

    Attributes:
        ami_id: the image's id. Not a secret, though parameters usually are: the plan shows it.
    """

    def __init__(self, scope: Construct, id_: str, *, architecture: Architecture) -> None:
        super().__init__(scope, id_)
        parameter = DataAwsSsmParameter(
            self,
            "parameter",
            name=_CANONICAL_PARAMETER.format(architecture=_CANONICAL_ARCHITECTURE[architecture]),
        )
        self.ami_id = parameter.insecure_value
