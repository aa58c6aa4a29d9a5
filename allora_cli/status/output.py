"""How the status of a single host's worker is shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from allora_cli.status.collect import Status
from allora_cli.status.diagnosis import judge
from allora_cli.status.document import document_of
from allora_cli.status.screen import dashboard_line, explorer_lines, headline, screen_of


@dataclass(frozen=True)
class HostView:
    """See `watching.View`.

    Attributes:
        with_plot: whether to draw the last day's windows, rewards and scores.
    """

    with_plot: bool = False

    def at(self, seen: Status) -> datetime:
        """Return when it was looked at."""
        return seen.at

    def document(self, seen: Status) -> dict[str, Any]:
        """Return the document for scripts."""
        return document_of(seen, judge(seen)).as_json()

    def headline(self, seen: Status) -> Text:
        """Return the network's verdict."""
        return headline(judge(seen))

    def screen(self, seen: Status, width: int) -> RenderableType:
        """Return the page, for so many columns."""
        return screen_of(seen, judge(seen), width=width, with_plot=self.with_plot)

    def lines(self, seen: Status) -> list[Text]:
        """Return the addresses of the dashboard and of the explorer's pages."""
        return [dashboard_line(seen), *explorer_lines(seen)]
