"""`terraform validate` on what the app synthesizes for every sample."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from settings import load_settings
from settings.fleet import Fleet
from shared.stacks import FLEET, STACKS
from stacks.app import build_app
from tests.conftest import SAMPLES, sample_fleet
from tests.terraform.conftest import Terraform

PROVIDER = {"required_providers": {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}}


def test_every_sample_is_valid(tmp_path: Path, terraform: Terraform) -> None:
    """All at once, as modules of one configuration: most of the time is the provider's start."""
    modules = [stack for sample in SAMPLES for stack in synthesized(sample, tmp_path)]
    modules += synthesized(SAMPLES[0], tmp_path, sample_fleet())
    write(
        tmp_path,
        {
            "terraform": PROVIDER,
            "module": {
                "-".join(module.relative_to(tmp_path).parts): {
                    "source": f"./{module.relative_to(tmp_path)}"
                }
                for module in modules
            },
        },
    )
    answer = terraform.validate(tmp_path)
    assert answer["diagnostics"] == []
    assert answer["valid"]


def synthesized(sample: Path, directory: Path, fleet: Fleet | None = None) -> list[Path]:
    """The folders of a sample's stacks, as modules: without what only a root module may have.

    Every deployment of the other tests has that: a backend and import blocks.
    """
    outdir = directory / ("fleet" if fleet else sample.stem)
    build_app(load_settings(sample, {}), outdir=str(outdir), fleet=fleet).synth()
    stacks = sorted((outdir / "stacks").iterdir())
    assert {stack.name for stack in stacks} == {*STACKS, *([FLEET] if fleet else [])}
    for stack in stacks:
        content = json.loads((stack / "cdk.tf.json").read_text())
        del content["terraform"]["backend"]
        content.pop("import", None)
        write(stack, content)
    return stacks


def write(directory: Path, content: Mapping[str, Any]) -> None:
    (directory / "cdk.tf.json").write_text(json.dumps(content))


def test_what_the_provider_refuses_is_found_in_a_module(
    tmp_path: Path, terraform: Terraform
) -> None:
    network = {"aws_vpc": {"network": {"cidr_block": "10.0.0.0/8"}}}
    (tmp_path / "stack").mkdir()
    write(tmp_path / "stack", {"terraform": PROVIDER, "resource": network})
    write(tmp_path, {"terraform": PROVIDER, "module": {"one": {"source": "./stack"}}})
    answer = terraform.validate(tmp_path)
    assert not answer["valid"]
    assert "cidr_block" in answer["diagnostics"][0]["summary"]
