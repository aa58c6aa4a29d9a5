"""`allora init`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from allora_cli.terminal import console, prompts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allora_cli.init.preparing import Prepared


def _option(metavar: str, meaning: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(metavar=metavar, help=meaning)
    return option


def init(
    *,
    account: Annotated[
        str | None, _option("ID", "AWS account. Default: that of your credentials.")
    ] = None,
    region: Annotated[
        str | None, _option("REGION", "AWS region. Default: that of your profile.")
    ] = None,
    profile: Annotated[str | None, _option("NAME", "Profile of ~/.aws/config.")] = None,
    network: Annotated[str | None, _option("NAME", "testnet or mainnet. Default: testnet.")] = None,
    topic: Annotated[
        str | None, _option("IDS", "Topics, separated by commas. Default on testnet: 69.")
    ] = None,
    token: Annotated[
        str | None, _option("TOKEN", "What the model is asked about. Default: by the topic.")
    ] = None,
    model_repo: Annotated[
        str | None, _option("URL", "Your model: a public git repository with a Dockerfile.")
    ] = None,
    model_ref: Annotated[
        str | None, _option("REF", "Its branch, tag or commit. Default: its default branch.")
    ] = None,
    model_image: Annotated[str | None, _option("IMAGE", "Your model: a published image.")] = None,
    email: Annotated[
        str | None, _option("ADDRESS", "The recipient of alarms. Default: nobody.")
    ] = None,
    instance_type: Annotated[
        str | None, _option("TYPE", "EC2 instance type. Default: a small one.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take defaults, and the options.")
    ] = False,
    json: console.Json = False,
) -> None:
    """Write the settings file, .env, with answers to a few questions.

    Asks only what it cannot find out, and no option answers. Checks the answers as a deployment
    does. Changes nothing in AWS, and never a file that exists.

    Example: allora init --topic 69 --email you@example.com
    """
    from allora_cli.errors import ErrorCode, OperatorError
    from allora_cli.init.preparing import prepare

    if not (yes or prompts.at_terminal()):
        raise OperatorError(
            ErrorCode.NOT_A_TERMINAL,
            "This asks questions, and there is no terminal to answer at. Nothing was written. To "
            "take the defaults of what no option answers: add --yes.",
        )
    options = {
        "AWS_ACCOUNT_ID": account,
        "AWS_REGION": region,
        "AWS_PROFILE": profile,
        "ALLORA_NETWORK": network,
        "ALLORA_WORKER_TOPIC_ID": topic,
        "ALLORA_WORKER_TOKEN": token,
        "MODEL_REPO": model_repo,
        "MODEL_REF": model_ref,
        "MODEL_IMAGE": model_image,
        "ALARM_EMAIL": email,
        "AWS_INSTANCE_TYPE": instance_type,
    }
    given = {variable: value for variable, value in options.items() if value is not None}
    prepared = prepare(given, asks=not yes)
    console.show(_document(prepared), _lines(prepared), json=json)


def _document(prepared: Prepared) -> dict[str, object]:
    return {
        "file": str(prepared.path),
        "settings": dict(prepared.values),
        "topics": [
            {"id": topic.id, "name": topic.name or None, "active": topic.active}
            for topic in prepared.topics
        ],
        "usd_a_month": prepared.usd_a_month and round(prepared.usd_a_month, 2),
        "warnings": list(prepared.settings.warnings),
    }


def _lines(prepared: Prepared) -> Iterator[str]:
    from allora_cli.init.sizes import shown_price

    settings, caller = prepared.settings, prepared.caller
    numbers = ", ".join(str(topic.id) for topic in prepared.topics)
    yield (
        f"✔ {prepared.path} is written: topic {numbers} on {settings.allora_network}, account "
        f"{settings.aws_account_id}, {settings.aws_region}"
    )
    yield f"  {settings.instance_type}: {shown_price(prepared.usd_a_month)} for the whole worker"
    for topic in prepared.topics:
        if topic.exists is None:
            yield f"! Whether there is a topic {topic.id} is unknown: the chain does not answer."
        elif topic.active is False:
            yield f"! Topic {topic.id} is not active: the network asks for no inferences now."
    yield from (f"! {warning}" for warning in settings.warnings)
    if caller.account_id is None:
        yield f"! {caller.problem}"
        yield "Next: get credentials, then: allora wallet create"
        return
    if caller.account_id != settings.aws_account_id:
        yield f"! Your credentials belong to account {caller.account_id}. Set AWS_PROFILE."
    yield "Next: allora wallet create"
