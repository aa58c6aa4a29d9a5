"""Watches the wallet's balance, and asks the testnet's faucet for coins."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import aiohttp

from . import reports
from .chain import UNANSWERED
from .complaints import complaint
from .context import Context
from .contract import Secret
from .errors import one_line
from .event_names import Event
from .money import allo
from .secret_files import read_secret
from .unreachable import explain
from .urls import address_of

# Below this the SDK's own worker asks the faucet (_maybe_faucet_request of allora_sdk/worker).
_LOW_UALLO: Final = 100_000_000
_TESTNET_CHAIN_ID: Final = "allora-testnet-1"
_LOW_BALANCE_SECONDS: Final = 10.0


class Account:
    """The wallet's account on the chain.

    Args:
        context: The worker's parts.
        session: Sends the requests to the faucet.
        on_funded: Called when the balance is enough for a transaction again.
    """

    def __init__(
        self, context: Context, session: aiohttp.ClientSession, on_funded: Callable[[], None]
    ) -> None:
        self._chain = context.chain
        self._status = context.status
        self._session = session
        self._api_key_file = context.settings.secrets_dir / Secret.API_KEY
        self._on_funded = on_funded
        self._timings = context.timings
        self._is_low = False
        self._asked_at = -math.inf

    async def run(self) -> None:
        """Check the balance regularly, and more often while it is too low."""
        while True:
            with contextlib.suppress(*UNANSWERED):
                await self._check_balance()  # the topics report when it fails
            pause = self._timings.balance
            await asyncio.sleep(min(pause, _LOW_BALANCE_SECONDS) if self._is_low else pause)

    async def _check_balance(self) -> None:
        balance = await self._chain.balance()
        self._status.balance_allo = allo(balance)
        was_low, self._is_low = self._is_low, balance < self._chain.needed_balance
        if self._is_low and not was_low:
            reports.warning(Event.BALANCE_LOW, one_line(self._chain.unfunded(balance)))
        if was_low and not self._is_low:
            reports.info(Event.BALANCE_RESTORED, f"the wallet has {allo(balance):g} ALLO")
            self._on_funded()
        if balance < _LOW_UALLO:
            await self._ask_faucet()

    async def _ask_faucet(self) -> None:
        network = self._chain.network
        if network.sdk.chain_id != _TESTNET_CHAIN_ID or network.faucet_url is None:
            return
        api_key = read_secret(self._api_key_file)
        if not api_key or time.monotonic() - self._asked_at < self._timings.faucet:
            return
        self._asked_at = time.monotonic()
        problem = await self._request(network.faucet_url, api_key)
        if problem is None:
            reports.info(Event.FAUCET, f"asked the faucet for coins for {self._chain.address}")
        else:
            reports.warning(
                Event.FAUCET,
                f"the faucet gives nothing: {problem}; fund {self._chain.address} "
                f"{network.funding}",
            )

    async def _request(self, faucet_url: str, api_key: str) -> str | None:
        """Request coins; return the problem, if any."""
        try:
            # No redirects: they turn the POST into a GET.
            async with self._session.post(
                f"{faucet_url}/api/request",
                data={"chain": _TESTNET_CHAIN_ID, "address": self._chain.address},
                headers={"x-api-key": api_key},
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=self._timings.chain_call),
            ) as response:
                if response.status == HTTPStatus.TOO_MANY_REQUESTS:
                    return "it was asked too often"
                is_success = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
                return None if is_success else f"it answers with {await complaint(response)}"
        except (aiohttp.ClientError, OSError) as error:
            return explain(error, address_of(faucet_url))
        except ValueError:
            return "the api key or its answer is not valid in HTTP"
