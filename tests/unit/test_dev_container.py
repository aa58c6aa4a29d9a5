from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTAINER = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))


def test_it_is_set_up_by_the_readmes_command() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert CONTAINER["postCreateCommand"] in re.findall(r"^\s*(make setup)$", readme, re.MULTILINE)


def test_its_terminals_find_the_projects_tools() -> None:
    directory, _, rest = CONTAINER["remoteEnv"]["PATH"].partition(":")
    assert directory.removeprefix("${containerWorkspaceFolder}/") == ".venv/bin"
    assert rest == "${containerEnv:PATH}"


def test_its_image_is_defined_here() -> None:
    assert (ROOT / ".devcontainer" / CONTAINER["build"]["dockerfile"]).is_file()
