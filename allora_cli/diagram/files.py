"""The picture as files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from allora_cli.diagram.fonts import BOLD, REGULAR
from allora_cli.errors import OperatorError, Trouble

NAME = "architecture"
_ZOOM = 2
"""Pixels of the PNG for one of the SVG, so that it is sharp on any screen."""


class Format(StrEnum):
    """Which files are written."""

    SVG = "svg"
    PNG = "png"
    BOTH = "both"


def to_png(svg: str) -> bytes:
    """Return an SVG as PNG, drawn with the project's own fonts and none of the system's."""
    import resvg_py  # noqa: PLC0415 - only where a PNG is made

    png: bytes = resvg_py.svg_to_bytes(
        svg_string=svg,
        skip_system_fonts=True,
        font_files=[str(REGULAR), str(BOLD)],
        font_family="DejaVu Sans",
        zoom=_ZOOM,
        dpi=96,
    )
    return png


def write(svg: str, folder: Path, format_: Format) -> list[Path]:
    """Writes the picture; returns the files.

    Raises:
        OperatorError: the folder cannot be made or written to.
    """
    contents = {}
    if format_ is not Format.PNG:
        contents[folder / f"{NAME}.svg"] = svg.encode()
    if format_ is not Format.SVG:
        contents[folder / f"{NAME}.png"] = to_png(svg)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            path.write_bytes(content)
    except OSError as error:
        raise OperatorError(
            Trouble.OUTPUT_FOLDER,
            f"Cannot write to {str(folder)!r}: {error.strerror}. "
            "Choose another folder: pipenv run allora diagram --output-dir DIR",
        ) from error
    return list(contents)
