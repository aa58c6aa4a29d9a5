"""Store real candles: `python -m devtools.model_backtest.download --token BTC > prices.csv`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from time import time

from model_server.fetch import fetch, new_session
from model_server.horizon import DAY, parse_horizon
from model_server.prices import Candle, SourceError
from model_server.sources import SOURCES, Source

from devtools.model_backtest.candle_file import write_candles

_STEPS = ("1min", "5min", "15min", "1h", "1d")
_PAUSE = 1.0
"""Seconds between two requests: Kraken's limit, and polite to all."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 1 when the source does not give the candles."""
    options = _parse(arguments)
    source = SOURCES[options.source](options.url)
    step = int(parse_horizon(options.step))
    try:
        candles = asyncio.run(download(source, options.token.upper(), step, options.days))
    except SourceError as error:
        print(f"{source.name}: {error}", file=sys.stderr)
        return 1
    write_candles(sys.stdout, candles)
    return 0


async def download(source: Source, token: str, step: int, days: int) -> list[Candle]:
    """Get all candles of the past days.

    Args:
        source: Whom to ask.
        token: The token, in capitals.
        step: The candles' length in seconds.
        days: How many days back.

    Returns:
        Whole candles in the order of time, each once.

    Raises:
        SourceError: The source does not answer, or keeps no candles for that long.
    """
    end = int(time()) // step * step
    start = end - int(days * DAY)
    if source.newest_page_only and (end - start) // step > source.page:
        raise SourceError(f"gives no more than the newest {source.page} candles")
    found: dict[int, Candle] = {}
    async with new_session() as session:
        for first in range(start, end, step * source.page):
            if first > start:
                await asyncio.sleep(_PAUSE)
            last = min(first + step * (source.page - 1), end - step)
            url = source.candles_url(token, step, first, last)
            for candle in await fetch(session, url, source.read_candles):
                if start <= candle.time < end:
                    found[candle.time] = candle
    return [found[moment] for moment in sorted(found)]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devtools.model_backtest.download")
    parser.add_argument("--token", default="BTC", help="default: %(default)s")
    parser.add_argument("--source", default="coinbase", choices=tuple(SOURCES))
    parser.add_argument("--url", help="another base URL of the source's API")
    parser.add_argument("--days", type=int, default=30, help="default: %(default)s")
    parser.add_argument("--step", default="1h", choices=_STEPS, help="default: %(default)s")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
