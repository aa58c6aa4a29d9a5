"""Import bip-utils on first use (0.1 s), without coincurve."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType, SimpleNamespace

_SWITCH = "bip_utils.ecc.conf"


def wallet_library() -> ModuleType:
    """Return bip-utils, which has no types, configured for ecdsa.

    Its default, coincurve, has no wheels for Python 3.14 and is not installed (Pipfile). The
    package reads its class `EccConf` during import, so the class is replaced before.
    """
    if _SWITCH not in sys.modules:
        switch = ModuleType(_SWITCH)
        switch.EccConf = SimpleNamespace(USE_COINCURVE=False)  # type: ignore[attr-defined]
        sys.modules[_SWITCH] = switch
    return importlib.import_module("bip_utils")


@cache
def mnemonic_words() -> frozenset[str]:
    """Return the 2,048 English words of BIP 39."""
    english = wallet_library().Bip39Languages.ENGLISH
    lists = importlib.import_module("bip_utils.bip.bip39.bip39_mnemonic_utils")
    words = lists.Bip39WordsListGetter().GetByLanguage(english)
    return frozenset(words.GetWordAtIdx(index) for index in range(words.Length()))
