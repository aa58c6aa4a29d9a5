"""Images of a fleet: built once, where they are missing, and what is said while it lasts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws
from moto.codebuild import responses
from moto.codebuild.models import CodeBuildBackend
from moto.codebuild.responses import CodeBuildResponse

from allora_cli.context import Context, open_context
from allora_cli.deploy.renderers import JsonLines, watch
from allora_cli.deploy.sentences import sentences
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Event
from allora_cli.images import building
from allora_cli.images.building import build_missing, images
from allora_cli.images.codebuild import CodeBuild
from allora_cli.images.events import (
    Builder,
    BuildFailed,
    BuildPhase,
    BuildStarted,
    BuildsWait,
    Image,
    ImageBuilt,
    ImagesMissing,
)
from devtools.embedded_aws import codebuild
from devtools.embedded_aws.codebuild import FAILS, complete_codebuild
from fleet.images import Registry, distinct_builds
from settings.names import FleetNames

BUCKET = "states"
SETTINGS = f"AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nTF_STATE_BUCKET={BUCKET}\n"
FLEET = """
[workers.a]
[workers.b]
ALLORA_WORKER_TOPIC_ID = 13
ALLORA_WORKER_TOKEN = "ETH"
[workers.paused]
paused = true
architecture = "x86_64"
"""


@pytest.fixture(autouse=True)
def builds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CodeBuild that builds."""
    for owner, name in (
        (CodeBuildBackend, "delete_project"),
        (CodeBuildBackend, "batch_get_builds"),
        (CodeBuildResponse, "start_build"),
    ):
        monkeypatch.setattr(owner, name, getattr(owner, name))
    check = responses._validate_required_params_source
    monkeypatch.setattr(responses, "_validate_required_params_source", check)
    monkeypatch.setattr(codebuild, "LOOKS", [])
    monkeypatch.setattr(building, "_POLL", 0)
    complete_codebuild()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ALLORA_ENV_FILE", str(tmp_path / ".env"))
    (tmp_path / ".env").write_text(SETTINGS)
    (tmp_path / "fleet.toml").write_text(FLEET)
    return tmp_path


@pytest.fixture
def context(folder: Path) -> Iterator[Context]:
    assert (folder / "fleet.toml").exists()
    with mock_aws():
        made = open_context()
        deploy_common(made)
        yield made


def deploy_common(context: Context) -> None:
    """What the stack has that the images need."""
    names, client = FleetNames(context.settings), context.session.client
    client("s3").create_bucket(Bucket=BUCKET)
    client("logs").create_log_group(logGroupName=names.log_groups["images"])
    for repository in Registry.of(context.settings).repositories.values():
        client("ecr").create_repository(repositoryName=repository, imageTagMutability="IMMUTABLE")
    client("codebuild").create_project(
        name=names.builder,
        source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "ARM_CONTAINER",
            "image": "i",
            "computeType": "BUILD_GENERAL1_SMALL",
            "environmentVariables": [],
        },
        serviceRole="arn:aws:iam::123456789012:role/builder",
        logsConfig={
            "cloudWatchLogs": {"status": "ENABLED", "groupName": names.log_groups["images"]}
        },
    )


def told(context: Context) -> list[Event]:
    """The events of a build of what is missing."""
    return list(build_missing(context))


def of(kind: type[Event], events: list[Event]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def started(context: Context) -> int:
    names = FleetNames(context.settings)
    client = context.session.client("codebuild")
    return len(client.list_builds_for_project(projectName=names.builder)["ids"])


def test_each_image_is_built_once_for_all_workers_that_run(context: Context) -> None:
    events = told(context)
    assert {each.image.kind for each in of(ImageBuilt, events)} == {"worker", "model"}
    assert len(of(BuildStarted, events)) == 2
    assert {each.phase for each in of(BuildPhase, events)} >= {"PRE_BUILD", "BUILD"}
    for build in distinct_builds(context.fleet.running if context.fleet else ()):
        repository = Registry.of(context.settings).repositories[build.kind]
        found = context.session.client("ecr").describe_images(
            repositoryName=repository, imageIds=[{"imageTag": build.tag}]
        )
        assert len(found["imageDetails"]) == 1
    assert told(context) == []
    assert started(context) == 2


def test_a_build_is_told_all_that_it_needs(context: Context) -> None:
    (event, *_) = of(BuildStarted, told(context))
    client = context.session.client("codebuild")
    (build,) = client.batch_get_builds(ids=[event.build_id])["builds"]
    environment = build["environment"]
    variables = {each["name"]: each["value"] for each in environment["environmentVariables"]}
    assert environment["type"] == "ARM_CONTAINER"
    assert "aarch64" in environment["image"]
    assert variables["IMAGE"] == event.image.reference
    assert "PYTHON_IMAGE=" in variables["ARGUMENTS"]
    prefix = f"s3://{BUCKET}/{FleetNames(context.settings).contexts_prefix}/"
    assert variables["CONTEXT"].startswith(prefix)


def test_an_image_of_the_user_is_not_built(folder: Path, context: Context) -> None:
    (folder / "fleet.toml").write_text("[workers.a]\nMODEL_IMAGE = 'ghcr.io/you/m:1'\n")
    built = of(ImageBuilt, told(open_context()))
    assert [each.image.kind for each in built] == ["worker"]
    assert started(context) == 1


def test_a_running_build_is_watched_and_not_started_again(context: Context) -> None:
    workers = context.fleet.workers if context.fleet else ()
    build, *_ = distinct_builds(workers)
    codebuild.LOOKS[:] = [2]
    image = Image.of(build, Registry.of(context.settings))
    running = CodeBuild(context).start(build, image)
    events = told(context)
    assert {each.build_id: each.is_older for each in of(BuildStarted, events)}[running] is True
    assert started(context) == 2
    assert len(of(ImageBuilt, events)) == 2


@pytest.mark.usefixtures("context")
def test_a_build_that_fails_names_phase_and_log_and_the_others_end(folder: Path) -> None:
    (folder / ".env").write_text(f"{SETTINGS}ALLORA_PYTHON_IMAGE=example.org/python{FAILS}\n")
    events: list[Event] = []
    workflow = build_missing(open_context())
    with pytest.raises(OperatorError) as raised:
        events.extend(workflow)
    assert raised.value.code is ErrorCode.IMAGE_BUILD
    assert "in the phase BUILD" in str(raised.value)
    assert "aws logs tail /allora-fleet/images --log-stream-names " in str(raised.value)
    failed = of(BuildFailed, events)
    assert len(failed) == 2
    assert failed[0].log == (f"example.org/python{FAILS}: not found",)


def test_ctrl_c_stops_no_build(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    codebuild.LOOKS[:] = [2, 2]
    with monkeypatch.context() as pressed:
        pressed.setattr(time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            told(context)
    events = told(context)
    assert [each.is_older for each in of(BuildStarted, events)] == [True, True]
    assert len(of(ImageBuilt, events)) == started(context) == 2


def test_who_pushes_second_has_not_failed(context: Context) -> None:
    """A tag never moves: the second push of one image is refused."""
    workers = context.fleet.workers if context.fleet else ()
    build, *_ = distinct_builds(workers)
    image = Image.of(build, Registry.of(context.settings))
    codebuild.LOOKS[:] = [1]
    events = build_missing(context)
    seen = [next(events), next(events)]
    assert isinstance(seen[1], BuildStarted)
    CodeBuild(context).start(build, image)
    assert of(BuildFailed, list(events)) == []


def test_more_builds_than_the_account_runs_wait(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = CodeBuild.start
    answers = iter([True, False, True])

    def limited(self: CodeBuild, *arguments: Any) -> str | None:
        return start(self, *arguments) if next(answers) else None

    monkeypatch.setattr(CodeBuild, "start", limited)
    events = told(context)
    assert len(of(BuildsWait, events)) == 1
    assert len(of(ImageBuilt, events)) == 2


def test_an_account_that_runs_no_builds_is_told_what_to_do(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new account's quota may be zero: nothing would end that one could wait for."""
    monkeypatch.setattr(CodeBuild, "start", lambda *_: None)
    with pytest.raises(OperatorError) as raised:
        told(context)
    assert raised.value.code is ErrorCode.IMAGE_BUILD
    assert "servicequotas/home/services/codebuild/quotas" in str(raised.value)
    assert "allora images --local" in str(raised.value)


@pytest.mark.usefixtures("folder")
def test_without_repositories_the_remedy_is_named() -> None:
    with mock_aws(), pytest.raises(OperatorError, match="allora deploy"):
        told(open_context())


def test_without_a_fleet_there_is_nothing_to_build(folder: Path) -> None:
    (folder / "fleet.toml").unlink()
    with mock_aws(), pytest.raises(OperatorError, match=r"no fleet\.toml"):
        next(images(Builder.CODEBUILD))


def test_every_event_has_a_sentence_and_a_line_of_json(
    context: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    events = told(context)
    image = of(ImagesMissing, events)[0].images[0]
    result = watch(images(Builder.CODEBUILD), JsonLines())
    for event in (*events, BuildsWait((image,)), BuildFailed(image, ()), result):
        assert [sentence.text for sentence in sentences(event)]
        JsonLines().show(event)
    assert image.reference in capsys.readouterr().out


DOCKER = """#!/bin/sh
echo "$*" >> "{log}"
case $1 in
  login) cat >> "{log}"; echo >> "{log}" ;;
  buildx) for last; do :; done; ls "$last" >> "{log}"; [ ! -e "{fails}" ] ;;
esac
"""


@pytest.fixture
def docker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Docker that writes down what it is asked for; the file's folder is on the PATH."""
    program = folder / "bin" / "docker"
    program.parent.mkdir()
    log = folder / "docker.log"
    program.write_text(DOCKER.format(log=log, fails=folder / "fails"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return log


def test_docker_builds_and_pushes(context: Context, docker: Path) -> None:
    built = of(ImageBuilt, list(build_missing(context, Builder.DOCKER)))
    assert len(built) == 2
    asked = docker.read_text().splitlines()
    host = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert asked[0] == f"login --username AWS --password-stdin {host}"
    assert asked[1].startswith("123456789012-auth-token")  # by stdin, not in the arguments
    assert asked[-1] == f"logout {host}"
    assert docker.read_text().count("Dockerfile") == 2
    assert docker.read_text().count("--platform=linux/arm64") == 2
    assert all(docker.read_text().count(f"--tag={each.image.reference} --push") for each in built)
    assert started(context) == 0


def test_what_docker_cannot_build_is_told(folder: Path, context: Context, docker: Path) -> None:
    (folder / "fails").touch()
    with pytest.raises(OperatorError, match="has failed") as raised:
        list(build_missing(context, Builder.DOCKER))
    assert raised.value.code is ErrorCode.IMAGE_BUILD
    assert docker.read_text().splitlines()[-1].startswith("logout")


def test_without_docker_codebuild_is_named(
    context: Context, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(OperatorError, match="CodeBuild"):
        list(build_missing(context, Builder.DOCKER))
