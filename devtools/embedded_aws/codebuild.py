"""What moto's CodeBuild lacks for a fleet: it builds nothing.

A build here reads its context from S3, has its image in ECR and its log in CloudWatch Logs at once.
It fails as one on AWS does without a context or a Dockerfile, and in the phase BUILD if an argument
of the Dockerfile ends with `FAILS`.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from moto.codebuild import responses
from moto.codebuild.models import CodeBuildBackend
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult
from moto.core.utils import unix_time_millis
from moto.ecr.models import ecr_backends
from moto.logs.models import logs_backends
from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends

from fleet.builders import ARGUMENTS, CONTEXT, IMAGE

FAILS: Final = ":fails"
"""The end of a Dockerfile's argument with which the build fails."""

LOOKS: list[int] = []
"""For tests: how often each build that is started next is found running before it ends."""

_MANIFEST: Final = "application/vnd.docker.distribution.manifest.v2+json"


def complete_codebuild() -> None:
    """Have builds be carried out, projects need no source, and an ARN delete a project.

    The AWS provider names a project that it deletes by its ARN.
    """
    delete, check = CodeBuildBackend.delete_project, responses._validate_required_params_source  # noqa: SLF001
    start = CodeBuildResponse.start_build

    def delete_project(self: CodeBuildBackend, project_name: str) -> None:
        delete(self, project_name.rpartition("/")[2])

    def check_source(source: dict[str, Any]) -> None:
        if source["type"] != "NO_SOURCE":
            check(source)

    def start_build(self: CodeBuildResponse) -> ActionResult:
        answer = start(self)
        project = self._get_param("projectName")
        backend = self.codebuild_backend
        build = backend.build_metadata[project].build_metadata
        build["environment"] |= {
            "type": self._get_param("environmentTypeOverride"),
            "image": self._get_param("imageOverride"),
            "environmentVariables": self._get_param("environmentVariablesOverride") or [],
        }
        group = backend.codebuild_projects[project].project_metadata["logsConfig"]
        build["logs"] = {
            "groupName": group["cloudWatchLogs"]["groupName"],
            "streamName": build["id"].rpartition(":")[2],
        }
        build["looks"] = LOOKS.pop(0) if LOOKS else 0
        return answer

    def batch_get_builds(self: CodeBuildBackend, ids: list[str]) -> list[dict[str, Any]]:
        builds = [
            build
            for history in self.build_metadata_history.values()
            for build in history
            if build["id"] in ids
        ]
        for build in builds:
            if build["buildStatus"] == "IN_PROGRESS":
                build["looks"] -= 1
                if build["looks"] < 0:
                    _carry_out(self, build)
        return builds

    CodeBuildBackend.delete_project = delete_project  # type: ignore[method-assign]
    CodeBuildBackend.batch_get_builds = batch_get_builds  # type: ignore[method-assign]
    CodeBuildResponse.start_build = start_build  # type: ignore[method-assign]
    responses._validate_required_params_source = check_source  # noqa: SLF001


def _carry_out(backend: CodeBuildBackend, build: dict[str, Any]) -> None:
    variables = {
        each["name"]: each["value"] for each in build["environment"]["environmentVariables"]
    }
    failing, line = _failure(backend, variables)
    if failing is None:
        _push(backend, variables[IMAGE])
    _log(backend, build["logs"], line)
    build["phases"] = list(_phases(failing))
    build["currentPhase"] = "COMPLETED"
    build["buildComplete"] = True
    build["buildStatus"] = "SUCCEEDED" if failing is None else "FAILED"


def _failure(backend: CodeBuildBackend, variables: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the phase that fails, or None, and the last line of the log."""
    bucket, _, key = variables[CONTEXT].removeprefix("s3://").partition("/")
    try:
        found = s3_backends[backend.account_id][backend.partition].get_object(bucket, key)
    except S3ClientError:
        found = None
    if found is None:
        return "PRE_BUILD", f"download failed: {variables[CONTEXT]}"
    with tarfile.open(fileobj=io.BytesIO(found.value)) as context:
        if "Dockerfile" not in context.getnames():
            return "BUILD", "failed to read dockerfile: open Dockerfile: no such file"
    for argument in variables[ARGUMENTS].splitlines():
        if argument.endswith(FAILS):
            return "BUILD", f"{argument.partition('=')[2]}: not found"
    return None, f"pushed {variables[IMAGE]}"


def _push(backend: CodeBuildBackend, reference: str) -> None:
    repository, _, tag = reference.partition("/")[2].partition(":")
    digest = f"sha256:{sha256(reference.encode()).hexdigest()}"
    manifest = {"schemaVersion": 2, "mediaType": _MANIFEST, "config": {"digest": digest}}
    ecr = ecr_backends[backend.account_id][backend.region_name]
    ecr.put_image(repository, json.dumps(manifest), tag, _MANIFEST)


def _log(backend: CodeBuildBackend, logs: Mapping[str, str], line: str) -> None:
    group, stream = logs["groupName"], logs["streamName"]
    here = logs_backends[backend.account_id][backend.region_name]
    here.create_log_stream(group, stream)
    here.put_log_events(group, stream, [{"timestamp": int(unix_time_millis()), "message": line}])


def _phases(failing: str | None) -> Iterator[dict[str, Any]]:
    for name in ("SUBMITTED", "QUEUED", "PROVISIONING", "PRE_BUILD", "BUILD"):
        status = "FAILED" if name == failing else "SUCCEEDED"
        yield {"phaseType": name, "phaseStatus": status, "durationInSeconds": 1}
        if name == failing:
            break
    yield {"phaseType": "COMPLETED"}
