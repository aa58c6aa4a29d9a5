"""Pack the host's scripts and its images' build contexts into one archive.

User data holds the digest, so a change replaces the host.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from settings import Settings

FORGE_CONTEXT = "build-contexts/forge_server"
FORGE_MODEL = "forge"
"""The folder of the model that comes with the archive."""
FORGE_FILE = "predict.pkl"

_ROOT = Path(__file__).resolve().parent.parent


class _Member(NamedTuple):
    """A file, by its path below /opt/allora."""

    name: str
    content: bytes
    executable: bool = False


def host_archive(settings: Settings) -> bytes:
    """Return a reproducible tar archive of /opt/allora.

    It is not compressed, because zlib builds differ, and has no times, owners or original modes.
    """
    return _pack(_members(settings))


@cache
def worker_context(sdk_version: str) -> bytes:
    """Return the build context of the worker's image, as a reproducible tar archive."""
    return _pack(_worker_context("", sdk_version))


@cache
def model_context() -> bytes:
    """Return the build context of the project's own model, as a reproducible tar archive."""
    return _pack(_model_context(""))


def _pack(members: Iterable[_Member]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member in sorted(members):
            entry = tarfile.TarInfo(member.name)
            entry.size = len(member.content)
            entry.mode = 0o755 if member.executable else 0o644
            archive.addfile(entry, io.BytesIO(member.content))
    return buffer.getvalue()


def _members(settings: Settings) -> Iterator[_Member]:
    host = _ROOT / "scripts/host"
    yield from _below(host, "", "compose.yaml", "lib/*.sh")
    yield from _below(host, "", "systemd/*.service", "systemd/*.timer")
    yield from _below(host, "", "bin/*.sh", "bin/*.py", executable=True)
    if not settings.worker_image:
        yield from _worker_context("build-contexts/worker/", settings.sdk_version)
    if settings.runs_own_model:
        yield from _model_context("build-contexts/model_server/")
    if settings.model_forge:
        yield from _forge_model(settings)


def _worker_context(prefix: str, sdk_version: str) -> Iterator[_Member]:
    folder = _ROOT / "containers/worker"
    patterns = (
        "Dockerfile",
        "allora_worker/**/*.py",
        "allora_worker/*.json",
        f"locks/{sdk_version}.txt",
    )
    return _below(folder, prefix, *patterns)


def _model_context(prefix: str) -> Iterator[_Member]:
    folder = _ROOT / "containers/model_server"
    return _below(folder, prefix, "Dockerfile", "model_server/**/*.py", "requirements.txt")


def _forge_model(settings: Settings) -> Iterator[_Member]:
    context = f"{FORGE_CONTEXT}/"
    folder = _ROOT / "containers/forge_server"
    yield from _below(folder, context, "Dockerfile", "forge_server/**/*.py")
    requirements = "".join(f"{requirement}\n" for requirement in settings.model_requirements)
    yield _Member(f"{context}requirements.txt", requirements.encode())
    if file := settings.forge_file:
        yield _Member(f"{FORGE_MODEL}/{FORGE_FILE}", file.read_bytes())


def _below(
    folder: Path, prefix: str, *patterns: str, executable: bool = False
) -> Iterator[_Member]:
    """Yield the files of these patterns; an editor's backup must not replace the host."""
    for pattern in patterns:
        for file in folder.glob(pattern):
            name = f"{prefix}{file.relative_to(folder).as_posix()}"
            yield _Member(name, file.read_bytes(), executable)
