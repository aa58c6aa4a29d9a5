"""Check the images of a fleet's tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from allora_cli.aws.queries import QUICK
from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, ok
from allora_cli.doctor.sources.checks import Wanted, check_wanted, images_in
from fleet.images import Build, Registry, distinct_builds

_BATCH: Final = 100
"""https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html"""


def check_fleet_images(context: CheckContext) -> Finding:
    """Check that the users' images can be pulled; count the others that are still to be built."""
    running = require(context.fleet).running
    wanted = {
        Wanted(variable, reference, worker.options.architecture, "architecture in fleet.toml")
        for worker in running
        for variable, reference in images_in(worker.settings)
    }
    builds = distinct_builds(running)
    missing = list(_missing(context, builds))
    ours = f"{len(builds)} of the project's own, {len(missing)} of them still to be built"
    facts = {"builds": len(builds), "missing": len(missing)}
    if wanted:
        return check_wanted(sorted(wanted), also=ours if builds else "", **facts)
    return ok(ours, **facts)


def _missing(context: CheckContext, builds: Sequence[Build]) -> Iterator[Build]:
    """Yield what the repositories do not have."""
    ecr = context.client(lambda session: session.client("ecr", config=QUICK))
    repositories = Registry.of(context.settings).repositories
    for kind in sorted({build.kind for build in builds}):
        of_kind = [build for build in builds if build.kind is kind]
        for first in range(0, len(of_kind), _BATCH):
            batch = of_kind[first : first + _BATCH]
            present = _tags(ecr, repositories[kind], [build.tag for build in batch])
            yield from (build for build in batch if build.tag not in present)


def _tags(ecr: Any, repository: str, tags: Sequence[str]) -> set[str]:  # noqa: ANN401 - no types
    """Return those tags that a repository has; none if there is no such repository."""
    try:
        found = ecr.batch_get_image(
            repositoryName=repository, imageIds=[{"imageTag": tag} for tag in tags]
        )
    except ecr.exceptions.RepositoryNotFoundException:
        return set()
    return {image["imageId"]["imageTag"] for image in found["images"]}
