"""Events and result of a build of images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from allora_cli.events import Event, EventCode
from fleet.images import Build, Registry

_SHORT: Final = 12
"""Characters of a tag that tell images apart."""


class Builder(StrEnum):
    """Where images are built."""

    CODEBUILD = "codebuild"
    DOCKER = "docker"


@dataclass(frozen=True)
class Image:
    """An image that we build.

    Attributes:
        kind: what it is for: worker or model.
        architecture: the processor that it is for.
        reference: what tasks name it by.
    """

    kind: str
    architecture: str
    reference: str

    @classmethod
    def of(cls, build: Build, registry: Registry) -> Image:
        """Return the image of a build."""
        return cls(build.kind, build.architecture, registry.reference(build))

    def __str__(self) -> str:
        """Return what people tell it apart by."""
        tag = self.reference.rpartition(":")[2]
        return f"{self.kind} {self.architecture} {tag[:_SHORT]}"


@dataclass(frozen=True)
class ImagesMissing(Event):
    """ECR has not all images of the fleet."""

    code = EventCode.IMAGES_MISSING
    images: tuple[Image, ...]
    builder: Builder


@dataclass(frozen=True)
class BuildStarted(Event):
    """An image is being built.

    Attributes:
        build_id: CodeBuild's; empty for Docker.
        is_older: whether another run has started it.
    """

    code = EventCode.BUILD_STARTED
    image: Image
    build_id: str = ""
    is_older: bool = False


@dataclass(frozen=True)
class BuildPhase(Event):
    """A phase of a build is over.

    Attributes:
        phase: CodeBuild's name of it.
        status: likewise, of how it ended.
    """

    code = EventCode.BUILD_PHASE
    image: Image
    phase: str
    status: str
    seconds: int


@dataclass(frozen=True)
class BuildsWait(Event):
    """The account runs no more builds at a time: the others begin when one ends."""

    code = EventCode.BUILDS_WAIT
    images: tuple[Image, ...]


@dataclass(frozen=True)
class ImageBuilt(Event):
    """An image is in ECR."""

    code = EventCode.IMAGE_BUILT
    image: Image


@dataclass(frozen=True)
class BuildFailed(Event):
    """A build has failed.

    Attributes:
        log: the last lines of its log.
    """

    code = EventCode.BUILD_FAILED
    image: Image
    log: tuple[str, ...]


@dataclass(frozen=True)
class ImagesResult(Event):
    """What `allora images` comes to.

    Attributes:
        images: all those that the fleet's tasks need and we build.
        built: those of them that were not in ECR before.
    """

    code = EventCode.RESULT
    images: tuple[Image, ...]
    built: tuple[Image, ...]

    def fields(self) -> dict[str, Any]:
        """Return the images, each with its reference."""
        return asdict(self)
