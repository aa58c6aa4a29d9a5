"""What a command wrote to its terminal, and when: an asciicast.

The format: https://docs.asciinema.org/manual/asciicast/v2/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from devtools.terminal_recorder.screens import Size, show
from devtools.terminal_recorder.svg import render

_PAUSE = 1.2
"""Seconds between two recordings that follow each other."""


@dataclass(frozen=True)
class Recording:
    """A terminal session.

    Attributes:
        size: the terminal's.
        events: seconds since the start, and what was written then.
        title: what it shows, for those who do not see it.
        exit_code: the command's; of several, the last one's.
    """

    size: Size
    events: tuple[tuple[float, str], ...]
    title: str
    exit_code: int = 0

    def then(self, other: Recording) -> Recording:
        """This one, and after it the other, on the same screen."""
        start = (self.events[-1][0] if self.events else 0.0) + _PAUSE
        later = tuple((start + at, text) for at, text in other.events)
        return Recording(
            self.size, self.events + later, f"{self.title}; {other.title}", other.exit_code
        )

    @property
    def text(self) -> str:
        """All that was written, with its control sequences."""
        return "".join(text for _, text in self.events)

    def save_cast(self, path: Path) -> None:
        """Writes an asciicast, version 2."""
        header = {
            "version": 2,
            "width": self.size.columns,
            "height": self.size.rows,
            "title": self.title,
            "env": {"TERM": "xterm-256color"},
        }
        lines = [header, *([round(at, 3), "o", text] for at, text in self.events)]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines),
            encoding="utf-8",
        )

    @classmethod
    def load_cast(cls, path: Path) -> Recording:
        """Reads an asciicast, version 2."""
        # By newlines alone: what was written may have other line separators in it.
        header, *events = map(json.loads, path.read_text(encoding="utf-8").strip("\n").split("\n"))
        return cls(
            Size(header["width"], header["height"]),
            tuple((at, text) for at, kind, text in events if kind == "o"),
            header.get("title", ""),
        )

    def svg(self) -> str:
        """An animated picture that needs no script and no font from elsewhere."""
        return render(show(self.events, self.size), self.size, self.title)
