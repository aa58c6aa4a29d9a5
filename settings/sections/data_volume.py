"""The disk for the worker's data.

AWS's limits: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html
"""

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from pydantic import ValidationInfo, field_validator

from settings.catalogue import catalogue
from settings.checks import one_of, whole_number
from settings.errors import fault, warn
from settings.variable import Section, variable

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
class EbsVolume:
    """An EBS volume: size in GiB, provisioned IOPS, throughput in MiB/s (gp3 only)."""

    type: VolumeType
    size: int
    iops: int
    throughput: int | None


class VolumeLimits(NamedTuple):
    """Lowest and highest size in GiB and IOPS, and the highest ratio of IOPS to size.

    The lowest IOPS are allowed at any size.
    """

    size: tuple[int, int]
    iops: tuple[int, int]
    iops_per_gib: int

    def highest_iops(self, size: int) -> int:
        """Return the highest IOPS for a size in GiB."""
        low, high = self.iops
        return max(low, min(high, self.iops_per_gib * size))


LIMITS: dict[VolumeType, VolumeLimits] = {
    "gp3": VolumeLimits((1, 65536), (3000, 80000), 500),
    "io1": VolumeLimits((4, 16384), (100, 64000), 50),
    "io2": VolumeLimits((4, 65536), (100, 256000), 1000),
}


class DataVolumeSettings(Section):
    """The section "Data volume"."""

    data_volume_type: Annotated[
        Literal["none", "gp3", "io1", "io2", "instance-store"],
        one_of("none", "gp3", "io1", "io2", "instance-store"),
    ] = variable(
        "EDGE_DATA_VOL_TYPE",
        "A disk for the worker's data apart from the root volume: `gp3`, `io1`, `io2` (EBS, which "
        "survives the instance), `instance-store` (which does not survive a stop) or `none`.",
        default="none",
        example="gp3",
    )

    @field_validator("data_volume_type")
    @classmethod
    def _fits_the_instance(cls, volume_type: str, info: ValidationInfo) -> str:
        name = info.data.get("instance_type", "")
        traits = catalogue().instance_types.get(name)
        if volume_type == "none" or not traits:
            return volume_type
        if volume_type == "instance-store" and not traits.instance_store:
            raise fault(
                f"is a disk that {name} does not have.",
                "take an instance type with one, as in m6id.large, or gp3",
            )
        if not traits.nitro:
            raise fault(
                f"needs an instance on AWS's Nitro system, which {name} is not.",
                "take a newer instance type, as in t4g.small, or EDGE_DATA_VOL_TYPE=none",
            )
        return volume_type

    data_volume_size: Annotated[int, whole_number(1, 65536, "GiB")] | None = variable(
        "EDGE_DATA_VOL_SIZE",
        "Its size in GiB. gp3: 1 to 65536, io1: 4 to 16384, io2: 4 to 65536. It can grow, but AWS "
        "makes no volume smaller.",
        default=None,
        default_text=f"`{DEFAULT_SIZE_GIB}`",
        example="256",
    )
    data_volume_iops: Annotated[int, whole_number(100, 256000, "IOPS")] | None = variable(
        "EDGE_DATA_VOL_IOPS",
        "Its provisioned IOPS. gp3: 3000 to 80000, and at most 500 per GiB; "
        "io1: 100 to 64000, 50 per GiB; io2: 100 to 256000, 1000 per GiB.",
        default=None,
        default_text=f"`{DEFAULT_IOPS}`, or what the size allows",
        example="3000",
    )
    data_volume_throughput: Annotated[int, whole_number(*THROUGHPUT_MIB_S, "MiB/s")] | None = (
        variable(
            "EDGE_DATA_VOL_THROUGHPUT",
            "Its throughput in MiB/s. gp3 only: 125 to 1000, and at most 0.25 per IOPS.",
            default=None,
            default_text=f"`{DEFAULT_THROUGHPUT_MIB_S}`",
            example="125",
        )
    )

    @field_validator("data_volume_size", "data_volume_iops", "data_volume_throughput")
    @classmethod
    def _applies(cls, value: int, info: ValidationInfo) -> int | None:
        volume_type = info.data.get("data_volume_type", "gp3")
        if volume_type == "none":
            raise fault(
                "is set, but there is no data volume.", "set EDGE_DATA_VOL_TYPE=gp3, or remove it"
            )
        if volume_type == "instance-store" or (
            volume_type != "gp3" and info.field_name == "data_volume_throughput"
        ):
            warn(info, f"{value} is ignored: {volume_type} has no such setting.")
            return None
        return value

    @field_validator("data_volume_size")
    @classmethod
    def _size_within_limits(cls, size: int | None, info: ValidationInfo) -> int | None:
        volume_type = info.data.get("data_volume_type")
        if size is not None and volume_type in LIMITS:
            _check_range(size, LIMITS[volume_type].size, f"GiB, which {volume_type} can have")
        return size

    @field_validator("data_volume_iops")
    @classmethod
    def _iops_within_limits(cls, iops: int | None, info: ValidationInfo) -> int | None:
        volume_type = info.data.get("data_volume_type")
        if iops is None or volume_type not in LIMITS or "data_volume_size" not in info.data:
            return iops
        limits, size = LIMITS[volume_type], info.data["data_volume_size"] or DEFAULT_SIZE_GIB
        _check_range(iops, limits.iops, f"IOPS, which {volume_type} can have")
        if iops > limits.highest_iops(size):
            ratio = limits.iops_per_gib
            raise fault(
                f"is more than {volume_type} allows for {size} GiB: {ratio} IOPS per GiB.",
                f"EDGE_DATA_VOL_SIZE={-(-iops // ratio)} at least, or fewer IOPS",
            )
        return iops

    @field_validator("data_volume_throughput")
    @classmethod
    def _throughput_within_limits(cls, throughput: int | None, info: ValidationInfo) -> int | None:
        if throughput is None or "data_volume_iops" not in info.data:
            return throughput
        iops = info.data["data_volume_iops"] or DEFAULT_IOPS
        if throughput > iops * THROUGHPUT_PER_IOPS:
            raise fault(
                f"is more than gp3 allows for {iops} IOPS: {THROUGHPUT_PER_IOPS} MiB/s per IOPS.",
                f"EDGE_DATA_VOL_IOPS={int(throughput / THROUGHPUT_PER_IOPS)} at least, or fewer "
                "MiB/s",
            )
        return throughput

    @property
    def data_volume(self) -> EbsVolume | None:
        """The EBS volume; None for an instance store or no data volume."""
        match self.data_volume_type:
            case "gp3" | "io1" | "io2" as volume_type:
                size = self.data_volume_size or DEFAULT_SIZE_GIB
                allowed = min(DEFAULT_IOPS, LIMITS[volume_type].highest_iops(size))
                throughput = self.data_volume_throughput or DEFAULT_THROUGHPUT_MIB_S
                return EbsVolume(
                    volume_type,
                    size,
                    self.data_volume_iops or allowed,
                    throughput if volume_type == "gp3" else None,
                )
            case _:
                return None


def _check_range(value: int, limits: tuple[int, int], unit: str) -> None:
    low, high = limits
    if not low <= value <= high:
        raise fault(f"is not from {low} to {high} {unit}.")
