"""The HTTP interface.

- `GET /inference/{token}`: the forecast, a plain number. `topic_id` in the query chooses the
  horizon of that topic; other parameters, such as `block_height`, have no effect.
- `GET /ground-truth/{token}`: the price now, a plain number.
- `GET /forecast/{token}`: 501, because this server cannot judge other workers.
- `GET /health`: whether there is a price of the configured token, and its sources.

Errors are JSON: `{"error": "..."}`.
"""

from __future__ import annotations

import json
import logging
from decimal import Decimal

from aiohttp import web

from model_server.forecast import forecast_price
from model_server.market import Market, NoPriceError, NoSuchTokenError, Price
from model_server.settings import TOKEN_FORM, TOPIC_FORM, Settings

_NO_FORECASTS = (
    "This model server makes no forecasts of other workers' losses: it would have to guess."
    " Bring your own model for the role of a forecaster."
)

_log = logging.getLogger(__name__)


class Server:
    """The handlers of all routes."""

    def __init__(self, settings: Settings, market: Market) -> None:
        self._settings = settings
        self._market = market

    def application(self) -> web.Application:
        """Return the application."""
        application = web.Application()
        application.router.add_get("/health", self._health)
        application.router.add_get("/inference/{token}", self._inference)
        application.router.add_get("/ground-truth/{token}", self._ground_truth)
        application.router.add_get("/forecast/{token}", self._forecast)
        return application

    async def _inference(self, request: web.Request) -> web.Response:
        token = _token_of(request)
        horizon = self._horizon_of(request)
        price = await self._price_of(token)
        forecast = _plain(forecast_price(price.now, price.day_ago, horizon))
        sources = ", ".join(price.sources)
        message = "%s in %g s: %s; the price now is %s (%s)"
        _log.info(message, token, horizon, forecast, _plain(price.now), sources)
        return web.Response(text=forecast)

    async def _ground_truth(self, request: web.Request) -> web.Response:
        price = await self._price_of(_token_of(request))
        return web.Response(text=_plain(price.now))

    async def _forecast(self, _request: web.Request) -> web.Response:
        raise _error(web.HTTPNotImplemented, _NO_FORECASTS)

    async def _health(self, _request: web.Request) -> web.Response:
        settings = self._settings
        token = self._market.token(settings.token)
        try:
            price = token.price()
        except (NoPriceError, NoSuchTokenError) as error:
            return web.json_response({"status": "no price", "reason": str(error)}, status=503)
        return web.json_response(
            {
                "status": "ok",
                "token": settings.token,
                "price": price.now,
                "price_day_ago": price.day_ago,
                "forecast": forecast_price(price.now, price.day_ago, settings.horizon),
                "horizon_seconds": settings.horizon,
                "sources": token.states(),
            }
        )

    async def _price_of(self, token: str) -> Price:
        market = self._market.token(token)
        await market.refresh()
        try:
            return market.price()
        except NoSuchTokenError as error:
            raise _error(web.HTTPBadRequest, f"{error}. Ask for another coin's symbol.") from None
        except NoPriceError as error:
            raise _error(web.HTTPServiceUnavailable, str(error)) from None

    def _horizon_of(self, request: web.Request) -> float:
        topic = request.query.get("topic_id", "")
        if not topic:
            return self._settings.horizon
        if not TOPIC_FORM.fullmatch(topic):
            raise _error(web.HTTPBadRequest, "topic_id must be a topic's number.")
        return self._settings.topic_horizons.get(int(topic), self._settings.horizon)


def _error(kind: type[web.HTTPError], message: str) -> web.HTTPError:
    return kind(text=json.dumps({"error": message}), content_type="application/json")


def _token_of(request: web.Request) -> str:
    token = request.match_info["token"].upper()
    if not TOKEN_FORM.fullmatch(token):
        raise _error(web.HTTPBadRequest, "Ask for a coin's symbol, as in /inference/BTC.")
    return token


def _plain(number: float) -> str:
    """Return ten significant digits without an exponent."""
    return format(Decimal(f"{number:.10g}"), "f")
