"""A wallet's words and its address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allora_cli.errors import ErrorCode, OperatorError
from shared.wallet_library import mnemonic_words, wallet_library

if TYPE_CHECKING:
    from ecdsa import SigningKey

ADDRESS_PREFIX = "allo"
"""https://github.com/allora-network/docs"""

DERIVATION_PATH = "m/44'/118'/0'/0/0"
"""The first account of a Cosmos wallet.
https://github.com/satoshilabs/slips/blob/master/slip-0044.md: 118 is Cosmos' ATOM.
"""

_COUNTS = (12, 15, 18, 21, 24)


def make_words() -> str:
    """Make a mnemonic of 24 words from the operating system's randomness."""
    library = wallet_library()
    return str(library.Bip39MnemonicGenerator().FromWordsNumber(24))


def read_words(text: str) -> str:
    """Return typed words in lower case, separated by single spaces.

    Raises:
        OperatorError: they are no wallet. The message has positions, but no words.
    """
    words = text.lower().split()
    if not words:
        problem = "No words were given"
    elif len(words) not in _COUNTS:
        problem = (
            f"A wallet has 24, 21, 18, 15 or 12 words in one line; the number of words given is "
            f"{len(words)}"
        )
    elif unknown := [
        str(place) for place, word in enumerate(words, 1) if word not in mnemonic_words()
    ]:
        problem = (
            "Misspelt, because not in the English word list of BIP 39: number "
            f"{', '.join(unknown)} of the {len(words)} words"
        )
    elif not is_wallet(" ".join(words)):
        problem = (
            f"The {len(words)} words do not fit together (wrong checksum): one of them is wrong, "
            "or their order is"
        )
    else:
        return " ".join(words)
    raise OperatorError(ErrorCode.WALLET_WORDS, f"{problem}. Nothing was stored.")


def is_wallet(words: str) -> bool:
    """Return whether the words are a mnemonic in lower case with a correct checksum."""
    library = wallet_library()
    validator = library.Bip39MnemonicValidator(library.Bip39Languages.ENGLISH)
    return words.islower() and bool(validator.IsValid(words))


def address_of(words: str) -> str:
    """Return the address of a valid mnemonic on the Allora network.

    https://docs.cosmos.network/main/learn/beginner/accounts. Tests compare it with the worker's.
    """
    public_key = _account_of(words).PublicKey().KeyObject()
    return str(wallet_library().AtomAddrEncoder.EncodeKey(public_key, hrp=ADDRESS_PREFIX))


def key_of(words: str) -> SigningKey:
    """Return the key that signs for a valid mnemonic's address."""
    key: SigningKey = _account_of(words).PrivateKey().KeyObject().UnderlyingObject()
    return key


def _account_of(words: str) -> Any:  # noqa: ANN401 - the library has no types
    library = wallet_library()
    seed = library.Bip39SeedGenerator(words, library.Bip39Languages.ENGLISH).Generate()
    return library.Bip32Slip10Secp256k1.FromSeedAndPath(seed, DERIVATION_PATH)
