"""The stacks' Terraform, as `cdktf synth` would write it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from allora_cli.errors import OperatorError, Trouble

ROOT = Path(__file__).resolve().parents[2]


def synthesize() -> dict[str, dict[str, Any]]:
    """The Terraform JSON of each stack, by the stack's id; needs neither credentials nor network.

    In a process of its own: only `main.py` and the stacks load `cdktf` (ADR 1). The settings should
    have been loaded before: what is wrong with them is then told at once.

    Raises:
        OperatorError: a setting is wrong that only the stacks check, or the synth failed.
    """
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.run(
            [sys.executable, str(ROOT / "main.py")],
            env={**os.environ, "CDKTF_OUTDIR": directory},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
        if process.returncode:
            said = process.stderr.strip() or "no message"
            if process.returncode == os.EX_CONFIG:
                raise OperatorError(Trouble.SETTINGS, said)
            raise OperatorError(
                Trouble.SYNTH,
                f"The stacks could not be synthesized: {said.splitlines()[-1]} "
                "The whole message: python main.py. After an update of the project: make setup",
            )
        return {
            file.parent.name: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(Path(directory).glob("stacks/*/cdk.tf.json"))
        }
