"""The Docker build contexts of the project's own worker and model, as one archive for the host.

They do not fit into the user data (16 KiB). What the user data has instead is the archive's digest,
so that the host builds exactly what was deployed, and is replaced when that changes.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

from settings import Settings

_CONTAINERS = Path(__file__).resolve().parent.parent / "containers"


def build_contexts(settings: Settings) -> bytes | None:
    """A tar archive with ``worker/`` and ``model_server/``, as far as the settings need them.

    The same files give the same bytes on every computer: not compressed, because zlib builds
    differ, and without times, owners and modes.

    Returns:
        The archive; None when the host builds neither.
    """
    files = sorted({*_worker_files(settings), *_model_files(settings)})
    if not files:
        return None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in files:
            content = file.read_bytes()
            member = tarfile.TarInfo(file.relative_to(_CONTAINERS).as_posix())
            member.size = len(content)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


# By name and suffix: what an editor or a test leaves beside them would replace the host.
def _worker_files(settings: Settings) -> Iterator[Path]:
    if settings.worker_image:
        return
    context = _CONTAINERS / "worker"
    yield context / "Dockerfile"
    yield from (context / "allora_worker").rglob("*.py")
    yield context / "locks" / f"{settings.sdk_version}.txt"


def _model_files(settings: Settings) -> Iterator[Path]:
    if settings.model_image or settings.model_repo:
        return
    context = _CONTAINERS / "model_server"
    yield context / "Dockerfile"
    yield from (context / "model_server").rglob("*.py")
    yield context / "requirements.txt"
