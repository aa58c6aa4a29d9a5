"""`allora bootstrap`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allora_cli.terminal import console
from allora_cli.terminal.prompts import Answers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from allora_cli.context import Context
    from allora_cli.terraform.state_bucket import BucketState


def bootstrap(*, yes: console.Yes = False, json: console.Json = False) -> None:
    """Create the S3 bucket for Terraform's state, or check and repair the existing one.

    `allora deploy` creates it as well; this is for those who deploy with cdktf alone. Asks before
    it changes something. Safe to run at any time.

    Example: allora bootstrap
    """
    from allora_cli.context import open_context
    from allora_cli.errors import ErrorCode, OperatorError
    from allora_cli.terraform.state_bucket import ensure_bucket, look_at_bucket

    context, answers = open_context(), Answers(yes)
    found = look_at_bucket(context)
    if not found.is_ready:
        answers.require_possible()
        console.err.print(*_changes(context, found), sep="\n", markup=False)
        if not answers.confirm("Make these changes?"):
            raise OperatorError(
                ErrorCode.DECLINED, "Nothing was changed. To be asked again, run the same command."
            )
    settings = context.settings
    steps, bucket = list(ensure_bucket(context)), settings.state_bucket
    lines = [
        f"State bucket {bucket} ({settings.state_region}, account {settings.aws_account_id})",
        *(f"  ✔ {step}" for step in steps),
        "Ready. Next: allora doctor",
    ]
    console.show({"bucket": bucket, "steps": steps}, lines, json=json)


def _changes(context: Context, found: BucketState) -> Iterator[str]:
    from allora_cli.terraform.state_bucket import Property

    settings = context.settings
    will_be = {
        Property.PRIVATE: "closed to the public",
        Property.VERSIONED: "versioned: every earlier state can be restored",
        Property.ENCRYPTED: "encrypted at rest",
        Property.TLS_ONLY: "reached by TLS only",
        Property.TIDY: "tidied: old versions expire after 90 days, but for the newest 20",
    }
    if found.exists:
        yield f"The bucket {settings.state_bucket} for Terraform's state will be:"
    else:
        yield f"The bucket {settings.state_bucket} for Terraform's state"
        yield f"will be created in {settings.state_region}. It costs cents a month. It will be:"
    yield from (f"  {will_be[each]}" for each in found.missing)
    if found.exists:
        yield "The states in it, and what else is set on it, stay."
