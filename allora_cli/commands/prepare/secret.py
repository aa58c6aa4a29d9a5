"""`allora secret …`."""

from __future__ import annotations

from typing import Annotated

import typer

from allora_cli.commands.worker_option import Worker
from allora_cli.terminal import console, prompts

app = typer.Typer(
    name="secret",
    help="Store and list the worker's secrets in SSM Parameter Store, except the wallet.",
)


@app.command("set")
def set_(
    name: Annotated[
        str,
        typer.Argument(
            help="api-key (for the faucet), inference-token (for consumers, on the worker's port), "
            "or model/NAME for a variable in MODEL_SECRETS."
        ),
    ],
    *,
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite an existing value.")
    ] = False,
    worker: Worker = None,
    json: console.Json = False,
) -> None:
    """Store a secret, encrypted.

    Asks for the value without showing it, or reads it from standard input.

    Example: allora secret set api-key
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.secrets import check_secret_name, check_secret_value, put_secret

    context = open_worker(worker)
    check_secret_name(name, context.settings.model_secrets)
    value = prompts.hidden_or_stdin(name).strip()
    check_secret_value(name, value)
    parameter = f"{context.names.secrets_prefix}/{name}"
    version = put_secret(
        context.session.client("ssm"), parameter=parameter, value=value, replace=replace
    )
    line = (
        f"✔ {parameter} is stored, encrypted. The worker reads it when it starts: allora "
        f"restart{context.option}"
    )
    console.show({"parameter": parameter, "stored": True, "version": version}, [line], json=json)


@app.command("list")
def list_(*, worker: Worker = None, json: console.Json = False) -> None:
    """List the secrets that the host may read, and when each was stored; never their values.

    Example: allora secret list
    """
    from allora_cli.context import open_worker
    from allora_cli.wallet.secrets import list_secrets

    context = open_worker(worker)
    secrets = list_secrets(context.session.client("ssm"), context.names.parameters)
    documents, lines = [], []
    width = max(len(secret.parameter) for secret in secrets)
    for secret in secrets:
        at = secret.stored_at
        documents.append(
            {
                "parameter": secret.parameter,
                "stored_at": at and at.isoformat(),
                "version": secret.version,
            }
        )
        when = f"stored {at:%Y-%m-%d %H:%M %Z}" if at else "not stored"
        lines.append(f"{secret.parameter:<{width}}  {when}")
    console.show({"secrets": documents}, lines, json=json)
