"""Imports bip-utils, without coincurve, when it is first needed: it takes a tenth of a second."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType, SimpleNamespace

_SWITCH = "bip_utils.ecc.conf"


def wallet_library() -> ModuleType:
    """Return bip-utils, which has no types.

    It computes with coincurve or with ecdsa, as its class `EccConf` says. The default is coincurve,
    which has no wheels for Python 3.14 and is not installed (Pipfile). The package reads the class
    while it is imported, so the choice has to be there before.
    """
    if _SWITCH not in sys.modules:
        switch = ModuleType(_SWITCH)
        switch.EccConf = SimpleNamespace(USE_COINCURVE=False)  # type: ignore[attr-defined]
        sys.modules[_SWITCH] = switch
    return importlib.import_module("bip_utils")


@cache
def mnemonic_words() -> frozenset[str]:
    """Return the 2,048 English words that mnemonics are made of (BIP 39)."""
    english = wallet_library().Bip39Languages.ENGLISH
    lists = importlib.import_module("bip_utils.bip.bip39.bip39_mnemonic_utils")
    words = lists.Bip39WordsListGetter().GetByLanguage(english)
    return frozenset(words.GetWordAtIdx(index) for index in range(words.Length()))
