"""The worker's secrets: SecureString parameters that only this command writes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from allora_cli.errors import ErrorCode, OperatorError
from containers.worker.allora_worker.contract import Secret

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_IN_HEADERS = (Secret.API_KEY, Secret.INFERENCE_TOKEN)
"""Secrets that travel in a header of HTTP."""

_MIN_TOKEN = 16
"""Characters of a token that strangers on the internet may try to guess."""

_MAX_BYTES = 4096
"""A standard parameter's limit.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

_BATCH = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


@dataclass(frozen=True)
class StoredSecret:
    """A secret's parameter, without the secret.

    Attributes:
        parameter: its name.
        stored_at: when it was last written; None when it never was.
        version: how often it has been written; 0 when it never was.
    """

    parameter: str
    stored_at: datetime | None
    version: int


def check_secret_name(name: str, model_secrets: Collection[str]) -> None:
    """Refuses a name that the host would never read, and the wallet.

    Raises:
        OperatorError: with the names that there are.
    """
    if name == Secret.MNEMONIC:
        raise OperatorError(
            ErrorCode.SECRET_NAME,
            "The wallet has commands of its own. To store its words: "
            "pipenv run allora wallet import. For a new one: pipenv run allora wallet create",
        )
    known = [*_IN_HEADERS, *(f"model/{variable}" for variable in model_secrets)]
    if name not in known:
        hint = " Name the variable in MODEL_SECRETS first." if name.startswith("model/") else ""
        raise OperatorError(
            ErrorCode.SECRET_NAME, f"{name!r} is not one of: {', '.join(known)}.{hint}"
        )


def check_secret_value(name: str, value: str) -> None:
    """Refuses a value that cannot work. The value is in no message.

    Raises:
        OperatorError: empty, too long or too short, or no text for a header.
    """
    problem = ""
    if not value:
        problem = f"No value for {name} was given."
    elif len(value.encode()) > _MAX_BYTES:
        problem = f"The value for {name} is longer than {_MAX_BYTES} bytes."
    elif name in _IN_HEADERS and not (value.isascii() and value.isprintable() and " " not in value):
        problem = (
            f"The value for {name} has spaces, line breaks or characters that are not ASCII, "
            "which a header of HTTP cannot carry."
        )
    elif name == Secret.INFERENCE_TOKEN and len(value) < _MIN_TOKEN:
        problem = (
            f"The value for {name} is shorter than {_MIN_TOKEN} characters: anybody who reaches "
            "the worker's port may guess it. `openssl rand -hex 32` makes a good one."
        )
    if problem:
        raise OperatorError(ErrorCode.SECRET_VALUE, f"{problem} Nothing was stored.")


def put_secret(ssm: SSMClient, *, parameter: str, value: str, replace: bool) -> int:
    """Stores a secret under a parameter's name.

    Returns:
        The parameter's version. AWS keeps the ones before it.

    Raises:
        OperatorError: there is a value already, and `replace` is false.
    """
    try:
        answer = ssm.put_parameter(
            Name=parameter, Value=value, Type="SecureString", Overwrite=replace
        )
    except ssm.exceptions.ParameterAlreadyExists as error:
        raise OperatorError(
            ErrorCode.SECRET_EXISTS,
            f"{parameter} has a value already, and it was left alone. To overwrite it, add "
            "--replace.",
        ) from error
    except ClientError as error:
        if error.response["Error"].get("Code") != "ValidationException":
            raise
        # Without AWS's words, which may repeat the value.
        raise OperatorError(
            ErrorCode.SECRET_VALUE,
            f"AWS does not take this value for {parameter}. It must not contain {{{{ or }}}}. "
            "Nothing was stored.",
        ) from None
    return answer["Version"]


def list_secrets(ssm: SSMClient, parameters: Sequence[str]) -> list[StoredSecret]:
    """Which of these parameters exist; their values are not decrypted."""
    found = {
        parameter["Name"]: parameter
        for start in range(0, len(parameters), _BATCH)
        for parameter in ssm.get_parameters(
            Names=parameters[start : start + _BATCH], WithDecryption=False
        )["Parameters"]
    }
    return [
        StoredSecret(name, found[name]["LastModifiedDate"], found[name]["Version"])
        if name in found
        else StoredSecret(name, None, 0)
        for name in parameters
    ]
