"""Whether a state is the one that its place in the bucket says: this stack's, in this account.

Terraform checks neither. With another stack's state it would destroy that stack's resources; with
another region's or account's it would find none of them, and create them a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.state import managed_resources
from settings import Settings
from shared.stacks import state_key

STACK_TAG: Final = "Stack"
"""The tag of every taggable resource with the id of its stack (docs/architecture.md)."""

WORKER_TAG: Final = "Worker"
"""Likewise, with the worker's name."""

_ARN_PARTS: Final = 6


def require_own_state(settings: Settings, stack: str, state: Mapping[str, Any]) -> None:
    """Make sure that a state belongs to the stack, the account and the region.

    Raises:
        OperatorError: it is another one's.
    """
    other = next(_strangers(settings, stack, state), None)
    if other is None:
        return
    whose, setting = other
    where = f"s3://{settings.state_bucket}/{state_key(stack)}"
    raise OperatorError(
        ErrorCode.STATE_FOREIGN,
        f"The state in {where} is not that of {stack}: it is {whose}. Nothing was changed. "
        f"If TF_STATE_BUCKET{setting} was changed, set it back; if the object was overwritten, "
        f"bring back its last good version: allora state restore {stack}",
    )


def require_own_worker(settings: Settings, resources: Iterable[Mapping[str, Any]]) -> None:
    """Make sure that what is to be destroyed is the worker that the settings name.

    The default bucket is the same for all workers of an account and region.

    Args:
        settings: those in force.
        resources: of the states, as `managed_resources` returns them.

    Raises:
        OperatorError: all of it is another worker's.
    """
    tags = [each["values"].get("tags_all") or {} for each in resources]
    workers = {str(each[WORKER_TAG]) for each in tags if WORKER_TAG in each}
    if workers and settings.worker_name not in workers:
        other = min(workers)
        raise OperatorError(
            ErrorCode.STATE_FOREIGN,
            f"The states in the bucket {settings.state_bucket} are those of the worker {other!r}, "
            f"and ALLORA_WORKER_NAME is {settings.worker_name!r}. Nothing was changed. If "
            "another worker is meant, correct TF_STATE_BUCKET; to destroy this one, set its name.",
        )


def _strangers(
    settings: Settings, stack: str, state: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield whose state it is besides, and the other setting that may be the reason."""
    resources = [resource["values"] for resource in managed_resources(dict(state))]
    tagged = [tags for values in resources if (tags := values.get("tags_all"))]
    stacks = {tags.get(STACK_TAG) for tags in tagged}
    for other in sorted(filter(None, stacks - {stack})):
        yield f"that of the stack {other}", ""
    if tagged and stacks == {None}:
        yield "another project's", ""
    for account, region in sorted(set(_places(resources))):
        if account not in {"", settings.aws_account_id}:
            yield f"of the account {account}", " or AWS_ACCOUNT_ID"
        elif region not in {"", settings.aws_region}:
            yield f"of the region {region}", " or AWS_REGION"


def _places(resources: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield account and region of each ARN; either may be empty.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    for values in resources:
        parts = str(values.get("arn") or "").split(":", _ARN_PARTS - 1)
        if len(parts) == _ARN_PARTS:
            yield parts[4], parts[3]
