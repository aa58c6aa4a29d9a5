"""The wallet's backup: JSON (docs/operations.md#backup) in an age file, which `age -d` opens.

https://age-encryption.org/v1. It has the wallet alone: all other secrets can be replaced.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.new_file import draft_beside, give_name
from allora_cli.terminal import console, prompts
from allora_cli.wallet import age
from allora_cli.wallet.mnemonic import DERIVATION_PATH, address_of, is_wallet

PASSPHRASE_RULE = "12 characters or more; five random words are better"  # noqa: S105

_MIN_PASSPHRASE = 12
_MIN_DIFFERENT = 6

_WHAT = "Wallet of an Allora worker"
_VERSION = 1

_HEADERS = (b"age-encryption.org/", b"-----BEGIN AGE ENCRYPTED FILE-----")
_MAX_BYTES = 65536
"""A backup has less than 1 KiB."""


@dataclass(frozen=True)
class Backup:
    """The content of a backup.

    Attributes:
        network: the worker's Allora network; the wallet is the same on all of them.
        made_at: in UTC.
    """

    words: str = field(repr=False)
    address: str
    network: str
    worker_name: str
    made_at: datetime

    def to_json(self) -> bytes:
        """Return the document to encrypt. Its format is a contract: files are kept for years."""
        document = {
            "what": _WHAT,
            "version": _VERSION,
            "words": self.words,
            "derivation_path": DERIVATION_PATH,
            "address": self.address,
            "network": self.network,
            "worker_name": self.worker_name,
            "made_at": self.made_at.isoformat(timespec="seconds"),
        }
        return (json.dumps(document, indent=2) + "\n").encode()


def backup_path(given: Path | None, backup: Backup) -> Path:
    """Return the path of the file; in a folder, and by default, with the usual name."""
    address = backup.address
    name = f"allora-{backup.worker_name}-{address[:9]}-{address[-6:]}-{backup.made_at:%Y-%m-%d}.age"
    if given is None:
        return Path(name)
    return given / name if given.is_dir() else given


def new_passphrase() -> str:
    """Return a passphrase for a new file, typed twice at a terminal, or from standard input.

    Raises:
        OperatorError: the one on standard input is too weak.
    """
    if not prompts.at_terminal():
        passphrase = prompts.hidden_or_stdin("Passphrase")
        check_passphrase(passphrase)
        return passphrase
    console.err.print(f"Choose a passphrase for the file: {PASSPHRASE_RULE}.", markup=False)
    while True:
        passphrase = prompts.ask_hidden("Passphrase")
        try:
            check_passphrase(passphrase)
        except OperatorError as error:
            console.err.print(str(error), markup=False)
            continue
        if prompts.ask_hidden("Repeat the passphrase") == passphrase:
            return passphrase
        console.err.print("The two differ. Try again.")


def check_passphrase(passphrase: str) -> None:
    """Raise an OperatorError for a passphrase that is easy to guess, or cannot be typed."""
    problem = ""
    if len(passphrase) < _MIN_PASSPHRASE:
        problem = f"is shorter than {_MIN_PASSPHRASE} characters"
    elif len(set(passphrase)) < _MIN_DIFFERENT:
        problem = f"has fewer than {_MIN_DIFFERENT} different characters"
    elif not passphrase.isprintable():
        problem = "has a character that cannot be typed, such as a line break"
    if problem:
        raise OperatorError(
            ErrorCode.BACKUP_PASSPHRASE,
            f"The passphrase {problem}. It needs {PASSPHRASE_RULE}.",
        )


def check_place(path: Path, *, replace: bool) -> None:
    """Raise an OperatorError if the file exists, or its folder does not."""
    if not path.parent.is_dir():
        raise OperatorError(
            ErrorCode.BACKUP_FILE,
            f"{path} cannot be written: there is no folder {path.parent}. Nothing was written.",
        )
    if os.path.lexists(path) and not replace:
        raise _exists(path)


def write_backup(backup: Backup, path: Path, passphrase: str, *, replace: bool) -> None:
    """Write the encrypted file under another name, open it, and then rename it.

    Raises:
        OperatorError: it cannot be written, or it exists and `replace` is false.
    """
    encrypted = age.encrypt(backup.to_json(), passphrase)
    try:
        with draft_beside(path, encrypted) as draft:
            if read_backup(draft, passphrase).to_json() != backup.to_json():
                raise OperatorError(
                    ErrorCode.BACKUP_FILE,
                    f"A file in {path.parent} was different when it was read back: a broken disk? "
                    "No backup was made. Try another place.",
                )
            if replace:
                draft.replace(path)
            else:
                give_name(draft, path)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise OperatorError(
            ErrorCode.BACKUP_FILE,
            f"{path} cannot be written: {error.strerror}. No backup was made. Try another place.",
        ) from error


def read_encrypted(path: Path) -> bytes:
    """Return an age file's content; raise an OperatorError if it is unreadable or another file."""
    try:
        with path.open("rb") as file:
            encrypted = file.read(_MAX_BYTES)
    except OSError as error:
        raise OperatorError(
            ErrorCode.BACKUP_FILE, f"{path} cannot be read: {error.strerror}."
        ) from error
    if not encrypted.startswith(_HEADERS):
        raise OperatorError(
            ErrorCode.BACKUP_FILE,
            f"{path} is not a backup: it is not an age file. Nothing was changed.",
        )
    return encrypted


def read_backup(path: Path, passphrase: str) -> Backup:
    """Return the content of a backup.

    Raises:
        OperatorError: the passphrase is wrong, or the file is damaged or another one.
    """
    encrypted = read_encrypted(path)
    try:
        content = age.decrypt(encrypted, passphrase)
    except age.AgeError:
        # The format does not distinguish the causes.
        raise OperatorError(
            ErrorCode.BACKUP_PASSPHRASE,
            f"{path} does not open: the passphrase is wrong, or the file is damaged or was "
            "encrypted without a passphrase. Nothing was changed.",
        ) from None
    return parse_backup(path, content)


def parse_backup(path: Path, content: bytes) -> Backup:
    """Parse a decrypted document.

    Raises:
        OperatorError: it is another document, or its words do not match its address.
    """
    try:
        document = json.loads(content)
        backup = Backup(
            words=document["words"],
            address=document["address"],
            network=document["network"],
            worker_name=document["worker_name"],
            made_at=datetime.fromisoformat(document["made_at"]),
        )
        is_right = is_wallet(backup.words) and address_of(backup.words) == backup.address
    except (ValueError, TypeError, KeyError, AttributeError):
        is_right = False  # without the exception, which may contain the words
    if not is_right:
        raise OperatorError(
            ErrorCode.BACKUP_FILE,
            f"{path} opens, but contains no backup of `allora backup`. To see its content: "
            f"age -d {path}. To store words from it: allora wallet import. "
            "Nothing was changed.",
        )
    return backup


def _exists(path: Path) -> OperatorError:
    return OperatorError(
        ErrorCode.BACKUP_FILE,
        f"{path} already exists, and was not changed. Choose another name, or add --replace.",
    )
