"""Real Terraform with the real AWS provider."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def terraform() -> str:
    """The Terraform that `make setup` chose; there is no test without it."""
    found = shutil.which("terraform")
    assert found, "terraform is not in the path: run the tests with `make test`"
    return found


@pytest.fixture(scope="session")
def terraform_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which no real credentials are used and the provider is fetched once."""
    cache: Path = tmp_path_factory.mktemp("plugins")
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | {
        "TF_PLUGIN_CACHE_DIR": str(cache),
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE": "1",
        "TF_IN_AUTOMATION": "1",
    }
