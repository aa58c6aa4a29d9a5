"""The address that coins are sent to: checked, and given twice."""

from __future__ import annotations

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terminal import prompts
from allora_cli.wallet.mnemonic import ADDRESS_PREFIX
from shared.wallet_library import wallet_library

_LENGTHS = (20, 32)
"""Bytes of an account of a key, and of a module or several keys.
https://github.com/cosmos/cosmos-sdk/blob/main/docs/architecture/adr-028-public-key-addresses.md"""

_MOST_MEMO = 256
"""Bytes: the chains' default. https://github.com/cosmos/cosmos-sdk/blob/main/x/auth/types/params.go"""

_INSTEAD = "Give the address twice: --to allo1… --confirm allo1…"


def check_recipient(address: str) -> None:
    """Raise an OperatorError for what is no address on the Allora network."""
    prefix, separator, _ = address.partition("1")
    if not separator or prefix != ADDRESS_PREFIX:
        problem = f"does not begin with {ADDRESS_PREFIX}1"
    elif not _has_checksum(address):
        problem = "has a wrong checksum: a character is wrong, missing or too many"
    else:
        return
    raise OperatorError(
        ErrorCode.RECIPIENT,
        f"{address!r} is no address on the Allora network: it {problem}. Nothing was sent.",
    )


def check_options(to: str | None, confirm: str | None) -> None:
    """Raise an OperatorError for options with a wrong address, or with two different ones."""
    if to is not None:
        check_recipient(to)
    if confirm is not None and confirm != to:
        raise _two_addresses("--to and --confirm")


def check_memo(memo: str) -> None:
    """Raise an OperatorError for a memo that the chain would refuse."""
    if len(memo.encode()) > _MOST_MEMO:
        raise OperatorError(
            ErrorCode.RECIPIENT, f"The memo is longer than {_MOST_MEMO} bytes. Nothing was sent."
        )


def read_recipient(to: str | None, confirm: str | None, *, own: str) -> str:
    """Return the recipient of checked options; what they lack is typed at the terminal.

    Raises:
        OperatorError: it is the wallet's own address, was typed differently the second time, or
            there is no terminal.
    """
    if to is None:
        to = prompts.ask("The recipient's address", instead=_INSTEAD)
        check_recipient(to)
    if to == own:
        raise OperatorError(
            ErrorCode.RECIPIENT, f"{to} is the wallet's own address. Nothing was sent."
        )
    if confirm is None:
        confirm = prompts.ask("The recipient's address once more", instead=_INSTEAD)
    if confirm != to:
        raise _two_addresses("The two")
    return to


def _has_checksum(address: str) -> bool:
    library = wallet_library()
    try:
        data = library.Bech32Decoder.Decode(ADDRESS_PREFIX, address)
    except (library.Bech32ChecksumError, ValueError):
        return False
    return address.islower() and len(data) in _LENGTHS


def _two_addresses(which: str) -> OperatorError:
    return OperatorError(ErrorCode.RECIPIENT, f"{which} are different addresses. Nothing was sent.")
