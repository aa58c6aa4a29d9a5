"""Which texts Terraform takes literally: those that the settings accept, and no others."""

from __future__ import annotations

import json
import random
from pathlib import Path

from settings.text_rules import misfit
from tests.terraform.conftest import Terraform

VARIABLE = "AWS_PROFILE"


def test_it_takes_literally_what_the_settings_accept(tmp_path: Path, terraform: Terraform) -> None:
    chance = random.Random(random.getrandbits(32))  # pytest-randomly prints the seed of `random`
    texts = {"".join(chance.choices("$%{}~!\\\"' a", k=8)) for _ in range(3000)}
    accepted = sorted(text for text in texts if misfit(VARIABLE, text) is None)
    assert len(accepted) > 500
    expected = {f"text-{number}": text for number, text in enumerate(accepted)}
    outputs = {name: {"value": text} for name, text in expected.items()}
    (tmp_path / "main.tf.json").write_text(json.dumps({"output": outputs}))
    assert terraform.outputs(tmp_path) == expected


def test_it_evaluates_what_the_settings_refuse(tmp_path: Path, terraform: Terraform) -> None:
    written = {
        "expression": "a ${path.module}",
        "directive": "a %{ if true }b%{ endif }",
        "escaped": "a $${path.module}",
        "escaped-directive": "a %%{ if }",
    }
    (tmp_path / "main.tf.json").write_text(
        json.dumps({"output": {name: {"value": text} for name, text in written.items()}})
    )
    outputs = terraform.outputs(tmp_path)
    for name, text in written.items():
        assert outputs[name] != text
        assert misfit(VARIABLE, text) is not None
