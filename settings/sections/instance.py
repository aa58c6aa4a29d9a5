"""The EC2 instance that is the host."""

from typing import Annotated

from pydantic import ValidationInfo, field_validator

from settings.catalogue import Architecture, InstanceType, catalogue
from settings.checks import did_you_mean, matching, one_of, whole_number
from settings.errors import fault, warn
from settings.variable import Section, variable

MIN_MEMORY_MIB = 1024
ADVISED_MEMORY_MIB = 2048
"""Allora asks for 2 to 4 GB (https://docs.allora.network/build/worker/requirements); in 1 GiB only
a very small model fits beside the worker, in less not even the worker."""


class InstanceSettings(Section):
    """The section "Instance"."""

    cpu_type: Annotated[
        Architecture | None,
        one_of("x86_64", "ARM_64", aliases={"ARM_64": "arm64", "arm64": "arm64"}),
    ] = variable(
        "AWS_INSTANCE_CPU_TYPE",
        "`x86_64` or `ARM_64`: checked against `AWS_INSTANCE_TYPE`. "
        "Only needed for an instance family that is newer than this release.",
        default=None,
        default_text="that of `AWS_INSTANCE_TYPE`",
        example="ARM_64",
    )
    instance_type: str = variable(
        "AWS_INSTANCE_TYPE",
        "The EC2 instance type. Allora advises 2 to 4 GB of memory; less than 1 GiB is refused. "
        "The default is arm64, has 2 vCPUs (40 % of one in the long run) and 2 GiB, and may be "
        "started on AWS's Free plan.",
        default="t4g.small",
        example="t3.medium",
        check_default=True,
    )

    @field_validator("instance_type")
    @classmethod
    def _known_and_large_enough(cls, name: str, info: ValidationInfo) -> str:
        if "cpu_type" not in info.data:
            return name
        cpu_type, known = info.data["cpu_type"], catalogue().instance_types
        if name in known:
            _check_cpu(name, known[name], cpu_type)
            _check_memory(name, known[name], info)
        elif cpu_type and _may_be_newer(name):
            warn(info, f"{name} is newer than this release, and not checked.")
        else:
            raise fault(
                f"is not an instance type that this release knows{did_you_mean(name, known)}",
                "for a family newer than this release, set AWS_INSTANCE_CPU_TYPE as well",
            )
        return name

    ami_id: Annotated[
        str | None,
        matching(
            r"ami-(?:[0-9a-f]{8}|[0-9a-f]{17})",
            "is not the id of a machine image.",
            "ami- and 17 hexadecimal digits; it must be Ubuntu 24.04",
        ),
    ] = variable(
        "AWS_AMI_ID",
        "An Ubuntu 24.04 image of your own choice, of the instance's architecture.",
        default=None,
        default_text="Canonical's current image at the first deployment",
        example="ami-0123456789abcdef0",
    )
    root_volume_size: Annotated[int, whole_number(20, 16384, "GiB")] = variable(
        "AWS_ROOT_VOLUME_SIZE",
        "The size of the root volume in GiB. From 20 to 16384. It can grow, but AWS makes no "
        "volume smaller; a host that is replaced gets a new one.",
        default=20,
        example="50",
    )
    reboot_time: Annotated[
        str,
        matching(
            r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|never",
            "is neither a time of day nor never.",
            "hours and minutes in UTC, as in 04:30",
        ),
    ] = variable(
        "HOST_REBOOT_TIME",
        "The time of day, in UTC, at which the host restarts when a security update needs it; "
        "`never`: updates are installed and wait for you to restart it. The worker comes back by "
        "itself, after a minute or two.",
        default="04:30",
        example="23:15",
    )

    @property
    def instance(self) -> InstanceType | None:
        """The instance type; None for one newer than this release."""
        return catalogue().instance_types.get(self.instance_type)

    @property
    def architecture(self) -> Architecture:
        """The architecture of the instance's CPU."""
        if self.instance:
            return self.instance.architecture
        assert self.cpu_type is not None  # noqa: S101 - the validator demands it
        return self.cpu_type


def _check_cpu(name: str, traits: InstanceType, cpu_type: str | None) -> None:
    if cpu_type and cpu_type != traits.architecture:
        raise fault(
            f"is not the CPU of {name}, which is {traits.architecture}.",
            "remove it: the CPU follows from AWS_INSTANCE_TYPE (t4g.small is arm64, "
            "t3.small is x86_64)",
            "AWS_INSTANCE_CPU_TYPE",
        )


def _check_memory(name: str, traits: InstanceType, info: ValidationInfo) -> None:
    if traits.memory_mib < MIN_MEMORY_MIB:
        raise fault(
            f"has {traits.memory_mib} MiB of memory, too little for a worker and its model.",
            "take t4g.small, or t3.small for images of x86_64",
        )
    if traits.memory_mib < ADVISED_MEMORY_MIB:
        warn(
            info,
            f"{name} has {traits.memory_mib} MiB of memory; Allora advises 2 to 4 GB.",
            "take t4g.small, or t3.small for images of x86_64, if memory runs out",
        )


def _may_be_newer(name: str) -> bool:
    """Return whether the family is unknown and the size known."""
    family, _, size = name.partition(".")
    types = [known.partition(".") for known in catalogue().instance_types]
    return (
        family not in {known for known, _, _ in types}
        and size in {known for _, _, known in types}
        and family.replace("-", "").isalnum()
    )
