"""`allora secret …`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scripts.operator import screen
from scripts.operator.office import open_office
from scripts.operator.secrets import check_secret_name, check_secret_value, put_secret

app = typer.Typer(no_args_is_help=True, help="The worker's secrets, in SSM Parameter Store.")


@app.command("set")
def set_(
    name: Annotated[
        str,
        typer.Argument(
            help="mnemonic (the wallet's words), api-key (faucet), inference-token "
            "(what consumers must present on the worker's port), or model/NAME for a variable "
            "that MODEL_SECRETS names."
        ),
    ],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite the value that is there. It is lost.")
    ] = False,
    json: screen.Json = False,
) -> None:
    """Stores a secret, encrypted, where only the worker's host and you can read it.

    Asks for the value without showing it, or reads it from standard input.
    Example: pipenv run allora secret set api-key
    """
    office = open_office()
    check_secret_name(name, office.settings.model_secrets)
    value = read_secret(name)
    check_secret_value(name, value)
    parameter = f"{office.names.secrets_prefix}/{name}"
    put_secret(office.session.client("ssm"), parameter=parameter, value=value, replace=replace)
    if json:
        screen.result({"parameter": parameter, "stored": True})
        return
    screen.out.print(
        f"✔ {parameter} is stored, encrypted. The host reads it when its service starts."
    )


def read_secret(name: str) -> str:
    """What the operator types without seeing it, or what comes on standard input."""
    if sys.stdin.isatty():
        value: str = typer.prompt(f"{name} (not shown)", hide_input=True, err=True)
        return value.strip()
    return sys.stdin.read().strip()
