"""Builds of CodeBuild."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from allora_cli.aws.batches import batches
from allora_cli.aws.queries import PATIENCE
from allora_cli.context import Context
from allora_cli.images.events import Image
from fleet.builders import ENVIRONMENTS, IMAGE, build_variables
from fleet.images import Build
from settings.names import FleetNames

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_RECENT: Final = 100
"""Builds among which those are sought that still run; also the most that are asked for at once
(https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html)."""

_LOG_LINES: Final = 20


class Status(StrEnum):
    """How a build is.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html
    """

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    FAULT = "FAULT"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


_UNDER_WAY: Final = frozenset({Status.IN_PROGRESS, "QUEUED"})
"""Statuses of phases that are not over
(https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BuildPhase.html)."""


@dataclass(frozen=True)
class Phase:
    """A phase of a build that is over."""

    name: str
    status: str
    seconds: int


@dataclass(frozen=True)
class BuildState:
    """A build as CodeBuild knows it.

    Attributes:
        reference: what the image is pushed as.
        phases: those that are over.
        log_group: of CloudWatch; empty before there is one.
        log_stream: likewise.
    """

    id: str
    reference: str
    status: Status
    phases: tuple[Phase, ...]
    log_group: str
    log_stream: str


class CodeBuild:
    """The project that builds the fleet's images.

    Args:
        context: whose fleet.
    """

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._names = FleetNames(context.settings)
        self._client = context.session.client("codebuild", config=PATIENCE)
        self._logs = context.session.client("logs", config=PATIENCE)
        self._s3: S3Client = context.session.client("s3", region_name=context.settings.state_region)
        self._uploaded: set[str] = set()

    def running(self) -> dict[str, BuildState]:
        """Return the builds that run now, by the reference of their image."""
        answer = self._client.list_builds_for_project(
            projectName=self._names.builder, sortOrder="DESCENDING"
        )
        ids = answer["ids"][:_RECENT]
        return {
            state.reference: state for state in self.look(ids) if state.status is Status.IN_PROGRESS
        }

    def start(self, build: Build, image: Image) -> str | None:
        """Start a build.

        Returns:
            its id; None where the account runs no more at a time.
        """
        environment = ENVIRONMENTS[build.architecture]
        variables = build_variables(
            build, context=self._upload(build.context), reference=image.reference
        )
        try:
            answer = self._client.start_build(
                projectName=self._names.builder,
                environmentTypeOverride=environment.type,
                imageOverride=environment.image,
                environmentVariablesOverride=[
                    {"name": name, "value": value, "type": "PLAINTEXT"}
                    for name, value in variables.items()
                ],
            )
        except ClientError as error:
            if error.response["Error"].get("Code") == "AccountLimitExceededException":
                return None
            raise
        return str(answer["build"]["id"])

    def look(self, ids: Sequence[str]) -> Iterable[BuildState]:
        """Yield how builds are."""
        for some in batches(ids, _RECENT):
            answer = self._client.batch_get_builds(ids=some)
            yield from map(_state, answer["builds"])

    def last_lines(self, state: BuildState) -> tuple[str, ...]:
        """Return the last lines of a build's log; none where there is no log."""
        if not state.log_stream:
            return ()
        try:
            answer = self._logs.get_log_events(
                logGroupName=state.log_group,
                logStreamName=state.log_stream,
                limit=_LOG_LINES,
                startFromHead=False,
            )
        except self._logs.exceptions.ResourceNotFoundException:
            return ()
        return tuple(event["message"].rstrip() for event in answer["events"])

    def _upload(self, context: bytes) -> str:
        """Put a build context into the state bucket; return bucket, slash, key."""
        bucket = self._settings.state_bucket
        key = f"{self._names.contexts_prefix}/{hashlib.sha256(context).hexdigest()}.tar"
        if key not in self._uploaded:
            self._s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=context,
                ExpectedBucketOwner=self._settings.aws_account_id,
            )
            self._uploaded.add(key)
        return f"{bucket}/{key}"


def _state(build: Mapping[str, Any]) -> BuildState:
    variables = {
        each["name"]: each["value"] for each in build["environment"]["environmentVariables"]
    }
    logs = build.get("logs", {})
    return BuildState(
        id=build["id"],
        reference=variables.get(IMAGE, ""),
        status=Status(build["buildStatus"]),
        phases=tuple(
            Phase(each["phaseType"], each["phaseStatus"], each.get("durationInSeconds", 0))
            for each in build.get("phases", [])
            if each.get("phaseStatus", Status.IN_PROGRESS) not in _UNDER_WAY
        ),
        log_group=logs.get("groupName", ""),
        log_stream=logs.get("streamName", ""),
    )
