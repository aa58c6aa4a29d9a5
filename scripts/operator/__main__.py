"""The `allora` command: `pipenv run allora --help`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from scripts.operator.aws import OperatorError, one_sentence_errors, open_session
from scripts.operator.secrets import check_secret_name, check_secret_value, put_secret
from scripts.operator.state_bucket import ensure_state_bucket
from settings import SettingsError, load_settings
from settings.names import Names

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Prepares AWS for an Allora worker.",
)
out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True, style="red")


@app.callback()
def _group() -> None:
    """Keeps `allora COMMAND` a group, however many commands there are."""


@app.command()
def bootstrap() -> None:
    """Makes the S3 bucket that holds Terraform's state, or checks and mends the one that is there.

    Safe to run at any time. Example: pipenv run allora bootstrap
    """
    settings = load_settings()
    session = open_session(settings)
    out.print(
        f"State bucket [bold]{settings.state_bucket}[/] ({settings.state_region}, "
        f"account {settings.aws_account_id})"
    )
    for step in ensure_state_bucket(
        session.client("s3", region_name=settings.state_region),
        bucket=settings.state_bucket,
        region=settings.state_region,
        account_id=settings.aws_account_id,
        partition=settings.partition,
    ):
        out.print(f"  ✔ {step}")
    out.print("Ready. Next: [bold]cdktf deploy allora-common allora-single-node[/]")


secret = typer.Typer(no_args_is_help=True, help="The worker's secrets, in SSM Parameter Store.")
app.add_typer(secret, name="secret")


@secret.command("set")
def secret_set(
    name: Annotated[
        str,
        typer.Argument(
            help="mnemonic (the wallet's words), api-key (faucet), inference-token "
            "(what consumers must present on the worker's port), or model/NAME for a variable "
            "that MODEL_SECRETS names."
        ),
    ],
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite the value that is there. It is lost.")
    ] = False,
) -> None:
    """Stores a secret, encrypted, where only the worker's host and you can read it.

    Asks for the value without showing it, or reads it from standard input.
    Example: pipenv run allora secret set mnemonic
    """
    settings = load_settings()
    check_secret_name(name, settings.model_secrets)
    value = _read_secret(name)
    check_secret_value(name, value)
    parameter = f"{Names(settings).secrets_prefix}/{name}"
    put_secret(
        open_session(settings).client("ssm", region_name=settings.aws_region),
        parameter=parameter,
        value=value,
        replace=replace,
    )
    out.print(f"✔ {parameter} is stored, encrypted. The host reads it when its service starts.")


def _read_secret(name: str) -> str:
    if sys.stdin.isatty():
        value: str = typer.prompt(f"{name} (not shown)", hide_input=True)
        return value.strip()
    return sys.stdin.read().strip()


def main() -> int:
    """Runs the command; whatever a user can cause ends in a sentence and exit code 1."""
    try:
        with one_sentence_errors():
            app(standalone_mode=True)
    except (SettingsError, OperatorError) as error:
        err.print(str(error), markup=False)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
