"""Checks of Terraform's state: its bucket, its locks, and the states themselves."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from allora_cli.aws.queries import QUICK
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.errors import OperatorError
from allora_cli.terraform.locks import Holder, describe, find_lock, holder_of
from allora_cli.terraform.ownership import require_own_state
from allora_cli.terraform.state import hosts_in, managed_resources, read_state
from allora_cli.terraform.state_bucket import Property, missing_properties
from shared.stacks import ALL_STACKS, SINGLE_NODE, STACKS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BOOTSTRAP = "allora bootstrap"

_PROPERTIES: Final = {
    Property.VERSIONED: "versioned",
    Property.ENCRYPTED: "encrypted",
    Property.PRIVATE: "private",
    Property.TLS_ONLY: "TLS only",
}
"""What protects the states, in words."""


def check_bucket(context: CheckContext) -> Finding:
    """Check that the bucket exists, is the account's own, and is as `allora bootstrap` makes it."""
    settings, s3 = context.settings, _s3(context)
    bucket = settings.state_bucket
    here = {"Bucket": bucket, "ExpectedBucketOwner": settings.aws_account_id}
    try:
        s3.head_bucket(**here)
    except ClientError as error:
        return _not_usable(bucket, error)
    region = s3.get_bucket_location(**here).get("LocationConstraint") or "us-east-1"
    if region != settings.state_region:
        return fail(f"{bucket} is in {region}", f"TF_STATE_REGION={region}")
    missing = [_PROPERTIES[each] for each in missing_properties(s3, settings, _PROPERTIES)]
    if missing:
        return warning(f"{bucket} is not {', '.join(missing)}", _BOOTSTRAP, missing=missing)
    return ok(f"{bucket}: {', '.join(_PROPERTIES.values())}")


def check_lock(context: CheckContext) -> Finding:
    """Check that no run holds a lock; that of a killed one on this computer stops nothing."""
    s3, settings = _s3(context), context.settings
    try:
        found = [find_lock(s3, settings.state_bucket, stack) for stack in _stacks(context)]
    except s3.exceptions.NoSuchBucket:
        return ok("no state, so no run is under way")
    locks = [lock for lock in found if lock]
    if not locks:
        return ok("no run is under way")
    holders = {lock.stack: holder_of(lock, settings) for lock in locks}
    facts = {
        "locks": {lock.stack: dict(lock.document) for lock in locks},
        "holders": holders,
    }
    for lock in locks:
        said = f"{lock.stack}: {describe(lock)}"
        match holders[lock.stack]:
            case Holder.RUNS:
                return fail(f"{said}, on this computer", "wait for it", **facts)
            case Holder.ELSEWHERE:
                return fail(
                    said,
                    f"wait for it; if it was killed: allora state unlock {lock.stack}",
                    **facts,
                )
            case Holder.GONE:
                continue
    context.was_killed = True
    return warning(
        f"{locks[0].stack}: {describe(locks[0])}; it was killed",
        "allora deploy asks to release the lock, and goes on; or: allora state unlock",
        **facts,
    )


def check_states(context: CheckContext) -> Finding:
    """Check that the states can be read, and are those of this worker's stacks."""
    s3, settings = _s3(context), context.settings
    counts = {}
    for stack in _stacks(context):
        try:
            state = read_state(s3, settings.state_bucket, stack)
            require_own_state(settings, stack, state)
        except OperatorError as error:
            return fail(str(error), f"docs/operations.md#{error.code}", error=error.code)
        counts[stack] = len(managed_resources(state))
    if not any(counts.values()):
        return ok("nothing is deployed", resources=counts)
    shown = ", ".join(f"{stack}: {count} resources" for stack, count in counts.items())
    return ok(shown, resources=counts)


def known_hosts(context: CheckContext) -> dict[str, str]:
    """Return the zone of each instance in the state of `allora-single-node`, by instance id."""
    state = read_state(_s3(context), context.settings.state_bucket, SINGLE_NODE)
    return hosts_in(managed_resources(state))


def has_host(context: CheckContext) -> bool:
    """Return whether the checks of the single host apply: beside a fleet, if it is deployed."""
    if not context.fleet:
        return True
    if context.session is None:
        return False
    if context.deployed is None:
        context.deployed = bool(known_hosts(context))
    return context.deployed


def _stacks(context: CheckContext) -> tuple[str, ...]:
    return ALL_STACKS if context.fleet else STACKS


def _s3(context: CheckContext) -> S3Client:
    region = context.settings.state_region
    return context.client(lambda session: session.client("s3", region_name=region, config=QUICK))


def _not_usable(bucket: str, error: ClientError) -> Finding:
    # The answer to a HEAD request has no body, only a status.
    match error.response["ResponseMetadata"]["HTTPStatusCode"]:
        case HTTPStatus.NOT_FOUND:
            return warning(
                f"{bucket} does not exist yet",
                f"allora deploy creates it; to use cdktf alone: {_BOOTSTRAP}",
                exists=False,
            )
        case HTTPStatus.FORBIDDEN:
            return fail(
                f"{bucket} belongs to another account, or you may not see it",
                "another name in TF_STATE_BUCKET, or the permission s3:ListBucket",
            )
        case HTTPStatus.MOVED_PERMANENTLY | HTTPStatus.BAD_REQUEST:
            return fail(f"{bucket} is in another region", "set TF_STATE_REGION to its region")
        case _:
            return unknown(str(error))
