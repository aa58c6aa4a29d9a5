"""The images of a fleet's tasks: which are built, from what, and their names.

A tag is the digest of all that an image is built from, and never moves, so that an image with the
right tag need not be built again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from fleet.containers import Images
from settings import Settings
from settings.fleet import Architecture, FleetWorker
from user_data.archive import model_context, worker_context

BUILDSPEC: Final = Path(__file__).with_name("buildspec.yml")
"""What CodeBuild does to build an image."""

_SUFFIXES: Final = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
}
"""https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html"""


class Kind(StrEnum):
    """What an image that we build is for; the end of its repository's name."""

    WORKER = "worker"
    MODEL = "model"


@dataclass(frozen=True)
class Build:
    """An image that we build.

    Attributes:
        context: A tar archive with the `Dockerfile`.
        arguments: Values of the Dockerfile's `ARG`s.
    """

    kind: Kind
    context: bytes
    arguments: tuple[tuple[str, str], ...]
    architecture: Architecture

    @property
    def tag(self) -> str:
        """The digest of all that the image is built from."""
        rest = json.dumps([self.kind, self.arguments, self.architecture])
        return hashlib.sha256(self.context + rest.encode()).hexdigest()


@dataclass(frozen=True)
class Registry:
    """The account's ECR registry in a region, with the fleet's repositories.

    Args:
        name_prefix: Of the repositories.
    """

    account_id: str
    region: str
    partition: str
    name_prefix: str

    @classmethod
    def of(cls, settings: Settings) -> Registry:
        """Return the registry of a deployment."""
        return cls(
            settings.aws_account_id,
            settings.aws_region,
            settings.partition,
            settings.name_prefix.lower(),
        )

    @property
    def host(self) -> str:
        """The registry's host name."""
        suffix = _SUFFIXES[self.partition]
        return f"{self.account_id}.dkr.ecr.{self.region}.{suffix}"

    @property
    def repositories(self) -> Mapping[str, str]:
        """The repositories' names by kind of image."""
        return {kind: f"{self.name_prefix}-fleet/{kind}" for kind in Kind}

    def reference(self, build: Build) -> str:
        """Return the reference to an image."""
        return f"{self.host}/{self.repositories[build.kind]}:{build.tag}"


def images_of(worker: FleetWorker, registry: Registry) -> Images:
    """Return the references to a worker's images."""
    settings = worker.settings
    ours = {build.kind: registry.reference(build) for build in builds_of(worker)}
    return Images(
        worker=settings.worker_image or ours[Kind.WORKER],
        model=settings.model_image or ours[Kind.MODEL],
        secrets=settings.python_image if settings.worker_image else ours[Kind.WORKER],
    )


def builds_of(worker: FleetWorker) -> list[Build]:
    """Return the images that are built for a worker: those that are not the user's own."""
    settings, architecture = worker.settings, worker.options.architecture
    python = ("PYTHON_IMAGE", settings.python_image)
    found = []
    if not settings.worker_image:
        arguments = (python, ("ALLORA_SDK_VERSION", settings.sdk_version))
        found.append(
            Build(Kind.WORKER, worker_context(settings.sdk_version), arguments, architecture)
        )
    if not settings.model_image:
        found.append(Build(Kind.MODEL, model_context(), (python,), architecture))
    return found


def distinct_builds(workers: Iterable[FleetWorker]) -> list[Build]:
    """Return what is built for all workers, each image once."""
    builds = {build.tag: build for worker in workers for build in builds_of(worker)}
    return list(builds.values())
