"""Canonical's machine images."""

from typing import Final

from settings.catalogue import Architecture

_ARCHITECTURE: Final[dict[Architecture, str]] = {"x86_64": "amd64", "arm64": "arm64"}


def ubuntu_parameter(architecture: Architecture) -> str:
    """Return the public SSM parameter with the id of Canonical's current Ubuntu 24.04 LTS image.

    https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/

    Args:
        architecture: The architecture of the instance's CPU.
    """
    name = _ARCHITECTURE[architecture]
    return f"/aws/service/canonical/ubuntu/server/24.04/stable/current/{name}/hvm/ebs-gp3/ami-id"
