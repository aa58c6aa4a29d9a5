"""Entry point: `python -m model_server` runs the server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from aiohttp import web

from model_server.fetch import new_session
from model_server.log import log_as_json
from model_server.market import Market
from model_server.server import Server
from model_server.settings import Settings, SettingsError, read_settings

_log = logging.getLogger("model_server")


def main() -> int:
    """Serve until a signal; return 2 when a setting is invalid."""
    log_as_json()
    try:
        settings = read_settings(os.environ)
    except SettingsError as error:
        _log.error("%s", error)
        return 2
    asyncio.run(serve(settings))
    return 0


async def serve(settings: Settings) -> None:
    """Serve, and keep the price of the configured token fresh."""
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, _stop)
    async with new_session() as session:
        market = Market(session, settings.sources)
        runner = web.AppRunner(Server(settings, market).application(), access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "0.0.0.0", settings.port)  # noqa: S104  (its container's network)
        await site.start()
        port = runner.addresses[0][1]
        names = ", ".join(source.name for source in settings.sources)
        _log.info("listening on port %d for prices of %s from %s", port, settings.token, names)
        await market.token(settings.token).keep_fresh()


def _stop() -> None:
    """Exit at once: an orderly end would wait for DNS threads, for minutes without a network."""
    _log.info("stopping")
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
