#!/usr/bin/env python3
"""Pack the archive that the host fetches, and tell Terraform its digest.

    python3 pack.py

Needs Python 3.9 and nothing else. The same files make the same archive on every computer.
"""

import hashlib
import io
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ARCHIVES = HERE / "build-contexts"


def pack(folder: Path) -> bytes:
    """Return a tar archive of a folder's files, without times and owners."""
    files = {
        file.relative_to(folder).as_posix(): file
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            content = files[name].read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755 if files[name].stat().st_mode & 0o100 else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def main() -> None:
    """Write each archive beside the stacks, and its digest into a file with variables."""
    for folder in HERE.glob("stacks/*/archive"):
        content = pack(folder)
        digest = hashlib.sha256(content).hexdigest()
        (ARCHIVES / f"{digest}.tar").write_bytes(content)
        variables = folder.with_name("archive.auto.tfvars")
        variables.write_text(f'archive_sha256 = "{digest}"\n', encoding="utf-8")
        print(f"Packed {digest}.tar. Now: terraform apply in {folder.parent}")


if __name__ == "__main__":
    main()
