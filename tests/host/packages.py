"""An index of Python packages, with those of the images' lock files."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement

from tests.host import cache
from tests.host.command import run
from tests.host.web import Request, Response

LOCKS = (
    *("containers/worker/locks/*.txt", "containers/model_server/requirements.txt"),
    "tests/host/forge.txt",
)
"""The images' lock files, and that of a model."""
NAME = "packages.test"
"""The index's name in the network of the host."""

_ROOT = Path(__file__).resolve().parents[2]
# What runs on the image's Python 3.13 and Debian 13.
_ENVIRONMENT = {"python_version": "3.13", "python_full_version": "3.13.0"}
_FOR_THE_IMAGE = (
    *("--only-binary=:all:", "--python-version", "3.13", "--implementation", "cp"),
    *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"),
    *("--platform", "manylinux2014_x86_64", "--platform", "manylinux1_x86_64"),
)


def wheels() -> Path:
    """A directory with everything that the lock files name, downloaded once."""
    locks = sorted(lock for pattern in LOCKS for lock in _ROOT.glob(pattern))
    recipe = [hashlib.sha256(lock.read_bytes()).hexdigest() for lock in locks]
    return cache.kept("wheels", [_FOR_THE_IMAGE, recipe], lambda path: _download(path, locks))


def _download(directory: Path, locks: Iterable[Path]) -> None:
    directory.mkdir()
    for lock in locks:
        requirements = directory / "requirements.txt"
        requirements.write_text(_for_the_image(lock.read_text()))
        run(
            *(sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"),
            *(*_FOR_THE_IMAGE, "--dest", str(directory), "--requirement", str(requirements)),
            timeout=1800,
        )
        requirements.unlink()


def _for_the_image(lock: str) -> str:
    """The requirements that apply there: pip itself asks about the Python that it runs on."""
    chosen = []
    # The requirement with its marker, and the lines with its hashes.
    for text, hashes in re.findall(r"(?m)^([A-Za-z0-9].*?) \\\n((?: .*\n?)+)", lock):
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate(_ENVIRONMENT):
            chosen.append(f"{requirement.name}{requirement.specifier} \\\n{hashes}")
    return "".join(chosen)


class PackageIndex:
    """Serves a directory of wheels.

    https://packaging.python.org/en/latest/specifications/simple-repository-api/
    """

    def __init__(self, directory: Path) -> None:
        self._files: dict[str, list[Path]] = {}
        for file in sorted(directory.iterdir()):
            self._files.setdefault(_normalized(file.name.partition("-")[0]), []).append(file)

    def __call__(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        files = self._files.get(parts[1], []) if len(parts) > 1 else []
        if parts[0] == "simple" and files:
            links = (f'<a href="/files/{parts[1]}/{file.name}">{file.name}</a>' for file in files)
            page = f"<!DOCTYPE html><html><body>{'<br>'.join(links)}</body></html>"
            return Response(200, page.encode(), {"Content-Type": "text/html"})
        for file in files:
            if parts[0] == "files" and file.name == parts[-1]:
                return Response(200, file.read_bytes())
        return Response(404)


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
