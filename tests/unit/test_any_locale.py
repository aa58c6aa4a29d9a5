"""What a command prints where the locale's encoding lacks some of its characters."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.any_locale import print_in_any_locale

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", "[ok] [x] caf? ... -> ?"),
        ("iso-8859-1", "[ok] [x] café ... -> ?"),
        ("utf-8", "✔ ✘ café … → ☕"),
    ],
)
def test_only_what_the_encoding_lacks_is_spelt(encoding: str, written: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    print_in_any_locale(stream)
    print("✔ ✘ café … → ☕", end="", file=stream, flush=True)
    assert raw.getvalue().decode(encoding) == written


def run(tmp_path: Path, settings: str, *command: str) -> subprocess.CompletedProcess[bytes]:
    (tmp_path / "env").write_text(settings, encoding="utf-8")
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ
        | {
            "ALLORA_ENV_FILE": str(tmp_path / "env"),
            "CDKTF_OUTDIR": str(tmp_path / "out"),
            "PYTHONIOENCODING": "iso-8859-1",  # as Python does in such a locale: strictly
        },
        capture_output=True,
        check=False,
    )


def test_a_synth_prints_its_warnings(tmp_path: Path) -> None:
    settings = "AWS_ACCOUNT_ID=123456789012\nAWS_REGION=us-east-1\nMODEL_IMAGE=ghcr.io/me/model\n"
    result = run(tmp_path, settings, "main.py")
    assert result.returncode == 0, result.stderr
    assert b"Warning: " in result.stdout
    assert b"..." in result.stdout
    assert (tmp_path / "out" / "stacks" / "allora-common" / "cdk.tf.json").exists()


def test_the_operators_command_prints_its_errors(tmp_path: Path) -> None:
    result = run(tmp_path, "AWS_REGION=☕\n", "-m", "allora_cli", "status")
    assert result.returncode == 1
    assert b"AWS_REGION" in result.stderr
    assert b"Traceback" not in result.stderr
