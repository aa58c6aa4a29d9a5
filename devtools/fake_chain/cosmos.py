"""What every Cosmos node answers: blocks, accounts, fees, transactions."""

from __future__ import annotations

from allora_sdk.rpc_client.protos.cosmos.auth import v1beta1 as auth
from allora_sdk.rpc_client.protos.cosmos.bank import v1beta1 as bank
from allora_sdk.rpc_client.protos.cosmos.base import v1beta1 as base
from allora_sdk.rpc_client.protos.cosmos.base.abci import v1beta1 as abci
from allora_sdk.rpc_client.protos.cosmos.base.tendermint import v1beta1 as tendermint
from allora_sdk.rpc_client.protos.cosmos.tx import v1beta1 as tx
from allora_sdk.rpc_client.protos.feemarket.feemarket import v1 as feemarket
from allora_sdk.rpc_client.protos.tendermint import p2p
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from .answers import Answer
from .behaviour import GAS_USED
from .ledger import Ledger, Result
from .transactions import DENOM

DECIMAL_ONE = 10**18
"""The number 1 as the Cosmos SDK sends decimal numbers."""


class _Service:
    name: str

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def check(self) -> None:
        """These services always answer."""


class Node(_Service):
    """The node itself, and its blocks."""

    name = "cosmos.base.tendermint.v1beta1.Service"

    def answers(self) -> list[Answer]:
        """Return the service's methods."""
        return [self._node_info, self._syncing, self._latest_block, self._block_by_height]

    def _node_info(self, _: tendermint.GetNodeInfoRequest) -> tendermint.GetNodeInfoResponse:
        return tendermint.GetNodeInfoResponse(
            default_node_info=p2p.DefaultNodeInfo(network=self._ledger.behaviour.chain_id)
        )

    def _syncing(self, _: tendermint.GetSyncingRequest) -> tendermint.GetSyncingResponse:
        return tendermint.GetSyncingResponse(syncing=False)

    def _latest_block(
        self, _: tendermint.GetLatestBlockRequest
    ) -> tendermint.GetLatestBlockResponse:
        block = self._block(self._ledger.height)
        if (height := self._ledger.behaviour.latest_height) is not None:
            block.header.height = height
        return tendermint.GetLatestBlockResponse(sdk_block=block)

    def _block_by_height(
        self, request: tendermint.GetBlockByHeightRequest
    ) -> tendermint.GetBlockByHeightResponse:
        return tendermint.GetBlockByHeightResponse(sdk_block=self._block(request.height))

    def _block(self, height: int) -> tendermint.Block:
        try:
            time = self._ledger.time_of(height)
        except ValueError as error:
            raise GRPCError(Status.INVALID_ARGUMENT, str(error)) from error
        chain_id = self._ledger.behaviour.chain_id
        header = tendermint.Header(chain_id=chain_id, height=height, time=time)
        return tendermint.Block(header=header)


class Auth(_Service):
    """Accounts."""

    name = "cosmos.auth.v1beta1.Query"

    def answers(self) -> list[Answer]:
        """Return the service's methods."""
        return [self._account_info, self._account]

    def _account_info(self, request: auth.QueryAccountInfoRequest) -> auth.QueryAccountInfoResponse:
        account = self._ledger.accounts[request.address]
        reported = self._ledger.behaviour.sequence
        if not account.exists:
            raise GRPCError(Status.NOT_FOUND, f"account {request.address} not found")
        return auth.QueryAccountInfoResponse(
            info=auth.BaseAccount(
                address=request.address,
                account_number=account.number,
                sequence=account.sequence if reported is None else reported,
            )
        )

    def _account(self, request: auth.QueryAccountRequest) -> auth.QueryAccountResponse:
        self._account_info(auth.QueryAccountInfoRequest(address=request.address))
        return auth.QueryAccountResponse()


class Bank(_Service):
    """Balances."""

    name = "cosmos.bank.v1beta1.Query"

    def answers(self) -> list[Answer]:
        """Return the service's methods."""
        return [self._balance]

    def _balance(self, request: bank.QueryBalanceRequest) -> bank.QueryBalanceResponse:
        amount = self._ledger.accounts[request.address].balance if request.denom == DENOM else 0
        text = self._ledger.behaviour.balance_text
        coin = base.Coin(denom=request.denom, amount=str(amount) if text is None else text)
        return bank.QueryBalanceResponse(balance=coin)


class FeeMarket(_Service):
    """The price of gas."""

    name = "feemarket.feemarket.v1.Query"

    def answers(self) -> list[Answer]:
        """Return the service's methods."""
        return [self._gas_price]

    def _gas_price(self, request: feemarket.GasPriceRequest) -> feemarket.GasPriceResponse:
        amount = str(self._ledger.behaviour.gas_price * DECIMAL_ONE)
        price = base.DecCoin(denom=request.denom, amount=amount)
        return feemarket.GasPriceResponse(price=price)


class Tx(_Service):
    """Transactions."""

    name = "cosmos.tx.v1beta1.Service"

    def answers(self) -> list[Answer]:
        """Return the service's methods."""
        return [self._simulate, self._broadcast, self._get_tx]

    def _simulate(self, _: tx.SimulateRequest) -> tx.SimulateResponse:
        gas = self._ledger.behaviour.simulated_gas
        return tx.SimulateResponse(gas_info=abci.GasInfo(gas_used=gas))

    def _broadcast(self, request: tx.BroadcastTxRequest) -> tx.BroadcastTxResponse:
        hash_, failure = self._ledger.broadcast(request.tx_bytes)
        response = abci.TxResponse(txhash=hash_)
        if failure:
            response.code, response.codespace, response.raw_log = failure
        return tx.BroadcastTxResponse(tx_response=response)

    def _get_tx(self, request: tx.GetTxRequest) -> tx.GetTxResponse:
        result = self._ledger.results.get(request.hash.upper())
        if result is None:
            raise GRPCError(Status.NOT_FOUND, f"tx not found: {request.hash}")
        return tx.GetTxResponse(tx_response=_tx_response(result))


def _tx_response(result: Result) -> abci.TxResponse:
    response = abci.TxResponse(
        txhash=result.transaction.hash,
        height=result.height,
        gas_wanted=result.transaction.gas_limit,
        gas_used=GAS_USED,
    )
    if result.failure:
        response.code, response.codespace, response.raw_log = result.failure
    return response
