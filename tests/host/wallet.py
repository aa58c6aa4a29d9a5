"""A wallet of this run's own: no other text has its words, so that they can be looked for."""

from __future__ import annotations

from dataclasses import dataclass

from tests.host.chain import PYTHON
from tests.host.command import run

_MAKE = """\
from cosmpy.aerial.wallet import LocalWallet
from mnemonic import Mnemonic
words = Mnemonic("english").generate(256)
print(words)
print(LocalWallet.from_mnemonic(words, "allo").address())
"""


@dataclass(frozen=True)
class Wallet:
    """A wallet.

    Attributes:
        words: its mnemonic.
        address: its address on the chain.
    """

    words: str
    address: str


def new_wallet() -> Wallet:
    """A wallet that nobody else has."""
    words, address = run(str(PYTHON), "-c", _MAKE).strip().splitlines()[-2:]
    return Wallet(words, address)
