"""Say in a sentence why Terraform has failed, and what to do.

By what is there: files that Terraform has left, the lock in S3, and AWS's answer when it is asked
once more. Terraform's own messages only give the code that AWS has answered with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from allora_cli.aws.queries import Unknown, asked
from allora_cli.aws.session import explain
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.locks import held_lock, holder_of, lock_error
from allora_cli.terraform.messages import Severity, TerraformMessage
from allora_cli.terraform.runner import TerraformError

AGAIN: Final = "Running the same command again goes on from here."

# The only place where the provider and the S3 backend leave the code: the AWS SDK's error, as text.
# https://pkg.go.dev/github.com/aws/smithy-go#OperationError
_API_ERROR: Final = re.compile(
    r"operation error (?P<service>[\w ]+): (?P<action>\w+)\b.*?api error (?P<code>[\w.]+): "
    r"(?P<words>.*)",
    re.DOTALL,
)
_MOST_CHARACTERS: Final = 400


def explain_failure(context: Context, folder: Path, error: TerraformError) -> OperatorError:
    """Return what the operator has to know.

    Args:
        context: whose stacks.
        folder: the working directory of the stack.
        error: the failure.
    """
    if (folder / "errored.tfstate").exists():
        return state_not_saved(folder)
    return (
        _state(context, error.stack)
        or _credentials(context)
        or _api_error(error.messages)
        or _unknown(error)
    )


def state_not_saved(folder: Path) -> OperatorError:
    """Return how to save the state that Terraform has left in a stack's folder."""
    return OperatorError(
        ErrorCode.STATE_NOT_SAVED,
        f"Terraform could not save its state to S3, and left it in {folder}/errored.tfstate. "
        f"Before anything else: cd {folder} && terraform state push errored.tfstate && "
        "rm errored.tfstate",
    )


def _state(context: Context, stack: str) -> OperatorError | None:
    """Return why the state cannot be used; None when it is there and not locked."""
    try:
        answer = asked(lambda: held_lock(context, stack))
    except OperatorError as error:
        return error
    if isinstance(answer, Unknown):
        return OperatorError(answer.error.code, f"{answer.error} {AGAIN}")
    if answer is None:
        return None
    return lock_error(answer, holder_of(answer, context.settings))


def _credentials(context: Context) -> OperatorError | None:
    """Return why AWS does not know the operator any more, or does not answer."""
    answer = asked(context.session.client("sts").get_caller_identity)
    if not isinstance(answer, Unknown):
        return None
    return OperatorError(answer.error.code, f"{answer.error} {AGAIN}")


def _api_error(messages: Iterable[TerraformMessage]) -> OperatorError | None:
    for message in messages:
        found = _API_ERROR.search(f"{message.summary}\n{message.detail}")
        if message.severity is Severity.ERROR and found:
            words = found["words"].partition("Encoded authorization failure message")[0]
            words = " ".join(words.split())[:_MOST_CHARACTERS]
            answer: Any = {"Code": found["code"], "Message": words}
            error = explain(ClientError({"Error": answer}, found["action"]))
            return OperatorError(error.code, f"{error} What was made is in place. {AGAIN}")
    return None


def _unknown(error: TerraformError) -> OperatorError:
    errors = [each.summary for each in error.messages if each.severity is Severity.ERROR]
    reason = errors[0].rstrip(".") if errors else "it has given no reason"
    return OperatorError(
        ErrorCode.TERRAFORM_FAILED, f"Terraform has failed in {error.stack}: {reason}. {AGAIN}"
    )
