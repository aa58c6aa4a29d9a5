"""The regions and instance types of AWS that this release knows.

The data is `aws_catalogue.json`, written by `python -m devtools.aws_catalogue`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

Architecture = Literal["x86_64", "arm64"]

_DATA = Path(__file__).with_name("aws_catalogue.json")


class InstanceType(NamedTuple):
    """An EC2 instance type.

    The order of the fields is the order in the data file.

    Attributes:
        architecture: Of its CPU, in EC2's spelling.
        vcpus: Number of virtual CPUs.
        memory_mib: Memory in MiB.
        burstable: Whether it runs on CPU credits.
        instance_store: Whether it has local disks.
        nitro: Whether its disks are NVMe devices with a serial number, which Xen's are not.
    """

    architecture: Architecture
    vcpus: int
    memory_mib: int
    burstable: bool
    instance_store: bool
    nitro: bool


class Catalogue(NamedTuple):
    """The regions with their partitions, and the instance types with their traits, by name."""

    regions: dict[str, str]
    instance_types: dict[str, InstanceType]


@cache
def catalogue() -> Catalogue:
    """Read the data, once."""
    data = json.loads(_DATA.read_bytes())
    return Catalogue(
        data["regions"],
        {name: InstanceType(*traits) for name, traits in data["instance_types"].items()},
    )
