"""What `make local` and its counterparts make of the files in the project's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from devtools.embedded_aws import workspace
from shared.stacks import COMMON, FLEET, SINGLE_NODE


def test_the_stack_of_a_fleet_is_destroyed_with_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cdktf CLI refuses to destroy `allora-common` without what depends on it."""
    monkeypatch.setattr(workspace, "ENV_FILE", tmp_path / ".env.local")
    assert workspace.stacks() == (COMMON, SINGLE_NODE)
    (tmp_path / "fleet.toml").touch()
    assert workspace.stacks() == (COMMON, SINGLE_NODE, FLEET)
