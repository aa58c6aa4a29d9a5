"""The picture as files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from allora_cli.errors import ErrorCode, OperatorError

Format = Literal["svg", "png", "both"]


def to_png(svg: str) -> bytes:
    """Return an SVG as PNG, twice as large, with the project's fonts instead of the system's."""
    import resvg_py  # noqa: PLC0415 - only where a PNG is made

    fonts = [str(Path(__file__).with_name("dejavu"))]
    return bytes(resvg_py.svg_to_bytes(svg, skip_system_fonts=True, font_dirs=fonts, zoom=2))


def write(svg: str, folder: Path, format_: Format) -> list[Path]:
    """Write the picture; return the files.

    Raises:
        OperatorError: the folder cannot be made or written to.
    """
    files = {folder / "architecture.svg": svg.encode()} if format_ != "png" else {}
    if format_ != "svg":
        files[folder / "architecture.png"] = to_png(svg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            path.write_bytes(content)
    except OSError as error:
        raise OperatorError(
            ErrorCode.OUTPUT_FOLDER,
            f"Cannot write to {str(folder)!r}: {error.strerror}. "
            "Choose another folder: allora diagram --output-dir DIR",
        ) from error
    return list(files)
