"""A wallet's words, and the address that belongs to them."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from allora_cli.errors import ErrorCode, OperatorError
from containers.worker.allora_worker.contract import FAUCET

if TYPE_CHECKING:
    from mnemonic import Mnemonic

# https://github.com/allora-network/docs: addresses of the Allora network begin with "allo".
ADDRESS_PREFIX = "allo"

DERIVATION_PATH = "m/44'/118'/0'/0/0"
"""The first account of a Cosmos wallet, which the worker signs with.
https://github.com/satoshilabs/slips/blob/master/slip-0044.md: 118 is Cosmos' ATOM.
"""

FUNDING = {
    "testnet": f"the faucet gives test coins, {FAUCET}. The worker "
    "asks it by itself when it has an API key of developer.allora.network: "
    "pipenv run allora secret set api-key",
    "mainnet": "send ALLO to the address.",
}
"""By network: how a wallet gets the coins that its transactions cost."""

_COUNTS = (12, 15, 18, 21, 24)
_ENTROPY_BITS = 256  # of 24 words


def make_words() -> str:
    """24 new words, out of the operating system's randomness."""
    return _bip39().generate(_ENTROPY_BITS)


def read_words(text: str) -> str:
    """The words in what somebody has typed, pasted or piped, as the worker reads them.

    Returns:
        The words in lower case, separated by single spaces.

    Raises:
        OperatorError: they are no wallet. No message has a word in it: places in the row do.
    """
    words = text.lower().split()
    if not words:
        problem = "No words were given"
    elif len(words) not in _COUNTS:
        problem = (
            f"A wallet has 24, 21, 18, 15 or 12 words in one line, and here the number of words is "
            f"{len(words)}"
        )
    elif unknown := [
        str(place) for place, word in enumerate(words, 1) if word not in _bip39().wordlist
    ]:
        problem = (
            "Misspelt, because not in the English list that wallets take their words from (BIP "
            f"39): number {', '.join(unknown)} of the {len(words)} words"
        )
    elif not is_wallet(" ".join(words)):
        problem = (
            f"The {len(words)} words do not fit together (wrong checksum): one is another word, "
            "or they are in another order"
        )
    else:
        return " ".join(words)
    raise OperatorError(ErrorCode.WALLET_WORDS, f"{problem}. Nothing was stored.")


def is_wallet(words: str) -> bool:
    """Whether these are words with the right checksum, separated by single spaces."""
    return _bip39().check(words)


def address_of(words: str) -> str:
    """The address on the Allora network of the wallet with these words.

    The worker derives it with cosmpy, which is not installed here; tests compare both.
    https://docs.cosmos.network/main/learn/beginner/accounts
    https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki

    Args:
        words: a valid mnemonic, its words separated by single spaces.
    """
    # These take a tenth of a second to import, which `allora --help` need not wait for.
    from bech32 import bech32_encode, convertbits  # noqa: PLC0415
    from Crypto.Hash import RIPEMD160  # noqa: PLC0415
    from hdwallets import BIP32  # noqa: PLC0415

    seed = _bip39().to_seed(words)
    public_key: bytes = BIP32.from_seed(seed).get_pubkey_from_path(DERIVATION_PATH)
    # hashlib has RIPEMD-160 only where OpenSSL has its legacy algorithms.
    digest = RIPEMD160.new(hashlib.sha256(public_key).digest()).digest()
    address: str = bech32_encode(ADDRESS_PREFIX, convertbits(digest, 8, 5) or ())
    return address


@cache
def _bip39() -> Mnemonic:
    from mnemonic import Mnemonic  # noqa: PLC0415 - as above

    return Mnemonic("english")
