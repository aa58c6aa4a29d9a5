"""Prepare the folders that a synth writes: the pinned AWS provider, and no other state's backend.

Terraform looks into `terraform.d/plugins` below its working directory before it asks the registry,
and takes the version and hashes of the lock file.
https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
https://developer.hashicorp.com/terraform/language/files/dependency-lock
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from shared.stacks import IMPORTS_FILE

_ROOT = Path(__file__).resolve().parent.parent
LOCK_FILE = _ROOT / "scripts" / "setup" / "provider" / ".terraform.lock.hcl"
"""The AWS provider's version and its hashes for every platform."""

INSTALLED_PROVIDERS = _ROOT / ".tools" / "terraform" / ".terraform" / "providers"
"""Where `make setup` installs the provider."""


def prepare_working_directories(outdir: Path) -> None:
    """Put the lock file, and a link to the installed provider, into each stack's folder.

    Without an installed provider, Terraform downloads it from the registry, and checks it as well.

    Args:
        outdir: the folder of the synthesized app.
    """
    for stack in outdir.glob("stacks/*/"):
        (stack / LOCK_FILE.name).write_bytes(LOCK_FILE.read_bytes())
        _link(stack / "terraform.d" / "plugins", INSTALLED_PROVIDERS)
        _forget_another_backend(stack)
        (stack / IMPORTS_FILE).unlink(missing_ok=True)


def _forget_another_backend(stack: Path) -> None:
    """Remove the connection to a state in another place than the settings now name.

    Terraform would refuse to go on, and propose to copy that state over the one in the new place.
    It connects the folder anew instead, as with `terraform init -reconfigure`: the states lie in S3
    alone, and this file only says where.
    https://developer.hashicorp.com/terraform/cli/commands/init#backend-initialization
    """
    pointer = stack / ".terraform" / "terraform.tfstate"
    try:
        before = json.loads(pointer.read_bytes())["backend"]["config"]
        now = json.loads((stack / "cdk.tf.json").read_bytes())["terraform"]["backend"]["s3"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if _set(before) != _set(now):
        pointer.unlink()


def _set(config: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if value is not None}


def _link(link: Path, target: Path) -> None:
    """Create a link, but not over an existing folder."""
    link.parent.mkdir(exist_ok=True)
    if link.is_symlink() and link.readlink() != target:
        link.unlink()
    if not os.path.lexists(link):
        link.symlink_to(target)
