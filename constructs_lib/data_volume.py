"""An encrypted EBS volume that outlives the host."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.ebs_volume import EbsVolume, EbsVolumeTimeouts
from cdktf_cdktf_provider_aws.volume_attachment import VolumeAttachment
from constructs import Construct

# Only a label: Nitro instances name the device otherwise, and the host finds the volume by its id.
# https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
_DEVICE_NAME = "/dev/sdf"

_SNAPSHOT_TIMEOUT = "12h"
"""How long a deletion waits for the final snapshot, which takes hours for a large volume. After the
provider's ten minutes the deletion would fail, and the next one would make a second snapshot.
https://docs.aws.amazon.com/ebs/latest/userguide/ebs-create-snapshot.html
"""


class DataVolume(Construct):
    """A volume that a replaced host mounts again.

    A destroyed volume, or one replaced in another zone, leaves a snapshot.

    Args:
        name: the `Name` tag.
        availability_zone: the host's zone; a volume cannot leave its zone.
        volume_type: `gp3`, `io1` or `io2`.
        iops: provisioned I/O operations per second.
        throughput: MiB/s for `gp3`, else None.
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
            timeouts=EbsVolumeTimeouts(delete=_SNAPSHOT_TIMEOUT),
        )
        self.volume_id = volume.id

    def attach_to(self, instance_id: str) -> None:
        """Attach the volume to an instance, which stops before it is detached."""
        VolumeAttachment(
            self,
            "attachment",
            device_name=_DEVICE_NAME,
            volume_id=self.volume_id,
            instance_id=instance_id,
            stop_instance_before_detaching=True,
        )
