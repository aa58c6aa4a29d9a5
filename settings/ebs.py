"""The EBS volume for the worker's data: AWS's limits, and defaults within them.

The limits: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from settings.errors import fault

VolumeType = Literal["gp3", "io1", "io2"]

DEFAULT_SIZE_GIB = 20
DEFAULT_IOPS = 3000
DEFAULT_THROUGHPUT_MIB_S = 125

THROUGHPUT_MIB_S = (125, 1000)
"""gp3's range. AWS offers 2,000 MiB/s since September 2025, but version 5 of the Terraform provider
refuses more than 1,000."""

THROUGHPUT_PER_IOPS = 0.25
"""gp3's highest ratio of MiB/s to IOPS
(https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html)."""


@dataclass(frozen=True)
class DataVolume:
    """An EBS volume.

    Attributes:
        type: Type of the volume.
        size: In GiB.
        iops: Provisioned I/O operations per second.
        throughput: In MiB/s; None for the types that have no such setting.
    """

    type: VolumeType
    size: int
    iops: int
    throughput: int | None


class Limits(NamedTuple):
    """What AWS allows for one type of volume.

    Attributes:
        size: Smallest and largest size in GiB.
        iops: Lowest and highest provisioned IOPS.
        iops_per_gib: Highest ratio of IOPS to size; the lowest IOPS are allowed at any size.
    """

    size: tuple[int, int]
    iops: tuple[int, int]
    iops_per_gib: int


LIMITS: dict[VolumeType, Limits] = {
    "gp3": Limits((1, 65536), (3000, 80000), 500),
    "io1": Limits((4, 16384), (100, 64000), 50),
    "io2": Limits((4, 65536), (100, 256000), 1000),
}


def data_volume(
    volume_type: VolumeType, size: int | None, iops: int | None, throughput: int | None
) -> DataVolume:
    """Complete the settings of a volume: None stands for the default, or what the size allows."""
    size = size or DEFAULT_SIZE_GIB
    iops = iops or min(DEFAULT_IOPS, _highest_iops(volume_type, size))
    if volume_type == "gp3":
        return DataVolume(volume_type, size, iops, throughput or DEFAULT_THROUGHPUT_MIB_S)
    return DataVolume(volume_type, size, iops, None)


def check_size(volume_type: VolumeType, size: int) -> None:
    """Refuse a size in GiB that this type does not have."""
    _check_range(size, LIMITS[volume_type].size, f"GiB, which {volume_type} can have")


def check_iops(volume_type: VolumeType, iops: int, size: int | None) -> None:
    """Refuse IOPS that this type does not have, or not at this size in GiB (None: the default)."""
    limits = LIMITS[volume_type]
    _check_range(iops, limits.iops, f"IOPS, which {volume_type} can have")
    size = size or DEFAULT_SIZE_GIB
    if iops > _highest_iops(volume_type, size):
        ratio = limits.iops_per_gib
        raise fault(
            f"is more than {volume_type} allows for {size} GiB: {ratio} IOPS per GiB.",
            f"EDGE_DATA_VOL_SIZE={-(-iops // ratio)} at least, or fewer IOPS",
        )


def check_throughput(throughput: int, iops: int | None) -> None:
    """Refuse a throughput in MiB/s that gp3 does not have with these IOPS (None: the default)."""
    iops = iops or DEFAULT_IOPS
    if throughput > iops * THROUGHPUT_PER_IOPS:
        raise fault(
            f"is more than gp3 allows for {iops} IOPS: {THROUGHPUT_PER_IOPS} MiB/s per IOPS.",
            f"EDGE_DATA_VOL_IOPS={int(throughput / THROUGHPUT_PER_IOPS)} at least, or fewer MiB/s",
        )


def _highest_iops(volume_type: VolumeType, size: int) -> int:
    limits = LIMITS[volume_type]
    return max(limits.iops[0], min(limits.iops[1], limits.iops_per_gib * size))


def _check_range(value: int, limits: tuple[int, int], unit: str) -> None:
    low, high = limits
    if not low <= value <= high:
        raise fault(f"is not from {low} to {high} {unit}.")
