"""Writes the status to the log, for a fleet, in which nobody can ask for `/health`."""

from __future__ import annotations

import asyncio

from . import reports
from .context import Context
from .event_names import Event


async def log_status(context: Context) -> None:
    """Report the document of `/health` at once, and every minute."""
    while True:
        reports.info(Event.STATUS, "", health=context.status.report())
        await asyncio.sleep(context.timings.gauges)
