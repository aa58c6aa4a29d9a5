"""Loads the wallet, and locks it for one process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from cosmpy.aerial.wallet import LocalWallet
from mnemonic import Mnemonic

from .contract import Secret
from .errors import CannotStartError, ExitCode

# https://github.com/allora-network/docs: addresses of the Allora network begin with "allo".
ADDRESS_PREFIX = "allo"
_REMEDY = "store the wallet's words with: allora wallet import"


def load_wallet(secrets_dir: Path) -> LocalWallet:
    """Return the wallet whose words are in the file `mnemonic`.

    The SDK would accept words with a wrong checksum, and use the empty wallet of another address.

    Raises:
        CannotStartError: The file is missing or unreadable, or its words are no valid mnemonic. The
            error has none of the words.
    """
    path = secrets_dir / Secret.MNEMONIC
    try:
        words = " ".join(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise CannotStartError(
            f"the wallet's words cannot be read from {path}: {reason}", _REMEDY
        ) from None
    if not Mnemonic("english").check(words):
        count = len(words.split())
        raise CannotStartError(
            f"the {count} words in {path} are no valid mnemonic: a word is wrong, missing or in "
            "the wrong place (the checksum does not fit)",
            _REMEDY,
        )
    try:
        return LocalWallet.from_mnemonic(words, ADDRESS_PREFIX)
    except Exception:  # noqa: BLE001 - its text may have the words in it
        raise CannotStartError(f"no wallet can be made of the words in {path}", _REMEDY) from None


def lock_wallet(secrets_dir: Path) -> int:
    """Lock the wallet for this process, and return the locked directory.

    Two processes with one wallet invalidate each other's transactions. The directory of the secrets
    is mounted by every container that uses the wallet; the kernel releases the lock when the
    process ends, or when the directory is closed.

    Raises:
        CannotStartError: Another process has the lock, or there is no such directory.
    """
    try:
        directory = os.open(secrets_dir, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise CannotStartError(
            f"the directory of the secrets {secrets_dir} cannot be opened: {error.strerror}",
            _REMEDY,
        ) from None
    try:
        fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(directory)
        if not isinstance(error, BlockingIOError):
            raise CannotStartError(
                f"{secrets_dir} cannot be locked: {error.strerror}",
                "put the secrets on a file system with locks, such as tmpfs",
            ) from None
        raise CannotStartError(
            f"another process on this host works with the wallet in {secrets_dir}",
            "stop that one first: one wallet, one worker",
            exit_code=ExitCode.WALLET_IN_USE,
        ) from None
    return directory
