"""Pack the host's scripts and its images' build contexts into one archive.

User data holds the digest, so a change replaces the host.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from settings import Settings

_ROOT = Path(__file__).resolve().parent.parent


class _Member(NamedTuple):
    """A file, by its path below /opt/allora."""

    name: str
    file: Path
    executable: bool = False


def host_archive(settings: Settings) -> bytes:
    """Return a reproducible tar archive of /opt/allora.

    It is not compressed, because zlib builds differ, and has no times, owners or original modes.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member in sorted(_members(settings)):
            content = member.file.read_bytes()
            entry = tarfile.TarInfo(member.name)
            entry.size = len(content)
            entry.mode = 0o755 if member.executable else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _members(settings: Settings) -> Iterator[_Member]:
    host = _ROOT / "scripts/host"
    yield from _below(host, "", "compose.yaml", "lib/*.sh")
    yield from _below(host, "", "systemd/*.service", "systemd/*.timer")
    yield from _below(host, "", "bin/*.sh", "bin/*.py", executable=True)
    if not settings.worker_image:
        yield from _below(
            _ROOT / "containers/worker",
            "build-contexts/worker/",
            "Dockerfile",
            "allora_worker/**/*.py",
            "allora_worker/*.json",
            f"locks/{settings.sdk_version}.txt",
        )
    if settings.runs_own_model:
        yield from _below(
            _ROOT / "containers/model_server",
            "build-contexts/model_server/",
            "Dockerfile",
            "model_server/**/*.py",
            "requirements.txt",
        )


def _below(
    folder: Path, prefix: str, *patterns: str, executable: bool = False
) -> Iterator[_Member]:
    """Yield the files of these patterns; an editor's backup must not replace the host."""
    for pattern in patterns:
        for file in folder.glob(pattern):
            name = f"{prefix}{file.relative_to(folder).as_posix()}"
            yield _Member(name, file, executable)
