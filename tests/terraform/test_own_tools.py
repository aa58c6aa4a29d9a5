"""A `cdktf` and a Terraform of the user's own, in the project's folder, with nothing activated."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / "node_modules/cdktf-cli/bundle/bin/cdktf"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """What a shell has with Python, Node.js and Terraform alone, where no registry answers."""
    commands = tmp_path / "commands"
    commands.mkdir()
    terraform = (ROOT / ".tools" / "terraform" / "terraform").resolve()
    (commands / "terraform").symlink_to(terraform)
    for name in ("sh", "dirname"):
        (commands / name).symlink_to(shutil.which(name) or name)
    # Not `python`, which many systems do not have, and none of this project's packages.
    (commands / "python3").symlink_to(Path(sys.executable).resolve())
    (commands / "node").symlink_to((ROOT / ".venv" / "bin" / "node").resolve())
    settings = tmp_path / "env"
    settings.write_text("AWS_ACCOUNT_ID=123456789012\nAWS_REGION=eu-central-1\n")
    return {
        "PATH": str(commands),
        "HOME": str(tmp_path),
        "ALLORA_ENV_FILE": str(settings),
        "CDKTF_OUTPUT": str(tmp_path / "cdktf.out"),
        "CDKTF_DISABLE_PLUGIN_CACHE_ENV": "1",
        "DISABLE_VERSION_CHECK": "1",
        "CHECKPOINT_DISABLE": "1",
        "CI": "1",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }


def test_they_synthesize_and_find_the_provider(tmp_path: Path, environment: dict[str, str]) -> None:
    assert shutil.which("python", path=environment["PATH"]) is None
    run(environment, ROOT, "node", str(CLI), "synth")
    for stack in ("allora-common", "allora-single-node"):
        folder = tmp_path / "cdktf.out" / "stacks" / stack
        assert (folder / "cdk.tf.json").exists()
        run(environment, folder, "terraform", "init", "-backend=false", "-input=false")
        assert "valid" in run(environment, folder, "terraform", "validate")


def run(environment: dict[str, str], directory: Path, *command: str) -> str:
    found = shutil.which(command[0], path=environment["PATH"])
    assert found
    result = subprocess.run(
        [found, *command[1:]],
        cwd=directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout
