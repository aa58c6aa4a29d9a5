"""The HTTP interface.

- `GET /inference/{token}`: the forecast, a plain number. `topic_id` in the query chooses what that
  topic asks for; `kind` and `horizon` tell it. Other parameters have no effect.
- `GET /ground-truth/{token}`: the price now, a plain number, for topics of prices alone.
- `GET /forecast/{token}`: 501, because this server cannot judge other workers.
- `GET /health`: whether there is a price of the configured token, and its sources.

Errors are JSON: `{"error": "..."}`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from aiohttp import web

from model_server.forecast import forecast_log_return, forecast_price
from model_server.market import Market, NoPriceError, NoSuchTokenError, Price, Volatility
from model_server.settings import TOKEN_FORM, Settings
from model_server.task import TOPIC_FORM, CannotServeError, Kind, Task

_NO_FORECASTS = (
    "This model server makes no forecasts of other workers' losses: it would have to guess."
    " Bring your own model for the role of a forecaster."
)

_NO_OTHER_TRUTH = (
    "This model server knows the ground truth of prices, not of a {}. Bring your own model for it."
)
_FORECASTS = {Kind.PRICE: forecast_price, Kind.LOG_RETURN: forecast_log_return}

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
        task = self._task_of(request)
        if task.kind is Kind.VOLATILITY:
            volatility = await self._volatility_of(token, task.horizon)
            forecast, basis = _plain(volatility.forecast), "minutes"
            sources = volatility.sources
        else:
            price = await self._price_of(token)
            forecast = _plain(_FORECASTS[task.kind](price.now, price.day_ago, task.horizon))
            basis, sources = f"the price now is {_plain(price.now)}", price.sources
        message = "%s of %s in %g s: %s; %s (%s)"
        _log.info(message, task.kind, token, task.horizon, forecast, basis, ", ".join(sources))
        return web.Response(text=forecast)

    async def _ground_truth(self, request: web.Request) -> web.Response:
        token = _token_of(request)
        if (kind := self._task_of(request).kind) is not Kind.PRICE:
            raise _error(web.HTTPBadRequest, _NO_OTHER_TRUTH.format(kind))
        price = await self._price_of(token)
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
        with _reasons():
            return market.price()

    async def _volatility_of(self, token: str, horizon: float) -> Volatility:
        market = self._market.token(token)
        await market.refresh_minutes()
        with _reasons():
            return market.volatility(horizon)

    def _task_of(self, request: web.Request) -> Task:
        """Return what a request asks for, or answer why it cannot be served."""
        query = request.query
        topic = query.get("topic_id", "")
        if topic and not TOPIC_FORM.fullmatch(topic):
            raise _error(web.HTTPBadRequest, "topic_id must be a topic's number.")
        kind, horizon = query.get("kind", ""), query.get("horizon", "")
        try:
            return self._settings.task(int(topic) if topic else None, kind, horizon)
        except CannotServeError as error:
            about = f"topic {topic}: " if topic else ""
            raise _error(web.HTTPBadRequest, f"{about}{error}.") from None


@contextmanager
def _reasons() -> Iterator[None]:
    """Answer why the market has no price."""
    try:
        yield
    except NoSuchTokenError as error:
        raise _error(web.HTTPBadRequest, f"{error}. Ask for another coin's symbol.") from None
    except NoPriceError as error:
        raise _error(web.HTTPServiceUnavailable, str(error)) from None


def _error(kind: type[web.HTTPError], message: str) -> web.HTTPError:
    return kind(text=json.dumps({"error": message}), content_type="application/json")


def _token_of(request: web.Request) -> str:
    token = request.match_info["token"].upper()
    if not TOKEN_FORM.fullmatch(token):
        raise _error(web.HTTPBadRequest, "Ask for a coin's symbol, as in /inference/BTC.")
    return token


def _plain(number: float) -> str:
    """Return ten significant digits without an exponent, and zero without a sign."""
    return format(Decimal(f"{number or 0.0:.10g}"), "f")
