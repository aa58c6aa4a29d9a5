"""Runs the cdktf CLI, its output on the screen, and says in a sentence why it has failed."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from botocore.exceptions import ClientError

from allora_cli.aws.session import explain
from allora_cli.errors import OperatorError, Trouble
from allora_cli.terraform import passthrough
from allora_cli.terraform.passthrough import Outcome
from settings.environment import aws_endpoint_url
from shared.loopback import is_loopback
from shared.stacks import STACKS

_AGAIN: Final = "Running the same command again goes on from here."
_MOST_CHARACTERS: Final = 400
_REPLACED: Final = re.compile(r"# aws_instance\.\S+ .{0,80}(?:must|will) be replaced")


def deploy(*, approved: bool) -> None:
    """Deploys both stacks; cdktf shows each plan, and asks unless it is approved already.

    Raises:
        OperatorError: it failed, or somebody declined a plan.
        KeyboardInterrupt: Ctrl-C, after Terraform has ended in order.
    """
    _change("deploy", *STACKS, approved=approved)


def destroy() -> None:
    """Destroys both stacks, without asking.

    Raises:
        OperatorError: it failed.
        KeyboardInterrupt: Ctrl-C, after Terraform has ended in order.
    """
    _change("destroy", *reversed(STACKS), approved=True)


class Plan(NamedTuple):
    """What a deployment would do.

    Attributes:
        is_empty: nothing at all.
        replaces_host: make another instance, after the end of the one that runs.
    """

    is_empty: bool
    replaces_host: bool


def plan(stack: str, *, env_file: Path | None = None) -> Plan:
    """Shows what a deployment would do to a stack.

    Args:
        stack: its id.
        env_file: the settings to plan with, in place of those that are in force.

    Raises:
        OperatorError: it failed.
        KeyboardInterrupt: Ctrl-C.
    """
    environment = _environment()
    if env_file:
        environment["ALLORA_ENV_FILE"] = str(env_file)
    outcome = _run("diff", stack, environment=environment)
    return Plan(
        is_empty="No changes." in outcome.text,
        replaces_host=bool(_REPLACED.search(outcome.text)),
    )


def need_terminal(*, approved: bool) -> None:
    """Raises an OperatorError where cdktf has to ask, and nobody could answer."""
    if not (approved or passthrough.is_interactive()):
        raise OperatorError(
            Trouble.NOT_A_TERMINAL,
            "cdktf asks before it changes anything, and there is no terminal to answer at. Nothing "
            "was changed. To approve the plan in advance: add --yes.",
        )


def is_embedded() -> bool:
    """Whether AWS is the embedded one, on this computer: no host ever boots there."""
    return is_loopback(aws_endpoint_url())


def _change(verb: str, *stacks: str, approved: bool) -> None:
    need_terminal(approved=approved)
    options = ["--auto-approve"] if approved else []
    outcome = _run(verb, *stacks, *options, environment=_environment())
    # It ends with 0 then, as after success.
    if "Apply cancelled." in outcome.text:
        raise OperatorError(
            Trouble.DECLINED,
            "You did not approve the plan, and it was not carried out. What you approved before is "
            "in place. To see the plan again, run the same command.",
        )


def _environment() -> dict[str, str]:
    """Ours, with the project's own tools first in the path.

    Raises:
        OperatorError: cdktf is not installed.
    """
    tools = Path(sys.executable).parent
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
    if shutil.which("cdktf", path=path) is None:
        raise OperatorError(
            Trouble.NOT_INSTALLED,
            "The cdktf CLI is not installed. Nothing was changed. Run: make setup",
        )
    return os.environ | {"PATH": path}


def _run(*arguments: str, environment: Mapping[str, str]) -> Outcome:
    # https://developer.hashicorp.com/terraform/cdktf/create-and-deploy/environment-variables
    terraform = Path(environment.get("TERRAFORM_BINARY_NAME") or "terraform").name
    outcome = passthrough.run(["cdktf", *arguments], environment, inner=terraform)
    if outcome.interrupted:
        raise KeyboardInterrupt
    if outcome.code:
        raise reason(outcome.text)
    return outcome


# --- why it has failed


@dataclass(frozen=True)
class _Sign:
    """What Terraform or cdktf prints, and what it means.

    Attributes:
        pattern: a regular expression; its groups are values of the sentence.
        trouble: what it is.
        sentence: for the operator.
    """

    pattern: str
    trouble: Trouble
    sentence: str


_SIGNS: Final = (
    _Sign(
        r"Error acquiring the state lock.*? ID: (?P<id>[0-9a-f-]{36}) Path: (?P<path>\S+)"
        r".*? Who: (?P<who>\S+).*? Created: (?P<created>\S+ \S+?)(?:\.\d+)? ",
        Trouble.STATE_LOCKED,
        "Another run has locked the state {path} ({who}, since {created} UTC), or one was killed. "
        "Wait until it is over, and run the same command again. If it is surely dead: "
        "cd cdktf.out/stacks/{stack} && terraform force-unlock {id}",
    ),
    _Sign(
        r"Failed to persist state|Failed to save state|errored\.tfstate",
        Trouble.STATE_NOT_SAVED,
        "Terraform could not save its state to S3, and left it in errored.tfstate below "
        "cdktf.out/stacks. Before anything else, in that folder: "
        "terraform state push errored.tfstate",
    ),
    _Sign(
        r"[Tt]he SSO session has expired|token has expired|refresh cached SSO token failed"
        r"|ExpiredToken|RequestExpired",
        Trouble.CREDENTIALS_EXPIRED,
        "Your AWS credentials have expired. Run `aws sso login`, or get new ones; then run the "
        "same command again: it goes on from here.",
    ),
    _Sign(
        r"No valid credential sources found|failed to refresh cached credentials",
        Trouble.NO_CREDENTIALS,
        "Terraform finds no AWS credentials. Run `aws configure sso` (or `aws configure`), or set "
        "AWS_PROFILE in .env.",
    ),
    _Sign(
        r"S3 bucket \"(?P<bucket>[^\"]+)\" does not exist",
        Trouble.BUCKET,
        "The bucket {bucket} for Terraform's state does not exist. Nothing was changed. Make it: "
        "pipenv run allora bootstrap",
    ),
    _Sign(
        r"AWS account ID not allowed: (?P<account>\d+)",
        Trouble.OTHER_ACCOUNT,
        "Your AWS credentials are account {account}'s, which AWS_ACCOUNT_ID is not. Nothing was "
        "changed. Use other credentials, or correct AWS_ACCOUNT_ID.",
    ),
    _Sign(
        r"InsufficientInstanceCapacity",
        Trouble.CAPACITY,
        "AWS has no free instance of this type in this zone at the moment. Run the same command "
        "again in a few minutes, or choose another AWS_INSTANCE_TYPE or AWS_AVAILABILITY_ZONE.",
    ),
    _Sign(
        r"settings? needs? your attention",
        Trouble.SETTINGS,
        "The settings cannot be deployed; cdktf has printed why, above. Nothing was changed.",
    ),
)

# How the AWS provider and the S3 backend report what AWS has answered.
_API_ERROR: Final = re.compile(
    r"operation error (?P<service>[\w ]+): (?P<action>\w+)\b.{0,400}?api error (?P<code>[\w.]+): "
    r"(?P<words>.*?)(?= with [a-z_]+\.| on cdk\.tf\.json| Error: |$)"
)
_UNREACHABLE: Final = re.compile(
    r"no such host|connection refused|i/o timeout|TLS handshake timeout|network is unreachable"
)


def reason(text: str) -> OperatorError:
    """Why cdktf has failed, with what to do.

    Args:
        text: what it has printed, in one line.
    """
    for sign in _SIGNS:
        if found := re.search(sign.pattern, text):
            values = found.groupdict()
            # BUCKET/STACK/terraform.tfstate
            values["stack"] = values.get("path", "").split("/")[-2:][0]
            return OperatorError(sign.trouble, sign.sentence.format(**values))
    if found := _API_ERROR.search(text):
        return _aws_error(found)
    if found := _UNREACHABLE.search(text):
        return OperatorError(
            Trouble.AWS_UNREACHABLE,
            f"AWS does not answer: {found[0]}. Check the internet connection and the proxy. "
            f"{_AGAIN}",
        )
    return OperatorError(
        Trouble.CDKTF_FAILED, f"cdktf has failed; what it has printed, above, tells why. {_AGAIN}"
    )


def _aws_error(found: re.Match[str]) -> OperatorError:
    words = found["words"].partition("Encoded authorization failure message")[0].strip()
    if len(words) > _MOST_CHARACTERS:
        words = f"{words[:_MOST_CHARACTERS]}…"
    answer = ClientError({"Error": {"Code": found["code"], "Message": words}}, found["action"])
    error = explain(answer)
    return OperatorError(error.trouble, f"{error} What was made is in place. {_AGAIN}")
