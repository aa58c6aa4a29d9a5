"""Which instance types a worker can run on, and with which disks."""

from pydantic import ValidationInfo

from settings.catalogue import InstanceType, catalogue
from settings.checks import did_you_mean
from settings.errors import fault, warn

MIN_MEMORY_MIB = 1024
ADVISED_MEMORY_MIB = 2048
"""Allora asks for 2 to 4 GB (https://docs.allora.network/build/worker/requirements); in 1 GiB only
a very small model fits beside the worker, in less not even the worker."""


def check_instance_type(name: str, cpu_type: str | None, info: ValidationInfo) -> None:
    """Refuse an instance type that is unknown, too small, or of another CPU than the set one.

    A type of a family that the catalogue lacks is accepted with a warning when the CPU is set.

    Args:
        name: The instance type.
        cpu_type: The architecture that the user set, if any.
        info: Where a warning goes.
    """
    known = catalogue().instance_types
    if name in known:
        _check_cpu(name, known[name], cpu_type)
        _check_memory(name, known[name], info)
    elif cpu_type and _may_be_newer(name):
        warn(info, "AWS_INSTANCE_TYPE", f"{name} is newer than this release, and not checked.")
    else:
        raise fault(
            f"is not an instance type that this release knows{did_you_mean(name, known)}",
            "for a family newer than this release, set AWS_INSTANCE_CPU_TYPE as well",
        )


def check_disks(name: str, volume_type: str) -> None:
    """Refuse a data volume of a type that this instance type cannot have."""
    traits = catalogue().instance_types.get(name)
    if not traits:
        return
    if volume_type == "instance-store" and not traits.instance_store:
        raise fault(
            f"is a disk that {name} does not have.",
            "take an instance type with one, as in m6id.large, or gp3",
        )
    if not traits.nitro:
        raise fault(
            f"needs an instance on AWS's Nitro system, which {name} is not.",
            "take a newer instance type, as in t3.medium, or EDGE_DATA_VOL_TYPE=none",
        )


def _check_cpu(name: str, traits: InstanceType, cpu_type: str | None) -> None:
    if cpu_type and cpu_type != traits.architecture:
        raise fault(
            f"is not the CPU of {name}, which is {traits.architecture}.",
            "remove it: the CPU follows from AWS_INSTANCE_TYPE (t3.medium is x86_64, "
            "t4g.medium is arm64)",
            variable="AWS_INSTANCE_CPU_TYPE",
        )


def _check_memory(name: str, traits: InstanceType, info: ValidationInfo) -> None:
    if traits.memory_mib < MIN_MEMORY_MIB:
        raise fault(
            f"has {traits.memory_mib} MiB of memory, too little for a worker and its model.",
            "take t3.medium, or t3.small at least",
        )
    if traits.memory_mib < ADVISED_MEMORY_MIB:
        warn(
            info,
            "AWS_INSTANCE_TYPE",
            f"{name} has {traits.memory_mib} MiB of memory; Allora advises 2 to 4 GB.",
            "take t3.small or t3.medium if the worker is killed for lack of memory",
        )


def _may_be_newer(name: str) -> bool:
    """Whether a name has a family that the catalogue lacks and a size that it has."""
    known = catalogue().instance_types
    family, _, size = name.partition(".")
    families = {other.partition(".")[0] for other in known}
    sizes = {other.partition(".")[2] for other in known}
    return family not in families and size in sizes and family.replace("-", "").isalnum()
