"""The worker's secrets: SecureString parameters that only this program writes."""

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
"""Secrets that are sent in an HTTP header."""

_MIN_TOKEN = 16
"""Characters of a token that is open to guessing from the internet."""

_MAX_BYTES = 4096
"""A standard parameter's limit.
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
"""

BATCH = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


@dataclass(frozen=True)
class StoredSecret:
    """A secret's parameter, without the secret.

    Attributes:
        stored_at: its last change; None when it does not exist.
        version: the number of changes; 0 when it does not exist.
        kind: its type; "SecureString" means encrypted.
    """

    parameter: str
    stored_at: datetime | None = None
    version: int = 0
    kind: str = ""


def check_secret_name(name: str, model_secrets: Collection[str]) -> None:
    """Raise an OperatorError for the wallet, and for names that the host does not read."""
    if name == Secret.MNEMONIC:
        raise OperatorError(
            ErrorCode.SECRET_NAME,
            "The wallet has its own commands. To store its words: allora wallet import. "
            "For a new one: allora wallet create",
        )
    known = [*_IN_HEADERS, *(f"model/{variable}" for variable in model_secrets)]
    if name not in known:
        hint = " Name the variable in MODEL_SECRETS first." if name.startswith("model/") else ""
        raise OperatorError(
            ErrorCode.SECRET_NAME, f"{name!r} is not one of: {', '.join(known)}.{hint}"
        )


def check_secret_value(name: str, value: str) -> None:
    """Raise an OperatorError, without the value in it, for a value that cannot work."""
    problem = ""
    if not value:
        problem = f"No value for {name} was given."
    elif len(value.encode()) > _MAX_BYTES:
        problem = f"The value for {name} is longer than {_MAX_BYTES} bytes."
    elif name in _IN_HEADERS and not (value.isascii() and value.isprintable() and " " not in value):
        problem = (
            f"The value for {name} has spaces, line breaks or characters that are not ASCII, "
            "which an HTTP header cannot carry."
        )
    elif name == Secret.INFERENCE_TOKEN and len(value) < _MIN_TOKEN:
        problem = (
            f"The value for {name} is shorter than {_MIN_TOKEN} characters: it "
            "could be guessed at the worker's port. `openssl rand -hex 32` makes a good one."
        )
    if problem:
        raise OperatorError(ErrorCode.SECRET_VALUE, f"{problem} Nothing was stored.")


def put_secret(ssm: SSMClient, *, parameter: str, value: str, replace: bool) -> int:
    """Store a secret, and return the parameter's new version. AWS keeps the earlier ones.

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
            f"{parameter} already has a value, which was not changed. To overwrite it, add "
            "--replace.",
        ) from error
    except ClientError as error:
        if error.response["Error"].get("Code") != "ValidationException":
            raise
        # AWS's message may repeat the value.
        raise OperatorError(
            ErrorCode.SECRET_VALUE,
            f"AWS does not accept this value for {parameter}: it must not contain {{{{ or }}}}. "
            "Nothing was stored.",
        ) from None
    return answer["Version"]


def list_secrets(ssm: SSMClient, parameters: Sequence[str]) -> list[StoredSecret]:
    """Return the state of these parameters, without decrypting them."""
    found = {
        parameter["Name"]: parameter
        for start in range(0, len(parameters), BATCH)
        for parameter in ssm.get_parameters(
            Names=parameters[start : start + BATCH], WithDecryption=False
        )["Parameters"]
    }
    return [
        StoredSecret(name, secret["LastModifiedDate"], secret["Version"], secret["Type"])
        if (secret := found.get(name))
        else StoredSecret(name)
        for name in parameters
    ]
