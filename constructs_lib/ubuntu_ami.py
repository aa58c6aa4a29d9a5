"""The machine image of the worker's host."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_ssm_parameter import DataAwsSsmParameter
from constructs import Construct


class UbuntuAmi(Construct):
    """Canonical's current image (a data source only).

    Args:
        parameter_name: Canonical's public SSM parameter with the image's id.

    Attributes:
        ami_id: not marked as sensitive, so that the plan shows it.
    """

    def __init__(self, scope: Construct, id_: str, *, parameter_name: str) -> None:
        super().__init__(scope, id_)
        parameter = DataAwsSsmParameter(self, "parameter", name=parameter_name)
        self.ami_id = parameter.insecure_value
