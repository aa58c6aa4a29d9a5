"""The connection to an endpoint of the chain."""

from __future__ import annotations

import pytest
from allora_sdk.rpc_client.protos.cosmos.base.tendermint.v1beta1 import GetLatestBlockRequest
from allora_worker.endpoint import Endpoint
from cosmpy.aerial.wallet import LocalWallet

from devtools.fake_chain.server import FakeChain
from tests.fake_chain.client import network
from tests.worker.timings import QUICK

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("is_replaced", [False, True])
async def test_a_call_after_the_end_leaves_no_connection_open(
    chain: FakeChain, *, is_replaced: bool
) -> None:
    endpoint = Endpoint(network(chain), LocalWallet.generate(prefix="allo"), QUICK)
    await endpoint.newest_block()
    late = endpoint.client
    if is_replaced:
        endpoint.disconnect()
        await endpoint.newest_block()
    endpoint.close()
    with pytest.raises(ConnectionError, match="has stopped"):
        await late.tendermint.query.get_latest_block(GetLatestBlockRequest())
    assert not late.grpc_client._connected
