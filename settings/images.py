"""Canonical's Ubuntu images."""

from typing import Final

from settings.catalogue import Architecture

_ARCHITECTURE: Final[dict[Architecture, str]] = {"x86_64": "amd64", "arm64": "arm64"}


def ubuntu_parameter(architecture: Architecture) -> str:
    """Return the name of Canonical's public SSM parameter for the current Ubuntu 24.04 LTS image.

    https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
    """
    name = _ARCHITECTURE[architecture]
    return f"/aws/service/canonical/ubuntu/server/24.04/stable/current/{name}/hvm/ebs-gp3/ami-id"
