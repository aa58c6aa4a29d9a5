"""Prove that a wallet is one's own: its signature on a text, which is no transaction.

https://github.com/cosmos/cosmos-sdk/blob/main/docs/architecture/adr-036-arbitrary-signature.md
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from allora_cli.wallet.transaction import public_key_of, signature_of

if TYPE_CHECKING:
    from ecdsa import SigningKey


def document_of(address: str, text: str) -> bytes:
    """Return what is signed for a text: the standard's document, without a chain or a fee."""
    value = {"data": _base64(text.encode()), "signer": address}
    document = {
        "account_number": "0",
        "chain_id": "",
        "fee": {"amount": [], "gas": "0"},
        "memo": "",
        "msgs": [{"type": "sign/MsgSignData", "value": value}],
        "sequence": "0",
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def proof_of(address: str, text: str, key: SigningKey) -> dict[str, str]:
    """Return address, public key and signature, as Forge takes them."""
    return {
        "address": address,
        "pubkey": _base64(public_key_of(key)),
        "signature": _base64(signature_of(document_of(address, text), key)),
    }


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
