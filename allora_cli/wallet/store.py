"""The wallet in SSM Parameter Store, which nothing overwrites by accident.

Parameter Store keeps the last 100 versions of a parameter, and nothing here deletes any:
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terminal import console, prompts
from allora_cli.wallet.mnemonic import address_of, is_wallet
from allora_cli.wallet.secrets import put_secret


@dataclass(frozen=True)
class StoredWallet:
    """What is in the parameter.

    Attributes:
        parameter: its name.
        version: how often it has been written.
        words: as the worker reads them.
        address: None when the words are no wallet, because somebody has stored them by hand.
    """

    parameter: str
    version: int
    words: str = field(repr=False)
    address: str | None


@dataclass(frozen=True)
class Storing:
    """How storing a wallet ended.

    Attributes:
        wallet: what is in the parameter now.
        is_new: false when it was there before, and nothing was changed.
        replaced: what was there before, if it was something else.
    """

    wallet: StoredWallet
    is_new: bool
    replaced: StoredWallet | None


def wallet_parameter(context: Context) -> str:
    """The name of the parameter with the wallet's words."""
    return context.names.wallet


def find_wallet(context: Context) -> StoredWallet | None:
    """The wallet that is stored; None when there is none."""
    ssm, parameter = context.session.client("ssm"), wallet_parameter(context)
    try:
        found = ssm.get_parameter(Name=parameter, WithDecryption=True)["Parameter"]
    except ssm.exceptions.ParameterNotFound:
        return None
    words = " ".join(found["Value"].split())
    address = address_of(words) if is_wallet(words) else None
    return StoredWallet(parameter, found["Version"], words, address)


def require_wallet(context: Context) -> StoredWallet:
    """The wallet that is stored, with its address.

    Raises:
        OperatorError: there is none, or what is stored is no wallet.
    """
    wallet = find_wallet(context)
    if wallet is None:
        raise OperatorError(
            ErrorCode.NO_WALLET,
            f"There is no wallet: {wallet_parameter(context)} does not exist in account "
            f"{context.settings.aws_account_id}, {context.settings.aws_region}. Make a new one: "
            "pipenv run allora wallet create. Or bring yours: pipenv run allora wallet import",
        )
    if wallet.address is None:
        raise OperatorError(
            ErrorCode.WALLET_DAMAGED,
            f"What is stored in {wallet.parameter} is no wallet: a word is wrong, missing or in "
            "the wrong place. Store the right words: pipenv run allora wallet import --replace",
        )
    return wallet


def store_wallet(context: Context, words: str, *, replace: bool, address: str | None) -> Storing:
    """Stores a wallet, encrypted. Another one that is there stays, unless its address is given.

    Args:
        context: whose wallet it is.
        words: valid ones.
        replace: whether another one may be replaced at all.
        address: of the one to replace; None to ask for it.

    Raises:
        OperatorError: there is another wallet, and it was not to be replaced.
    """
    before = find_wallet(context)
    if before is not None and before.words == words:
        return Storing(before, is_new=False, replaced=None)
    if before is not None:
        _require_consent(before, replace=replace, address=address)
        _require_unchanged(context, before)
    parameter = wallet_parameter(context)
    version = put_secret(
        context.session.client("ssm"),
        parameter=parameter,
        value=words,
        # Should somebody store one at this very moment, AWS refuses to overwrite theirs.
        replace=before is not None,
    )
    return Storing(
        StoredWallet(parameter, version, words, address_of(words)), is_new=True, replaced=before
    )


def _require_consent(there: StoredWallet, *, replace: bool, address: str | None) -> None:
    whose = f"the wallet {there.address}" if there.address else "words that are no wallet"
    if not replace:
        raise OperatorError(
            ErrorCode.WALLET_EXISTS,
            f"{there.parameter} holds {whose}, and was left alone. To replace it, make a backup "
            "(pipenv run allora backup), and add --replace.",
        )
    if there.address is None and address is None:
        return  # nothing that could be named, nor lost
    if address is None:
        console.err.print(
            f"This replaces {whose}. Is there a backup of it (pipenv run allora backup)?",
            markup=False,
        )
        address = prompts.ask(
            "To go on, type the address of the wallet that is replaced",
            instead="Give the address of the wallet that is replaced: --address allo1…",
        )
    if address != there.address:
        raise OperatorError(
            ErrorCode.WALLET_EXISTS,
            f"The address given is not that of what is stored: {there.parameter} holds {whose}. "
            "Nothing was changed.",
        )


def _require_unchanged(context: Context, before: StoredWallet) -> None:
    now = find_wallet(context)
    if now is None or now.version != before.version:
        raise OperatorError(
            ErrorCode.WALLET_EXISTS,
            f"Somebody else has changed {before.parameter} meanwhile. Nothing was changed here. "
            "Look what it holds: pipenv run allora wallet address",
        )
