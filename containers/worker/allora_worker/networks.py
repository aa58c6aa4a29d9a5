"""The networks that the worker can work in."""

from __future__ import annotations

import dataclasses
from typing import Any

from allora_sdk import AlloraNetworkConfig

from .contract import FAUCET
from .settings import Settings


@dataclasses.dataclass(frozen=True)
class Network:
    """One Allora network.

    Args:
        name: `testnet`, `mainnet` or `local`.
        sdk: How the SDK reaches it. Without a websocket: building the SDK's subscriber takes two
            seconds of processor time, and the worker listens by itself (see `window_events`). Each
            attempt asks for the price of gas anew, so that a wrong one is forgotten at once.
        websocket_urls: Where new blocks are announced, the preferred one first.
        faucet_url: Where test coins come from; None when there is no faucet.
        funding: How to get coins, as the end of a sentence that begins with the address.
    """

    name: str
    sdk: AlloraNetworkConfig
    websocket_urls: tuple[str, ...]
    faucet_url: str | None
    funding: str
    alternatives: tuple[str, ...] = ()
    """More gRPC endpoints, for when that of `sdk` fails."""

    @property
    def endpoints(self) -> list[AlloraNetworkConfig]:
        """How the SDK reaches each endpoint, the preferred one first."""
        urls = (self.sdk.url, *self.alternatives)
        return [dataclasses.replace(self.sdk, url=url) for url in urls]


_FUNDING = {
    "testnet": f"at {FAUCET}",
    "mainnet": "by sending ALLO to it",
    "local": "on the local chain",
}


def network_of(settings: Settings) -> Network:
    """The network that the settings name, with their endpoints in the place of its own."""
    presets: dict[str, Any] = {
        "testnet": AlloraNetworkConfig.testnet,
        "mainnet": AlloraNetworkConfig.mainnet,
        "local": AlloraNetworkConfig.local,
    }
    sdk: AlloraNetworkConfig = presets[settings.network]()
    url, *alternatives = settings.grpc_urls or (sdk.url,)
    return Network(
        name=settings.network,
        sdk=dataclasses.replace(
            sdk,
            url=url,
            websocket_url=None,
            gas_price_cache_ttl_secs=0,
        ),
        websocket_urls=settings.websocket_urls or (str(sdk.websocket_url),),
        faucet_url=sdk.faucet_url,
        funding=_FUNDING[settings.network],
        alternatives=tuple(alternatives),
    )
