"""What some levels need beside the locked Python packages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tests.host import requirements

TESTS = Path(__file__).resolve().parent
CDKTF = TESTS.parent / "node_modules/cdktf-cli/bundle/bin/cdktf"
CHECKOV = TESTS.parent / ".tools" / "checkov" / "bin" / "checkov"


def missing_for(paths: Iterable[Path]) -> str | None:
    """Return in one sentence what the tests at and below some paths lack, or None."""
    for path in paths:
        for level, missing in _MISSING.items():
            folder = TESTS / level
            if folder in (path, *path.parents) or path in folder.parents:
                sentence = missing()
                if sentence:
                    return sentence
    return None


def _tools(level: str, *names: str | Path) -> str | None:
    lacking = [Path(name).name for name in names if not _is_there(name)]
    if not lacking:
        return None
    return (
        f"tests/{level} needs {' and '.join(lacking)}, not found here: `make test` installs what "
        f"is missing, and `scripts/test.sh {level}` then runs this level alone."
    )


def _is_there(name: str | Path) -> bool:
    """Whether a command is on the path, or a file is in its place."""
    return name.is_file() if isinstance(name, Path) else shutil.which(name) is not None


_MISSING: dict[str, Callable[[], str | None]] = {
    "security": partial(_tools, "security", CHECKOV),
    "terraform": partial(_tools, "terraform", "terraform", CDKTF),
    "local": partial(_tools, "local", "cdktf", "terraform"),
    "host": requirements.problem,
    "fleet": requirements.problem,
}
