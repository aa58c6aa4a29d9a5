"""The availability zones that offer an instance type (data sources only)."""

from __future__ import annotations

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_ec2_instance_type_offerings import (
    DataAwsEc2InstanceTypeOfferings,
    DataAwsEc2InstanceTypeOfferingsFilter,
)
from constructs import Construct

from constructs_lib.addresses import address


class InstanceTypeOfferings(Construct):
    """The zones of a region that offer an instance type; not every zone offers every type.

    Attributes:
        zones: token list of the availability zones.
        first_zone: expression for the first by name, without local and wavelength zones.
    """

    def __init__(self, scope: Construct, id_: str, *, instance_type: str, region: str) -> None:
        super().__init__(scope, id_)
        offerings = DataAwsEc2InstanceTypeOfferings(
            self,
            "zones",
            location_type="availability-zone",
            filter=[
                DataAwsEc2InstanceTypeOfferingsFilter(name="instance-type", values=[instance_type])
            ],
            lifecycle=TerraformResourceLifecycle(
                postcondition=[
                    Postcondition(
                        condition="${length(self.locations) > 0}",
                        error_message=(
                            f"AWS_INSTANCE_TYPE: {instance_type} is not offered in {region}. "
                            "Choose another type or another AWS_REGION."
                        ),
                    )
                ]
            ),
        )
        self.zones: list[str] = offerings.locations
        self.first_zone = (
            f"${{sort([for zone in {address(offerings)}.locations : "
            f'zone if can(regex("^{region}[a-z]$", zone))])[0]}}'
        )
