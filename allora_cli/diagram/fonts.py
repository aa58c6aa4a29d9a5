"""Measure a text by the tables of a TrueType font; the same on every computer.

The tables: https://learn.microsoft.com/typography/opentype/spec/otff

The fonts in `dejavu/` are DejaVu 2.37 with the Latin letters, punctuation, arrows and mathematical
operators only, made with fonttools:

    pyftsubset NAME.ttf --unicodes=U+0020-024F,U+2000-206F,U+20A0-20CF,U+2190-21FF,U+2200-22FF
        --name-IDs='*' --no-hinting --notdef-outline --drop-tables+=FFTM,MATH
"""

from __future__ import annotations

import struct
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("dejavu")

REGULAR = _FOLDER / "DejaVuSansCondensed.ttf"
BOLD = _FOLDER / "DejaVuSansCondensed-Bold.ttf"
"""As wide as the sans-serif fonts of the usual systems, in which a browser shows the picture."""


def text_width(text: str, size: int, *, bold: bool = False) -> int:
    """The width of a text in a font size, both in pixels, rounded up."""
    font = _font(BOLD if bold else REGULAR)
    units = sum(font.advance(ord(character)) for character in text)
    return -(-units * size // font.units_per_em)


@cache
def _font(path: Path) -> _Font:
    return _Font(path.read_bytes())


class _Font:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._tables = {
            tag: offset
            for tag, _, offset, _ in struct.iter_unpack(
                ">4sLLL", content[12 : 12 + 16 * self._u16(4)]
            )
        }
        self.units_per_em = self._u16(self._tables[b"head"] + 18)
        self._metrics = self._u16(self._tables[b"hhea"] + 34)
        self._glyphs = self._read_character_map()

    def advance(self, character: int) -> int:
        glyph = min(self._glyphs.get(character, 0), self._metrics - 1)
        return self._u16(self._tables[b"hmtx"] + 4 * glyph)

    def _u16(self, offset: int) -> int:
        return int.from_bytes(self._content[offset : offset + 2], "big")

    def _u32(self, offset: int) -> int:
        return int.from_bytes(self._content[offset : offset + 4], "big")

    def _read_character_map(self) -> dict[int, int]:
        """The subtable in format 12, which has all characters."""
        table = self._tables[b"cmap"]
        offsets = (
            table + self._u32(table + 8 + 8 * index) for index in range(self._u16(table + 2))
        )
        full = next(offset for offset in offsets if self._u16(offset) == 12)  # noqa: PLR2004
        groups = self._content[full + 16 : full + 16 + 12 * self._u32(full + 12)]
        return {
            character: glyph + character - first
            for first, last, glyph in struct.iter_unpack(">LLL", groups)
            for character in range(first, last + 1)
        }
