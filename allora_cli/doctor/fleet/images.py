"""Check the images of a fleet's tasks."""

from __future__ import annotations

from collections.abc import Sequence

from allora_cli.aws.queries import QUICK
from allora_cli.doctor.check_context import CheckContext, require
from allora_cli.doctor.findings import Finding, ok
from allora_cli.doctor.sources.checks import Wanted, check_wanted, images_in
from allora_cli.errors import OperatorError
from allora_cli.images.ecr import missing_builds
from fleet.images import Build, Registry, distinct_builds


def check_fleet_images(context: CheckContext) -> Finding:
    """Check that the users' images can be pulled; count the others that are still to be built."""
    running = require(context.fleet).running
    wanted = {
        Wanted(variable, reference, worker.options.architecture, "architecture in fleet.toml")
        for worker in running
        for variable, reference in images_in(worker.settings)
    }
    builds = distinct_builds(running)
    missing = _missing(context, builds)
    ours = f"{len(builds)} of the project's own, {len(missing)} of them still to be built"
    facts = {"builds": len(builds), "missing": len(missing)}
    if wanted:
        return check_wanted(sorted(wanted), also=ours if builds else "", **facts)
    return ok(ours, **facts)


def _missing(context: CheckContext, builds: Sequence[Build]) -> Sequence[Build]:
    """Return what the repositories do not have: all, where there are none yet."""
    ecr = context.client(lambda session: session.client("ecr", config=QUICK))
    try:
        return missing_builds(ecr, Registry.of(context.settings), builds)
    except OperatorError:
        return builds
