"""AWS regions and instance types (written by `python -m devtools.aws_catalogue`)."""

import json
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

Architecture = Literal["x86_64", "arm64"]

_DATA = Path(__file__).with_name("aws_catalogue.json")


class InstanceType(NamedTuple):
    """An EC2 instance type; the fields are in the order of the data file."""

    architecture: Architecture
    vcpus: int
    memory_mib: int
    burstable: bool
    instance_store: bool
    nitro: bool
    """Its disks are NVMe devices with a serial number; Xen's are not."""
    recoverable: bool
    """EC2 moves it to other hardware when its own fails (`AutoRecoverySupported`)."""
    on_free_plan: bool
    """An account on AWS's Free plan may start it (`FreeTierEligible`)."""


class Catalogue(NamedTuple):
    """Regions and instance types by name."""

    regions: dict[str, str]
    """To the partition."""
    instance_types: dict[str, InstanceType]


@cache
def catalogue() -> Catalogue:
    """Return the catalogue."""
    data = json.loads(_DATA.read_bytes())
    return Catalogue(
        data["regions"],
        {name: InstanceType(*traits) for name, traits in data["instance_types"].items()},
    )
