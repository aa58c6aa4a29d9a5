"""The EC2 instance of worker and model server, and its Elastic IP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cdktf import (
    Fn,
    ITerraformDependable,
    Precondition,
    TerraformResource,
    TerraformResourceLifecycle,
)
from cdktf_cdktf_provider_aws.eip import Eip
from cdktf_cdktf_provider_aws.eip_association import EipAssociation
from cdktf_cdktf_provider_aws.instance import (
    Instance,
    InstanceMetadataOptions,
    InstanceRootBlockDevice,
)
from constructs import Construct

from constructs_lib.addresses import address
from constructs_lib.network import NetworkPlace
from constructs_lib.ubuntu_ami import UbuntuAmi
from user_data.cloud_config import EncodedUserData

DATA_VOLUME_TAG = "DataVolumeId"
"""The instance tag with the id of the host's data volume, which the host reads as metadata."""


@dataclass(frozen=True)
class WorkerHostProps:
    """The inputs of a worker's host.

    Attributes:
        name: the `Name` tag.
        architecture: `x86_64` or `arm64`; a change replaces the instance.
        offered_zones: token list of the zones that offer the type.
        ami_id: a pinned image, whose change replaces the instance. None: Canonical's current image
            at creation; a newer one replaces nothing.
        ubuntu_parameter: name of the SSM parameter with Canonical's current image.
        user_data: the script of the first boot; a change replaces the instance.
        needs: resources that must exist before the instance starts.
        data_volume_id: the volume to mount, or None.
    """

    name: str
    place: NetworkPlace
    security_group_id: str
    instance_profile_name: str
    instance_type: str
    architecture: str
    offered_zones: list[str]
    ami_id: str | None
    ubuntu_parameter: str
    root_volume_gib: int
    user_data: EncodedUserData
    needs: Sequence[ITerraformDependable]
    data_volume_id: str | None


class WorkerHost(Construct):
    """One EC2 instance with an Elastic IP that stays when the instance is replaced.

    IMDSv2 only, out of reach for containers (hop limit 1). No key pair: Session Manager is the
    only way in. The root volume is encrypted.
    """

    def __init__(self, scope: Construct, id_: str, props: WorkerHostProps) -> None:
        super().__init__(scope, id_)
        tags = {"Name": props.name}
        # By its text and not by its compressed bytes, which differ from one zlib to the next:
        # a deployment from another computer must not replace the host.
        # (cdktf's own class for `terraform_data` runs `terraform version` at every synth.)
        replaced_by = TerraformResource(
            self, "replaced-by", terraform_resource_type="terraform_data"
        )
        replaced_by.add_override(
            "input",
            {
                "architecture": props.architecture,
                "user_data_sha256": props.user_data.text_sha256,
            },
        )
        instance = Instance(
            self,
            "instance",
            ami=props.ami_id
            or UbuntuAmi(self, "ami", parameter_name=props.ubuntu_parameter).ami_id,
            instance_type=props.instance_type,
            subnet_id=props.place.subnet_id,
            vpc_security_group_ids=[props.security_group_id],
            iam_instance_profile=props.instance_profile_name,
            metadata_options=InstanceMetadataOptions(
                http_endpoint="enabled",
                http_tokens="required",
                http_put_response_hop_limit=1,
                instance_metadata_tags="enabled",
            ),
            root_block_device=InstanceRootBlockDevice(
                volume_type="gp3",
                volume_size=props.root_volume_gib,
                encrypted=True,
                delete_on_termination=True,
                tags=tags,
            ),
            user_data_base64=props.user_data.base64,
            tags=tags | ({DATA_VOLUME_TAG: props.data_volume_id} if props.data_volume_id else {}),
            depends_on=[*props.place.internet_access, *props.needs],
            lifecycle=TerraformResourceLifecycle(
                ignore_changes=["user_data_base64"] + ([] if props.ami_id else ["ami"]),
                replace_triggered_by=[address(replaced_by)],
                precondition=[
                    Precondition(
                        condition=Fn.contains(props.offered_zones, props.place.availability_zone),
                        error_message=(
                            f"AWS_INSTANCE_TYPE: {props.instance_type} is not offered in "
                            f"{props.place.availability_zone}, where the subnet is. Choose another "
                            "type, or another zone with AWS_AVAILABILITY_ZONE (with an existing "
                            "network: AWS_SUBNET_ID). A change of zone replaces the host, and a "
                            "data volume with an empty one; what was on it stays as a snapshot."
                        ),
                    )
                ],
            ),
        )
        elastic_ip = Eip(
            self,
            "elastic-ip",
            domain="vpc",
            tags=tags,
            depends_on=list(props.place.internet_access),
        )
        EipAssociation(
            self,
            "elastic-ip-association",
            allocation_id=elastic_ip.id,
            instance_id=instance.id,
        )
        self.instance_id = instance.id
        self.public_ip = elastic_ip.public_ip
