"""The worker's secrets: SecureString parameters that only this command writes."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from mnemonic import Mnemonic

from scripts.operator.trouble import OperatorError, Trouble

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_WORKER_SECRETS = ("mnemonic", "api-key", "inference-token")

_MAX_BYTES = 4096
"""A standard parameter's limit.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""


def check_secret_name(name: str, model_secrets: Collection[str]) -> None:
    """Refuses a name that the host would never read.

    Raises:
        OperatorError: with the names that there are.
    """
    known = [*_WORKER_SECRETS, *(f"model/{variable}" for variable in model_secrets)]
    if name not in known:
        hint = " Name the variable in MODEL_SECRETS first." if name.startswith("model/") else ""
        raise OperatorError(
            Trouble.SECRET_NAME, f"{name!r} is not one of: {', '.join(known)}.{hint}"
        )


def check_secret_value(name: str, value: str) -> None:
    """Refuses a value that cannot work. The value is in no message.

    Raises:
        OperatorError: empty, too long, or a mnemonic with a wrong word or checksum.
    """
    if not value:
        raise OperatorError(
            Trouble.SECRET_VALUE, f"No value for {name} was given. Nothing was stored."
        )
    if len(value.encode()) > _MAX_BYTES:
        raise OperatorError(
            Trouble.SECRET_VALUE,
            f"The value for {name} is longer than {_MAX_BYTES} bytes. Nothing was stored.",
        )
    if name == "mnemonic" and not Mnemonic("english").check(value):
        raise OperatorError(
            Trouble.SECRET_VALUE,
            "That is not a valid mnemonic: 12 or 24 English words in the right order, separated "
            "by single spaces. A word is misspelt, missing or out of place. Nothing was stored.",
        )


def put_secret(ssm: SSMClient, *, parameter: str, value: str, replace: bool) -> None:
    """Stores a secret under a parameter's name.

    Raises:
        OperatorError: there is a value already, and `replace` is false.
    """
    try:
        ssm.put_parameter(Name=parameter, Value=value, Type="SecureString", Overwrite=replace)
    except ssm.exceptions.ParameterAlreadyExists as error:
        raise OperatorError(
            Trouble.SECRET_EXISTS,
            f"{parameter} has a value already, and it was left alone. "
            "To overwrite it (the old value is lost): add --replace.",
        ) from error
