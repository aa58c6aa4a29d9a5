"""What a CodeBuild project and those who start its builds agree on."""

from __future__ import annotations

from typing import Final, NamedTuple

from fleet.images import Build
from settings.fleet import Architecture


class Environment(NamedTuple):
    """Type and image of a build environment."""

    type: str
    image: str


ENVIRONMENTS: Final = {
    Architecture.ARM64: Environment(
        "ARM_CONTAINER", "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    ),
    Architecture.X86_64: Environment(
        "LINUX_CONTAINER", "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    ),
}
"""By the architecture of the images
(https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-available.html)."""

CONTEXT: Final = "CONTEXT"
ARGUMENTS: Final = "ARGUMENTS"
IMAGE: Final = "IMAGE"


def build_variables(build: Build, *, context: str, reference: str) -> dict[str, str]:
    """Return the variables that tell a build what to do (buildspec.yml).

    Args:
        build: What is built.
        context: The S3 object with its context: bucket, slash, key.
        reference: What the image is pushed as.
    """
    return {
        CONTEXT: f"s3://{context}",
        ARGUMENTS: "\n".join(f"{name}={value}" for name, value in build.arguments),
        IMAGE: reference,
    }
