"""Writes settings/aws_catalogue.json: `python -m devtools.aws_catalogue [--live REGION ...]`.

Without arguments the data comes from the locked version of moto, which carries AWS's own answers;
with `--live` from AWS itself, with the credentials of the shell.
"""

import argparse
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import botocore.session
from moto import mock_aws

OUTPUT = Path(__file__).parents[2] / "settings" / "aws_catalogue.json"

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
"""Those where Canonical publishes its Ubuntu images."""

NOT_REAL_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_SESSION_TOKEN": "testing",
}


def regions() -> dict[str, str]:
    """Return every region that botocore knows, with its partition."""
    session = botocore.session.get_session()
    return {
        region: partition
        for partition in PARTITIONS
        for region in session.get_available_regions("ec2", partition_name=partition)
    }


def instance_types(region_names: Iterable[str]) -> dict[str, list[Any]]:
    """Return the traits of every instance type of these regions that can run Ubuntu 24.04."""
    found: dict[str, list[Any]] = {}
    for region in region_names:
        pages = boto3.client("ec2", region_name=region).get_paginator("describe_instance_types")
        for page in pages.paginate():
            for described in page["InstanceTypes"]:
                if architecture := runnable_architecture(described):
                    found[described["InstanceType"]] = traits(described, architecture)
    return dict(sorted(found.items()))


def runnable_architecture(described: Mapping[str, Any]) -> str | None:
    """Return the architecture that Ubuntu 24.04 runs on here; None for a Mac or a 32-bit type."""
    supported = described["ProcessorInfo"]["SupportedArchitectures"]
    return next((name for name in ("x86_64", "arm64") if name in supported), None)


def traits(described: Mapping[str, Any], architecture: str) -> list[Any]:
    """Return the fields of `settings.catalogue.InstanceType`, in its order."""
    return [
        architecture,
        described["VCpuInfo"]["DefaultVCpus"],
        described["MemoryInfo"]["SizeInMiB"],
        described["BurstablePerformanceSupported"],
        described["InstanceStorageSupported"],
        described.get("Hypervisor") != "xen",  # bare metal has none, and is Nitro
        described["AutoRecoverySupported"],
        described["FreeTierEligible"],
    ]


def render(region_names: dict[str, str], types: dict[str, list[Any]]) -> str:
    """Return the data file: one instance type a line, so that a change shows as such."""
    lines = ",\n".join(
        f"{json.dumps(name)}:{json.dumps(values, separators=(',', ':'))}"
        for name, values in types.items()
    )
    return f'{{"regions":{json.dumps(region_names)},\n"instance_types":{{\n{lines}\n}}}}\n'


def generate(live_regions: list[str] | None = None) -> str:
    """Return the whole data file.

    Args:
        live_regions: Ask AWS in these regions; without any, moto, whose answer is the same in all.
    """
    if live_regions:
        return render(regions(), instance_types(live_regions))
    with patch.dict("os.environ", NOT_REAL_CREDENTIALS), mock_aws():
        return render(regions(), instance_types(["us-east-1"]))


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--live", nargs="+", metavar="REGION", help="ask AWS in these regions")
    OUTPUT.write_text(generate(parser.parse_args().live), encoding="utf-8")


if __name__ == "__main__":
    main()
