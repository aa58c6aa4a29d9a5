"""`terraform validate` on what the app synthesizes for every sample."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from main import build_app
from settings import load_settings
from tests.conftest import SAMPLES
from tests.terraform.conftest import Terraform


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_sample_is_valid_terraform(sample: Path, tmp_path: Path, terraform: Terraform) -> None:
    build_app(load_settings(sample, {}), outdir=str(tmp_path)).synth()
    stacks = sorted((tmp_path / "stacks").iterdir())
    assert [stack.name for stack in stacks] == ["allora-common", "allora-single-node"]
    for stack in stacks:
        answer = json.loads(terraform.validate(stack))
        assert answer["valid"], answer["diagnostics"]
        assert answer["warning_count"] == 0, answer["diagnostics"]


def test_what_the_provider_refuses_is_found(tmp_path: Path, terraform: Terraform) -> None:
    (tmp_path / "cdk.tf.json").write_text(
        json.dumps(
            {
                "terraform": {
                    "required_providers": {"aws": {"source": "aws", "version": "5.100.0"}}
                },
                "resource": {"aws_vpc": {"network": {"cidr_block": "10.0.0.0/8"}}},
            }
        )
    )
    answer = json.loads(terraform.validate(tmp_path))
    assert not answer["valid"]
    assert "cidr_block" in answer["diagnostics"][0]["summary"]
