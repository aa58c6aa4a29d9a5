"""The wallet in SSM Parameter Store, protected from being overwritten by accident.

Parameter Store keeps the last 100 versions of a parameter:
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terminal import console, prompts
from allora_cli.wallet.mnemonic import address_of, is_wallet
from allora_cli.wallet.secrets import BATCH, put_secret

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_ssm.type_defs import ParameterTypeDef


@dataclass(frozen=True)
class StoredWallet:
    """The parameter with the words.

    Attributes:
        parameter: its name.
        words: separated by single spaces.
        address: None when the words are no wallet, because they were stored by hand.
    """

    parameter: str
    version: int
    words: str = field(repr=False)
    address: str | None


@dataclass(frozen=True)
class Storing:
    """The outcome of storing a wallet.

    Attributes:
        wallet: the one that is stored now.
        is_new: whether anything was changed.
        replaced: the previous, different content.
    """

    wallet: StoredWallet
    is_new: bool
    replaced: StoredWallet | None


def find_wallet(context: Context) -> StoredWallet | None:
    """Return the stored wallet, or None."""
    return read_wallet(context.session.client("ssm"), context.names.wallet)


def read_wallet(ssm: SSMClient, parameter: str) -> StoredWallet | None:
    """Return the wallet in a parameter, or None if there is no such parameter."""
    try:
        found = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        return None
    return _stored(found)


def _stored(parameter: ParameterTypeDef) -> StoredWallet:
    words = " ".join(parameter["Value"].split())
    address = address_of(words) if is_wallet(words) else None
    return StoredWallet(parameter["Name"], parameter["Version"], words, address)


def read_wallets(ssm: SSMClient, parameters: Sequence[str]) -> list[StoredWallet]:
    """Return the wallets that exist among the parameters, in their order."""
    found = {
        parameter["Name"]: parameter
        for first in range(0, len(parameters), BATCH)
        for parameter in ssm.get_parameters(
            Names=parameters[first : first + BATCH], WithDecryption=True
        )["Parameters"]
    }
    return [_stored(found[parameter]) for parameter in parameters if parameter in found]


def require_wallet(context: Context) -> StoredWallet:
    """Return the stored wallet with its address; raise an OperatorError if there is none."""
    wallet = find_wallet(context)
    if wallet is None:
        raise OperatorError(
            ErrorCode.NO_WALLET,
            f"There is no wallet: {context.names.wallet} does not exist in account "
            f"{context.settings.aws_account_id}, {context.settings.aws_region}. Make a new one: "
            f"allora wallet create{context.option}. Or use your own: allora wallet "
            f"import{context.option}",
        )
    if wallet.address is None:
        raise OperatorError(
            ErrorCode.WALLET_DAMAGED,
            f"{wallet.parameter} contains no wallet: a word is wrong, missing or out of place. "
            f"Store the right words: allora wallet import --replace{context.option}",
        )
    return wallet


def store_wallet(context: Context, words: str, *, replace: bool, address: str | None) -> Storing:
    """Store a valid mnemonic, encrypted. Asks for the replaced wallet's address, if it is None.

    Raises:
        OperatorError: there is another wallet, `replace` is false, or `address` is not its own.
    """
    before = find_wallet(context)
    if before is not None and before.words == words:
        return Storing(before, is_new=False, replaced=None)
    if before is not None:
        _require_consent(context, before, replace=replace, address=address)
        _require_unchanged(context, before)
    parameter = context.names.wallet
    version = put_secret(
        context.session.client("ssm"),
        parameter=parameter,
        value=words,
        # Without a wallet before, AWS refuses to overwrite one that is stored at this moment.
        replace=before is not None,
    )
    return Storing(
        StoredWallet(parameter, version, words, address_of(words)), is_new=True, replaced=before
    )


def _require_consent(
    context: Context, there: StoredWallet, *, replace: bool, address: str | None
) -> None:
    whose = f"the wallet {there.address}" if there.address else "words that are no wallet"
    if not replace:
        raise OperatorError(
            ErrorCode.WALLET_EXISTS,
            f"{there.parameter} contains {whose}, and was not changed. To replace it, make a "
            f"backup (allora backup{context.option}), and add --replace.",
        )
    if there.address is None and address is None:
        return  # no address to type, and nothing to lose
    if address is None:
        console.err.print(
            f"This replaces {whose}. Is there a backup of it (allora backup{context.option})?",
            markup=False,
        )
        address = prompts.ask(
            "To go on, type the address of the wallet that is replaced",
            instead="Give the address of the wallet that is replaced: --address allo1…",
        )
    if address != there.address:
        raise OperatorError(
            ErrorCode.WALLET_EXISTS,
            f"The address is another one: {there.parameter} contains {whose}. Nothing was changed.",
        )


def _require_unchanged(context: Context, before: StoredWallet) -> None:
    now = find_wallet(context)
    if now is None or now.version != before.version:
        raise OperatorError(
            ErrorCode.WALLET_EXISTS,
            f"{before.parameter} has been changed by another user meanwhile. Nothing was changed "
            f"here. To see what it contains: allora wallet address{context.option}",
        )
