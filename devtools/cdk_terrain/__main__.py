"""Move this checkout to CDK Terrain, for good: `make cdk-terrain`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from devtools.cdk_terrain.renaming import RenamingError, concerns, renamed

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Rename what CDK Terrain calls otherwise; a second time changes nothing.

    Raises:
        SystemExit: the checkout has changes that are not committed, or is not git's.
    """
    try:
        changed = renamed(_files())
    except RenamingError as error:
        sys.exit(str(error))
    if not changed:
        print("This checkout is on CDK Terrain already: nothing was changed.")
        return
    if _git("status", "--porcelain", "--untracked-files=no"):
        sys.exit(
            "This checkout has changes that are not committed. Commit them, or put them aside with "
            "'git stash'; then run the same command again."
        )
    for file, content in changed.items():
        (ROOT / file).write_bytes(content.encode())
    print(f"{len(changed)} files now name CDK Terrain. Next: make lock-packages && make setup")
    print("Then this says that nothing changes: cdktf diff allora-single-node")


def _files() -> dict[str, str]:
    files = [file for file in _git("ls-files", "-z").split("\0") if file and concerns(file)]
    return {file: (ROOT / file).read_bytes().decode() for file in files if (ROOT / file).is_file()}


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        sys.exit(
            f"{ROOT} is not a git checkout, so that the move could not be undone. Clone the "
            "project with git, and move the clone."
        )


if __name__ == "__main__":
    main()
