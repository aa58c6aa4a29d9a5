"""The exchanges that the project's model asks, as far as it does: one price, now and a day ago."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.host.web import Request, Response

_HOUR = 3600
_DAY = 24 * _HOUR
_SPAN = 30 * _HOUR
_LEAST_CANDLES = 10


class Exchanges:
    """All of them at once, told apart by the form of their paths.

    Attributes:
        price: of everything, in dollars.
        day_ago: the price until a day ago.
    """

    NAMES = ("api.exchange.coinbase.com", "api.kraken.com", "www.bitstamp.net")

    def __init__(self, price: float, day_ago: float) -> None:
        self.price = price
        self.day_ago = day_ago

    def __call__(self, request: Request) -> Response:
        if request.path.endswith("/ticker"):
            now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            return _json({"price": str(self.price), "time": now})
        query = parse_qs(urlsplit(request.target).query)
        if "granularity" in query:
            rows = self._candles(int(query["granularity"][0]))
            return _json([[start, price, price, price, price, 1] for start, price in rows])
        if "interval" in query:
            rows = self._candles(int(query["interval"][0]) * 60)
            prices = [[start, *[str(price)] * 5, "1", 1] for start, price in rows]
            return _json({"error": [], "result": {"XXBTZUSD": prices, "last": rows[-1][0]}})
        rows = self._candles(int(query["step"][0]))
        candles = [{"timestamp": str(start), "close": str(price)} for start, price in rows]
        return _json({"data": {"pair": "BTC/USD", "ohlc": candles}})

    def _candles(self, step: int) -> list[tuple[int, float]]:
        """Start and last price of each interval since before yesterday, or of the last ones."""
        now = int(time.time())
        last = now - now % step
        count = max(_LEAST_CANDLES, _SPAN // step) if step >= _HOUR else _LEAST_CANDLES
        return [
            (start, self.day_ago if start + step < now - _DAY + _HOUR // 2 else self.price)
            for start in range(last - (count - 1) * step, last + 1, step)
        ]


def _json(document: Any) -> Response:
    return Response(200, json.dumps(document).encode(), {"Content-Type": "application/json"})
