"""What CodeBuild does to build an image, run as CodeBuild runs it, with stand-ins on the PATH."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from fleet.images import BUILDSPEC

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/allora-worker-fleet/worker:tag"
AWS = """#!/bin/bash
echo "aws $*" >> "{log}"
case $1 in
  ecr) echo password ;;
  s3) cat "{archive}" ;;
esac
"""
DOCKER = """#!/bin/bash
echo "docker$(printf ' [%s]' "$@")" >> "{log}"  # in one write, beside that of `aws`
case $1 in
  login) cat >> "{log}" ;;
  build) for last; do :; done; ls "$last" >> "{log}"; [ ! -e "{fails}" ] ;;
esac
"""


class Ran(NamedTuple):
    """How the commands ended, and what they asked for."""

    status: int
    asked: list[str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the programs that a build environment has, and a build context."""
    names = {name: tmp_path / name for name in ("log", "archive", "fails")}
    with tarfile.open(names["archive"], "w") as archive:
        archive.addfile(tarfile.TarInfo("Dockerfile"), io.BytesIO())
    for name, text in (("aws", AWS), ("docker", DOCKER)):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text.format(**names))
        program.chmod(0o755)
    return tmp_path


def run(folder: Path, arguments: str = "PYTHON_IMAGE=example.org/python:3\nA=b c") -> Ran:
    """Run the commands one after another in one shell, until one of them fails."""
    spec = yaml.safe_load(BUILDSPEC.read_text("utf-8"))
    assert spec["env"]["shell"] == "bash"
    commands = [
        command for phase in ("pre_build", "build") for command in spec["phases"][phase]["commands"]
    ]
    # CodeBuild's own lines come between the commands, and know nothing of their options.
    script = "\n".join(f"{command}\n[ $? = 0 ] || exit 7\n: $NOT_SET" for command in commands)
    done = subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env={
            "PATH": f"{folder / 'bin'}:/usr/bin:/bin",
            "CONTEXT": "s3://bucket/key.tar",
            "ARGUMENTS": arguments,
            "IMAGE": IMAGE,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(done.returncode, (folder / "log").read_text().splitlines())


def test_an_image_is_built_from_the_context_and_pushed(folder: Path) -> None:
    host = IMAGE.partition("/")[0]
    ran = run(folder)
    assert ran.status == 0
    # A pipe, whose two sides begin in any order.
    assert sorted(ran.asked[:3]) == [
        "aws ecr get-login-password",
        f"docker [login] [--username] [AWS] [--password-stdin] [{host}]",
        "password",
    ]
    assert ran.asked[3:] == [
        "aws s3 cp --only-show-errors s3://bucket/key.tar -",
        (
            f"docker [build] [--provenance=false] [--tag] [{IMAGE}] "
            "[--build-arg] [PYTHON_IMAGE=example.org/python:3] [--build-arg] [A=b c] [context]"
        ),
        "Dockerfile",
        f"docker [push] [{IMAGE}]",
    ]


def test_what_docker_cannot_build_is_not_pushed(folder: Path) -> None:
    (folder / "fails").touch()
    ran = run(folder)
    assert ran.status == 7
    assert not any("[push]" in line for line in ran.asked)


def test_a_context_that_does_not_come_is_not_built(folder: Path) -> None:
    (folder / "archive").unlink()
    ran = run(folder)
    assert ran.status == 7
    assert not any("[build]" in line for line in ran.asked)
