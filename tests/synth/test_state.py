"""Where the stacks' state lies, and in which account alone they may be deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from settings import Settings
from shared.stacks import STACKS
from stacks.app import build_app
from tests.synthesized import Stack


@pytest.mark.parametrize("name", STACKS)
def test_state_is_in_s3_encrypted_and_locked(
    name: str, synth: Callable[..., dict[str, Stack]]
) -> None:
    backend = synth()[name].json["terraform"]["backend"]
    assert backend == {
        "s3": {
            "bucket": "allora-tfstate-123456789012-eu-central-1",
            "key": f"{name}/terraform.tfstate",
            "region": "eu-central-1",
            "encrypt": True,
            "use_lockfile": True,
            "skip_region_validation": True,
            "allowed_account_ids": ["123456789012"],
        }
    }


@pytest.mark.parametrize("name", STACKS)
def test_another_account_is_refused(name: str, synth: Callable[..., dict[str, Stack]]) -> None:
    (provider,) = synth()[name].json["provider"]["aws"]
    assert provider["allowed_account_ids"] == ["123456789012"]
    assert provider["region"] == "eu-central-1"


def test_bucket_and_its_region_can_be_chosen(synth: Callable[..., dict[str, Stack]]) -> None:
    stacks = synth(TF_STATE_BUCKET="my-states", TF_STATE_REGION="us-east-1")
    for stack in stacks.values():
        backend = stack.json["terraform"]["backend"]["s3"]
        assert (backend["bucket"], backend["region"]) == ("my-states", "us-east-1")


def test_terraform_that_cannot_lock_is_refused(synth: Callable[..., dict[str, Stack]]) -> None:
    for stack in synth().values():
        assert stack.json["terraform"]["required_version"] == ">= 1.10.0"


def test_the_provider_has_its_full_name(synth: Callable[..., dict[str, Stack]]) -> None:
    for stack in synth().values():
        providers = stack.json["terraform"]["required_providers"]
        assert providers == {"aws": {"source": "hashicorp/aws", "version": "5.100.0"}}


def test_common_is_deployed_first(make_settings: Callable[..., Settings], tmp_path: Path) -> None:
    build_app(make_settings(), outdir=str(tmp_path)).synth()
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["stacks"]["allora-single-node"]["dependencies"] == ["allora-common"]
    assert manifest["stacks"]["allora-common"]["dependencies"] == []


def test_a_plan_without_the_other_stack_s_outputs_says_so_once(
    synth: Callable[..., dict[str, Stack]],
) -> None:
    """Terraform would report each missing attribute, after `cdktf destroy` for instance."""
    (remote,) = synth()["allora-single-node"].json["data"]["terraform_remote_state"].values()
    (condition,) = remote["lifecycle"]["postcondition"]
    assert condition["condition"] == "${length(self.outputs) > 0}"
    assert "allora-common is not deployed" in condition["error_message"]
    assert "terraform_remote_state" not in synth()["allora-common"].json.get("data", {})
