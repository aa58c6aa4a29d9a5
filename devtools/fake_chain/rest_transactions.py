"""The REST paths with which transactions are made: accounts, the price of gas, broadcasts, results.

https://docs.cosmos.network/api; numbers of 64 bits are texts, decimal numbers have their point.
"""

from __future__ import annotations

import base64
import binascii
import json
from decimal import Decimal

from aiohttp import web

from .behaviour import GAS_USED
from .failure import Failure
from .ledger import Ledger

INVALID_ARGUMENT, NOT_FOUND = 3, 5
"""Of gRPC's statuses: https://grpc.io/docs/guides/status-codes/"""


def routes(ledger: Ledger) -> list[web.RouteDef]:
    """Return the paths of a chain."""
    answers = _Answers(ledger)
    return [
        web.get("/cosmos/auth/v1beta1/account_info/{address}", answers.account_info),
        web.get("/feemarket/v1/gas_price/{denom}", answers.gas_price),
        web.post("/cosmos/tx/v1beta1/txs", answers.broadcast),
        web.get("/cosmos/tx/v1beta1/txs/{hash}", answers.transaction),
    ]


class _Answers:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def account_info(self, request: web.Request) -> web.Response:
        address = request.match_info["address"]
        account, reported = self._ledger.accounts[address], self._ledger.behaviour.sequence
        if not account.exists:
            return _error(404, NOT_FOUND, f"account {address} not found")
        sequence = account.sequence if reported is None else reported
        info = {
            "address": address,
            "pub_key": None,
            "account_number": str(account.number),
            "sequence": str(sequence),
        }
        return web.json_response({"info": info})

    async def gas_price(self, request: web.Request) -> web.Response:
        amount = f"{Decimal(self._ledger.behaviour.gas_price):.18f}"
        denom = request.match_info["denom"]
        return web.json_response({"price": {"denom": denom, "amount": amount}})

    async def broadcast(self, request: web.Request) -> web.Response:
        try:
            tx_bytes = base64.b64decode(json.loads(await request.read())["tx_bytes"])
        except (KeyError, TypeError, ValueError, binascii.Error):
            return _error(400, INVALID_ARGUMENT, "invalid empty tx")
        hash_, failure = self._ledger.broadcast(tx_bytes)
        return _tx_response(hash_, failure)

    async def transaction(self, request: web.Request) -> web.Response:
        hash_ = request.match_info["hash"].upper()
        result = self._ledger.results.get(hash_)
        if result is None:
            return _error(404, NOT_FOUND, f"tx not found: {hash_}")
        gas = {"gas_wanted": str(result.transaction.gas_limit), "gas_used": str(GAS_USED)}
        return _tx_response(hash_, result.failure, result.height, **gas)


def _tx_response(hash_: str, failure: Failure | None, height: int = 0, **more: str) -> web.Response:
    code, codespace, log = failure or (0, "", "")
    response = {
        "height": str(height),
        "txhash": hash_,
        "codespace": codespace,
        "code": code,
        "raw_log": log,
        "gas_wanted": "0",
        "gas_used": "0",
        **more,
    }
    return web.json_response({"tx_response": response})


def _error(status: int, code: int, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message, "details": []}, status=status)
