"""What the host runs and builds, as one archive: its scripts, and the build contexts of its images.

It does not fit into user data, which has the archive's digest instead: the host runs exactly what
was deployed, and is replaced when any of it changes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from settings import Settings

_SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"
_HOST = _SCRIPTS / "host"
_WORKER = _SCRIPTS / "worker"
_MODEL_SERVER = _SCRIPTS / "model_server"


class _Member(NamedTuple):
    """A file and its place below /opt/allora."""

    name: str
    file: Path
    executable: bool = False


def host_archive(settings: Settings) -> bytes:
    """Return a tar archive of /opt/allora.

    The same files give the same bytes on every computer: not compressed, because zlib builds
    differ, and without times, owners and the modes of the checkout.
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


# By name and suffix: what an editor or a test leaves beside them would replace the host.
def _members(settings: Settings) -> Iterator[_Member]:
    yield from _below("", _HOST, "compose.yaml", "lib/*.sh", "systemd/*.*")
    yield from _below("", _HOST, "bin/*.sh", "bin/*.py", executable=True)
    if not settings.worker_image:
        lock = f"locks/{settings.sdk_version}.txt"
        yield from _below(
            "build-contexts/worker/", _WORKER, "Dockerfile", "allora_worker/**/*.py", lock
        )
    if not (settings.model_image or settings.model_repo):
        yield from _below(
            "build-contexts/model_server/",
            _MODEL_SERVER,
            "Dockerfile",
            "model_server/**/*.py",
            "requirements.txt",
        )


def _below(
    prefix: str, folder: Path, *patterns: str, executable: bool = False
) -> Iterator[_Member]:
    for pattern in patterns:
        for file in folder.glob(pattern):
            name = f"{prefix}{file.relative_to(folder).as_posix()}"
            yield _Member(name, file, executable)
