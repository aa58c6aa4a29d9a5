"""An encrypted EBS volume that outlives the host."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.ebs_volume import EbsVolume
from cdktf_cdktf_provider_aws.volume_attachment import VolumeAttachment
from constructs import Construct

# Only a label: on Nitro instances the kernel names the device otherwise, and the host finds
# the volume by its id.
# https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
_DEVICE_NAME = "/dev/sdf"


class DataVolume(Construct):
    """An encrypted EBS volume of its own, so that a replaced host finds its data again.

    When it is destroyed, or replaced because of another zone, a snapshot of it stays.

    Args:
        name: the ``Name`` tag.
        availability_zone: the host's zone; a volume cannot leave its zone.
        volume_type: ``gp3``, ``io1`` or ``io2``.
        size_gib: size in GiB.
        iops: provisioned I/O operations per second.
        throughput: MiB/s, for ``gp3``; ``None`` otherwise.

    Attributes:
        volume_id: the volume's id.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        availability_zone: str,
        volume_type: str,
        size_gib: int,
        iops: int,
        throughput: int | None,
    ) -> None:
        super().__init__(scope, id_)
        volume = EbsVolume(
            self,
            "volume",
            availability_zone=availability_zone,
            type=volume_type,
            size=size_gib,
            iops=iops,
            throughput=throughput,
            encrypted=True,
            final_snapshot=True,
            tags={"Name": name},
        )
        self.volume_id = volume.id

    def attach_to(self, instance_id: str) -> None:
        """Attaches the volume to an instance, which is stopped first whenever it is detached."""
        VolumeAttachment(
            self,
            "attachment",
            device_name=_DEVICE_NAME,
            volume_id=self.volume_id,
            instance_id=instance_id,
            stop_instance_before_detaching=True,
        )
