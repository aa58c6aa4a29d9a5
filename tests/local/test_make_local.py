"""The README's first command, in a copy of the project, as a newcomer types it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.deployment import ROOT, Result

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The tracked files, and what `make setup` has installed beside them."""
    directory = tmp_path_factory.mktemp("copy of the project")  # with spaces, as users have them
    files = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for file in filter(None, files):
        target = directory / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / file).read_bytes())
        target.chmod((ROOT / file).stat().st_mode)
    for installed in (".venv", ".tools", "node_modules"):
        (directory / installed).symlink_to(ROOT / installed)
    yield directory
    make(directory, "local-stop")


def make(directory: Path, target: str, **environment: str) -> Result:
    result = subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=directory,
        env={name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    return Result(result.returncode, _COLOURS.sub("", result.stdout.decode()))


def test_deploys_shows_the_outputs_and_an_empty_diff(copy: Path) -> None:
    # Real credentials in the shell are never used: with these, AWS itself would refuse.
    result = make(copy, "local", AWS_ACCESS_KEY_ID="real", AWS_PROFILE="real")
    assert result.returncode == 0, result.output
    assert result.output.count("No changes.") == 2
    assert "Nothing touched AWS" in result.output
    assert "make local-destroy" in result.output
    outputs = json.loads((copy / ".local/single-node-deploy.json").read_text())
    end = result.output[result.output.rindex("The outputs of allora-single-node") :]
    for name, value in outputs["allora-single-node"].items():
        assert name in end
        assert value in end


def test_again_applies_nothing(copy: Path) -> None:
    before = (copy / ".local/single-node-deploy.json").read_text()
    result = make(copy, "local")
    assert result.returncode == 0, result.output
    assert "created" not in result.output
    assert "Creating..." not in result.output
    assert (copy / ".local/single-node-deploy.json").read_text() == before


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_newcomer_s_shell_forgets_the_real_aws(copy: Path, shell: str) -> None:
    """In any shell: what a shell cannot read, it skips, and goes on with the real account."""
    real = {"AWS_PROFILE": "prod", "AWS_ACCESS_KEY_ID": "real", "AWS_ENDPOINT_URL_S3": "real"}
    result = subprocess.run(
        [shell, "-euc", ". ./.local/activate; env"],
        cwd=copy,
        env={"PATH": os.environ["PATH"]} | real,
        capture_output=True,
        text=True,
        check=True,
    )
    variables = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    assert "real" not in variables.values()
    assert "AWS_PROFILE" not in variables
    assert variables["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert variables["ALLORA_ENV_FILE"] == str(copy / ".env.local")


@pytest.mark.parametrize(
    ("command", "shown"),
    [("cdktf diff allora-common", "No changes."), ("allora doctor", "is the only one")],
)
def test_newcomer_s_shell_goes_on_with_it(copy: Path, command: str, shown: str) -> None:
    result = subprocess.run(
        ["bash", "-c", f". .local/activate && {command}"],
        cwd=copy,
        env={"HOME": os.environ["HOME"], "PATH": os.environ["PATH"], "AWS_PROFILE": "real"}
        | {name: value for name, value in os.environ.items() if name.startswith("TF_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown in result.stdout, result.stdout + result.stderr


def test_destroy_then_stop(copy: Path) -> None:
    destroyed = make(copy, "local-destroy")
    assert destroyed.returncode == 0, destroyed.output
    stopped = make(copy, "local-stop")
    assert stopped.returncode == 0
    assert "stopped" in stopped.output
    assert (copy / ".env.local").exists()
    again = make(copy, "local-stop")
    assert again.returncode == 0
    assert "not running" in again.output
