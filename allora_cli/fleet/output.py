"""How the status of a fleet, or of one of its workers, is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from allora_cli.fleet.collect import FleetStatus
from allora_cli.fleet.diagnosis import judge
from allora_cli.fleet.document import document_of
from allora_cli.fleet.screen import headline_of, screen_of, screen_of_one
from allora_cli.status.screen import headline


class FleetView:
    """See `watching.View`: a line a worker."""

    def at(self, seen: FleetStatus) -> datetime:
        """Return when it was looked at."""
        return seen.at

    def document(self, seen: FleetStatus) -> dict[str, Any]:
        """Return the document for scripts."""
        return document_of(seen).as_json()

    def headline(self, seen: FleetStatus) -> Text:
        """Return how many workers need attention."""
        return headline_of(seen)

    def screen(self, seen: FleetStatus, width: int) -> RenderableType:
        """Return the page, for so many columns."""
        return screen_of(seen, width)

    def lines(self, _seen: FleetStatus) -> list[Text]:
        """Return no lines."""
        return []


class WorkerView(FleetView):
    """See `watching.View`: all about one worker, in the same document."""

    def headline(self, seen: FleetStatus) -> Text:
        """Return the network's verdict."""
        return headline(judge(seen.workers[0]))

    def screen(self, seen: FleetStatus, _width: int) -> RenderableType:
        """Return the page."""
        return screen_of_one(seen.workers[0])
