"""Looks after the wallet's balance, and asks the testnet's faucet for coins."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
from grpclib.exceptions import GRPCError

from . import reports
from .chain import Chain
from .errors import ChainUnavailableError, RefusedError, one_line
from .event_names import Event
from .money import allo
from .secret_files import read_secret
from .status import Status
from .timings import Timings

# Below this the SDK's own worker asks the faucet (_maybe_faucet_request of allora_sdk/worker).
_LOW_UALLO: Final = 100_000_000
_TESTNET_CHAIN_ID: Final = "allora-testnet-1"
_LOOK_AGAIN: Final = 10.0


class Account:
    """The wallet's account on the chain.

    Args:
        chain: Asked for the balance.
        status: Told of the balance.
        session: Sends the request to the faucet.
        api_key_file: Holds the key that the faucet wants; without the file nobody is asked.
        on_funded: Called when there is enough for a transaction again.
        timings: How long to wait for what.
    """

    def __init__(
        self,
        chain: Chain,
        status: Status,
        session: aiohttp.ClientSession,
        *,
        api_key_file: Path,
        on_funded: Callable[[], None],
        timings: Timings,
    ) -> None:
        self._chain = chain
        self._status = status
        self._session = session
        self._api_key_file = api_key_file
        self._on_funded = on_funded
        self._timings = timings
        self._has_enough: bool | None = None
        self._asked_at: float | None = None

    async def run(self) -> None:
        """Looks at the balance every now and then, more often while it is too low."""
        while True:
            with contextlib.suppress(ChainUnavailableError, RefusedError, GRPCError):
                await self._look()  # the topics report when it fails
            soon = self._has_enough is False
            await asyncio.sleep(min(self._timings.balance, _LOOK_AGAIN if soon else float("inf")))

    async def _look(self) -> None:
        balance = await self._chain.balance()
        self._status.balance_allo = allo(balance)
        has_enough = balance >= self._chain.needed_balance
        if not has_enough and self._has_enough is not False:
            reports.warning(Event.BALANCE_LOW, one_line(self._chain.unfunded(balance)))
        if has_enough and self._has_enough is False:
            reports.info(Event.BALANCE_RESTORED, f"the wallet has {allo(balance):g} ALLO")
            self._on_funded()
        self._has_enough = has_enough
        if balance < _LOW_UALLO:
            await self._ask_faucet()

    async def _ask_faucet(self) -> None:
        network = self._chain.network
        if network.sdk.chain_id != _TESTNET_CHAIN_ID or network.faucet_url is None:
            return
        asked_lately = (
            self._asked_at is not None and time.monotonic() - self._asked_at < self._timings.faucet
        )
        api_key = read_secret(self._api_key_file)
        if asked_lately or not api_key:
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
        """Asks for coins; returns what went wrong."""
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
                is_accepted = HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
                return None if is_accepted else f"status {response.status}"
        except (aiohttp.ClientError, OSError) as error:
            return one_line(error)
        except ValueError:
            return "the api key or its answer is not valid in HTTP"
