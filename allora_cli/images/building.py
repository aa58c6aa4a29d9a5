"""Build the images of a fleet that ECR does not have."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from allora_cli.aws.queries import Unknown, asked
from allora_cli.context import Context, open_context
from allora_cli.errors import ErrorCode, ExitCode, OperatorError
from allora_cli.events import Event, Workflow
from allora_cli.images.codebuild import BuildState, CodeBuild, Phase, Status
from allora_cli.images.ecr import missing_builds
from allora_cli.images.events import (
    Builder,
    BuildFailed,
    BuildPhase,
    BuildStarted,
    BuildsWait,
    Image,
    ImageBuilt,
    ImagesMissing,
    ImagesResult,
)
from allora_cli.images.local import build_locally
from allora_cli.terminal.interrupts import CtrlC
from fleet.images import Build, Registry, distinct_builds
from settings import Settings
from settings.fleet_file import FLEET_FILE
from shared.aws_console import console_url

_POLL: Final = 5.0
"""Seconds between two looks."""

_PATIENCE: Final = timedelta(hours=1)
"""For all builds, which CodeBuild ends after 30 minutes each, once they run."""


def images(builder: Builder) -> Workflow[ImagesResult]:
    """Build what the fleet's tasks need and ECR does not have; nothing for paused workers.

    Args:
        builder: where.

    Raises:
        OperatorError: there is no fleet, its repositories are not there, or a build has failed.
    """
    context = open_context()
    if context.fleet is None:
        raise OperatorError(
            ErrorCode.FLEET_FILE,
            f"There is no {FLEET_FILE} beside the settings file, so there is no fleet whose images "
            "could be built. The single host builds its images itself.",
        )
    built = yield from build_missing(context, builder)
    registry = Registry.of(context.settings)
    every = (Image.of(build, registry) for build in distinct_builds(context.fleet.running))
    return ImagesResult(tuple(every), built)


def build_missing(
    context: Context, builder: Builder = Builder.CODEBUILD
) -> Workflow[tuple[Image, ...]]:
    """Build what is missing in ECR; return the images that were.

    Raises:
        OperatorError: a build has failed, or takes too long.
    """
    builds = distinct_builds(context.fleet.running) if context.fleet else []
    registry = Registry.of(context.settings)
    missing = missing_builds(context.session.client("ecr"), registry, builds)
    if not missing:
        return ()
    wanted = {build: Image.of(build, registry) for build in missing}
    yield ImagesMissing(tuple(wanted.values()), builder)
    if builder is Builder.DOCKER:
        yield from build_locally(context, wanted)
    else:
        yield from _Builds(context, wanted).run()
    return tuple(wanted.values())


class _Builds:
    """Builds of CodeBuild, side by side.

    Args:
        context: whose fleet.
        wanted: what is built, and as which image.
    """

    def __init__(self, context: Context, wanted: Mapping[Build, Image]) -> None:
        self._context = context
        self._codebuild = CodeBuild(context)
        self._waiting = dict(wanted)
        self._running: dict[str, tuple[Build, Image]] = {}
        self._told: dict[str, int] = {}
        self._failures: list[str] = []
        self._is_held_up = False

    def run(self) -> Workflow[None]:
        """Build everything.

        Raises:
            OperatorError: an image could not be built, it takes too long, or the account runs no
                builds.
        """
        until = time.monotonic() + _PATIENCE.total_seconds()
        with CtrlC() as ctrl_c:
            yield from self._attach()
            while True:
                ctrl_c.check()
                yield from self._start()
                yield from self._look()
                if not self._running and not self._waiting:
                    break
                if time.monotonic() >= until:
                    raise _not_in_time([*self._waiting.values(), *self._images()])
                time.sleep(_POLL)
        if self._failures:
            raise _failed(self._failures)

    def _images(self) -> Iterator[Image]:
        return (image for _, image in self._running.values())

    def _attach(self) -> Iterator[Event]:
        """Take over builds that an interrupted run, or somebody else, has started."""
        running = self._codebuild.running()
        for build, image in tuple(self._waiting.items()):
            if state := running.get(image.reference):
                yield self._begin(build, state.id, is_older=True)

    def _start(self) -> Iterator[Event]:
        for build, image in tuple(self._waiting.items()):
            build_id = self._codebuild.start(build, image)
            if build_id is None:
                if not self._running:
                    raise _no_room(self._context.settings)
                if not self._is_held_up:
                    self._is_held_up = True
                    yield BuildsWait(tuple(self._waiting.values()))
                return
            yield self._begin(build, build_id, is_older=False)

    def _begin(self, build: Build, build_id: str, *, is_older: bool) -> BuildStarted:
        image = self._waiting.pop(build)
        self._running[build_id] = build, image
        return BuildStarted(image, build_id, is_older)

    def _look(self) -> Iterator[Event]:
        answer = asked(lambda: list(self._codebuild.look(list(self._running))))
        if isinstance(answer, Unknown):
            if not answer.is_passing:
                raise answer.error
            return
        for state in answer:
            yield from self._news(state)

    def _news(self, state: BuildState) -> Iterator[Event]:
        build, image = self._running[state.id]
        told = self._told.get(state.id, 0)
        self._told[state.id] = len(state.phases)
        for phase in state.phases[told:]:
            yield BuildPhase(image, phase.name, phase.status, phase.seconds)
        if state.status is Status.IN_PROGRESS:
            return
        del self._running[state.id]
        # A tag never moves: who comes second may not push, and need not.
        if state.status is Status.SUCCEEDED or not self._is_missing(build):
            yield ImageBuilt(image)
        else:
            yield BuildFailed(image, self._codebuild.last_lines(state))
            self._failures.append(self._why(image, state))

    def _is_missing(self, build: Build) -> bool:
        ecr, registry = self._context.session.client("ecr"), Registry.of(self._context.settings)
        return bool(missing_builds(ecr, registry, [build]))

    def _why(self, image: Image, state: BuildState) -> str:
        phase = next((each.name for each in reversed(state.phases) if _has_failed(each)), "")
        where = f" in the phase {phase}" if phase else ""
        log = (
            f"aws logs tail {state.log_group} --log-stream-names {state.log_stream} --since 1d "
            f"--region {self._context.settings.aws_region}"
            if state.log_stream
            else f"the build {state.id} in the console of CodeBuild"
        )
        return f"{image} ended as {state.status}{where}; the whole log: {log}"


def _has_failed(phase: Phase) -> bool:
    return phase.status != Status.SUCCEEDED


def _failed(failures: list[str]) -> OperatorError:
    return OperatorError(
        ErrorCode.IMAGE_BUILD,
        f"Images could not be built: {'. '.join(failures)}. No task was changed. Run the same "
        "command again when it is mended.",
    )


def _no_room(settings: Settings) -> OperatorError:
    console = console_url(settings.partition, settings.aws_region)
    return OperatorError(
        ErrorCode.IMAGE_BUILD,
        "CodeBuild runs no build for this account now: other builds use its quota, or the quota is "
        "zero, as it may be of a new account. No task was changed. Request more of the quota "
        '"Concurrently running builds for ARM/Small environment" (Linux/Small for x86_64) at '
        f"{console}/servicequotas/home/services/codebuild/quotas, or build with Docker here: "
        "allora images --local. Then run the same command again.",
    )


def _not_in_time(images: list[Image]) -> OperatorError:
    return OperatorError(
        ErrorCode.NOT_IN_TIME,
        f"After an hour, these images are not built: {', '.join(map(str, images))}. Their builds "
        "go on. To go on watching, run the same command again.",
        exit_code=ExitCode.TIMEOUT,
    )
