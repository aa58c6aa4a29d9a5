"""A wallet's words, and the address that belongs to them."""

from __future__ import annotations

from allora_cli.errors import ErrorCode, OperatorError
from containers.worker.allora_worker.contract import FAUCET
from shared.wallet_library import mnemonic_words, wallet_library

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


def make_words() -> str:
    """Make a mnemonic of 24 words from the operating system's randomness."""
    library = wallet_library()
    return str(library.Bip39MnemonicGenerator().FromWordsNumber(24))


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
        str(place) for place, word in enumerate(words, 1) if word not in mnemonic_words()
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
    """Whether the words are a mnemonic in lower case, as the worker needs, with its checksum."""
    library = wallet_library()
    validator = library.Bip39MnemonicValidator(library.Bip39Languages.ENGLISH)
    return words.islower() and bool(validator.IsValid(words))


def address_of(words: str) -> str:
    """Return the wallet's address on the Allora network.

    https://docs.cosmos.network/main/learn/beginner/accounts. The worker derives it with the Allora
    SDK's cosmpy; tests compare both.

    Args:
        words: a valid mnemonic.
    """
    library = wallet_library()
    seed = library.Bip39SeedGenerator(words, library.Bip39Languages.ENGLISH).Generate()
    account = library.Bip32Slip10Secp256k1.FromSeedAndPath(seed, DERIVATION_PATH)
    public_key = account.PublicKey().KeyObject()
    return str(library.AtomAddrEncoder.EncodeKey(public_key, hrp=ADDRESS_PREFIX))
