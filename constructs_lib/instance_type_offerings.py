"""The availability zones that offer an instance type (data sources only)."""

from __future__ import annotations

from typing import cast

from cdktf import Fn
from cdktf_cdktf_provider_aws.data_aws_ec2_instance_type_offerings import (
    DataAwsEc2InstanceTypeOfferings,
    DataAwsEc2InstanceTypeOfferingsFilter,
)
from constructs import Construct


class InstanceTypeOfferings(Construct):
    """Asks AWS where an instance type can run: not every zone of a region offers every type.

    Args:
        instance_type: an EC2 instance type, such as ``t3.medium``.

    Attributes:
        zones: token list of the availability zones that offer it.
        first_zone: token of the alphabetically first of them.
    """

    def __init__(self, scope: Construct, id_: str, *, instance_type: str) -> None:
        super().__init__(scope, id_)
        offerings = DataAwsEc2InstanceTypeOfferings(
            self,
            "zones",
            location_type="availability-zone",
            filter=[
                DataAwsEc2InstanceTypeOfferingsFilter(name="instance-type", values=[instance_type])
            ],
        )
        self.zones: list[str] = offerings.locations
        self.first_zone = cast("str", Fn.element(Fn.sort(offerings.locations), 0))
