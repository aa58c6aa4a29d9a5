"""The stacks' Terraform, as `cdktf synth` would write it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from allora_cli.terraform import synthesis


def synthesize() -> dict[str, dict[str, Any]]:
    """Return the Terraform JSON of each stack, by the stack's id.

    Raises:
        OperatorError: a setting is wrong that only the stacks check, or the synth failed.
    """
    with tempfile.TemporaryDirectory() as directory:
        synthesis.synthesize(Path(directory))
        return {
            file.parent.name: json.loads(file.read_text(encoding="utf-8"))
            for file in sorted(Path(directory).glob("stacks/*/cdk.tf.json"))
        }
