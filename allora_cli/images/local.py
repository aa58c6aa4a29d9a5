"""Build images with the Docker of this computer, and push them to ECR."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.events import Workflow
from allora_cli.images.ecr import login_password
from allora_cli.images.events import BuildFailed, BuildStarted, Image, ImageBuilt
from allora_cli.terminal.interrupts import Forwarding
from fleet.images import Build, Registry

_LOG_LINES: Final = 20


def build_locally(context: Context, wanted: Mapping[Build, Image]) -> Workflow[None]:
    """Build images one after another.

    Raises:
        OperatorError: there is no Docker, or it has failed.
    """
    docker = shutil.which("docker")
    if docker is None:
        raise OperatorError(
            ErrorCode.NOT_INSTALLED,
            "Docker is not installed, or not in the PATH. Nothing was built. Install it, or leave "
            "out --local: then CodeBuild builds the images.",
        )
    host = Registry.of(context.settings).host
    _log_in(docker, host, login_password(context))
    try:
        for build, image in wanted.items():
            yield BuildStarted(image)
            if log := _build(docker, build, image):
                yield BuildFailed(image, log)
                raise _failed(f"docker buildx build of {image}")
            yield ImageBuilt(image)
    finally:
        subprocess.run([docker, "logout", host], capture_output=True, check=False)


def _log_in(docker: str, host: str, password: str) -> None:
    done = subprocess.run(
        [docker, "login", "--username", "AWS", "--password-stdin", host],
        input=password.encode(),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise _failed(f"docker login to {host}", ": ".join(["", *lines[-1:]]))


def _build(docker: str, build: Build, image: Image) -> tuple[str, ...]:
    """Build and push an image; return the last lines of the log if that fails."""
    with (
        tempfile.TemporaryDirectory(prefix="allora-image-") as folder,
        tempfile.TemporaryFile() as log,
        Forwarding() as signals,
    ):
        with tarfile.open(fileobj=io.BytesIO(build.context)) as archive:
            archive.extractall(folder, filter="data")
        command = [
            *(docker, "buildx", "build", "--progress=plain"),
            *(f"--platform=linux/{build.architecture}", "--provenance=false"),
            *(f"--build-arg={name}={value}" for name, value in build.arguments),
            *(f"--tag={image.reference}", "--push", folder),
        ]
        process = signals.start(command, cwd=Path(folder), env=os.environ, stdout=log)
        return _last_lines(log) if process.wait() else ()


def _last_lines(log: IO[bytes]) -> tuple[str, ...]:
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()
    return tuple(lines[-_LOG_LINES:]) or ("no output",)


def _failed(what: str, why: str = "") -> OperatorError:
    return OperatorError(
        ErrorCode.IMAGE_BUILD,
        f"{what} has failed{why}. No task was changed. Run the same command again when it is "
        "mended; without --local, CodeBuild builds the images.",
    )
