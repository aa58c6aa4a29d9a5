"""Read the files of user data, and write them as cloud-init does, below another root."""

from __future__ import annotations

from pathlib import Path

from user_data.cloud_config import read_files

__all__ = ["read_files", "unpack"]


def unpack(user_data_base64: str, root: Path) -> None:
    """Write the files of user data below `root`, and start nothing."""
    for file in read_files(user_data_base64):
        path = root / file.path.removeprefix("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.content, encoding="utf-8")
        path.chmod(0o755 if file.executable else 0o644)
