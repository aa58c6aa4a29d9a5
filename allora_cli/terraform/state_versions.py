"""The versions of each state that the bucket keeps, and bringing one back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from allora_cli.aws.queries import Question, Unknown
from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from allora_cli.terraform.locks import locked
from allora_cli.terraform.ownership import require_own_state
from allora_cli.terraform.state import managed_resources, parse_state
from shared.stacks import state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERSIONS_COMMAND: Final = "allora state versions"

_READ_AT_ONCE: Final = 20
"""Each in a connection of its own, of which a computer may allow a few hundred."""


@dataclass(frozen=True)
class StateVersion:
    """A version of a state's object.

    Attributes:
        id: S3's, of the version.
        owner: the account that S3 names as its owner; empty where it names none.
        is_current: whether it is what Terraform reads.
        is_deletion: whether it is S3's mark of a deletion.
        problem: why it cannot be brought back; None of a good one.
        document: the state; empty where it cannot be read.
    """

    stack: str
    id: str
    saved_at: datetime
    size: int
    owner: str
    is_current: bool
    is_deletion: bool
    problem: OperatorError | None
    document: dict[str, Any]

    @property
    def serial(self) -> int | None:
        """Return Terraform's count of changes; None where it cannot be read."""
        return self.document.get("serial")

    @property
    def lineage(self) -> str | None:
        """Return the id that all states of one deployment share."""
        return self.document.get("lineage")

    @property
    def resources(self) -> int:
        """Return how many resources it has."""
        return len(managed_resources(self.document))

    def as_dict(self) -> dict[str, Any]:
        """Return the version for JSON."""
        return {
            "stack": self.stack,
            "version": self.id,
            "saved_at": self.saved_at.isoformat(),
            "size": self.size,
            "owner": self.owner or None,
            "current": self.is_current,
            "deletion": self.is_deletion,
            "serial": self.serial,
            "lineage": self.lineage,
            "resources": self.resources,
            "terraform_version": self.document.get("terraform_version"),
            "problem": self.problem.code if self.problem else None,
        }


@dataclass(frozen=True)
class Restored:
    """A version that was brought back.

    Attributes:
        chosen: the earlier version.
        serial: its new serial, above all earlier ones.
        version: the id of the new version.
    """

    chosen: StateVersion
    serial: int
    version: str


def list_versions(context: Context, stack: str, *, most: int) -> list[StateVersion]:
    """Return the newest versions of a stack's state, newest first.

    Raises:
        OperatorError: the state bucket does not exist.
    """
    s3, bucket = _s3(context), context.settings.state_bucket
    try:
        entries = list(_entries(s3, bucket, state_key(stack)))[:most]
    except s3.exceptions.NoSuchBucket:
        raise OperatorError(
            ErrorCode.BUCKET,
            f"The bucket {bucket} for Terraform's state does not exist. Make it: allora bootstrap",
        ) from None
    versions: list[StateVersion] = []
    for begin in range(0, len(entries), _READ_AT_ONCE):
        some = entries[begin : begin + _READ_AT_ONCE]
        questions = [Question(partial(_read, context, s3, stack, entry)) for entry in some]
        for question in questions:
            answer = question.answer()
            if isinstance(answer, Unknown):
                raise answer.error
            versions.append(answer)
    return versions


def choose(versions: list[StateVersion], stack: str, version_id: str | None) -> StateVersion:
    """Return the version to bring back: the named one, or the last good one of a bad state.

    Raises:
        OperatorError: there is no such version, or it cannot be brought back.
    """
    if version_id is not None:
        named = next((each for each in versions if each.id == version_id), None)
        if named is None:
            raise _no_version(f"The state of {stack} has no version {version_id!r}.", stack)
        if named.problem or named.is_deletion:
            why = str(named.problem) if named.problem else "It is a deletion."
            raise _no_version(f"That version cannot be brought back. {why}", stack)
        return named
    current = next((each for each in versions if each.is_current), None)
    if current and not current.problem and not current.is_deletion:
        raise _no_version(
            f"The state of {stack} is all right: serial {current.serial}, {current.resources} "
            "resources. To go back all the same, name a version.",
            stack,
        )
    good = next((each for each in versions if not each.problem and not each.is_deletion), None)
    if good is None:
        raise _no_version(f"The state of {stack} has no version that can be brought back.", stack)
    return good


def restore(context: Context, chosen: StateVersion, *, newest: str) -> Restored:
    """Make an earlier version the current one, with a serial above all others; keep the rest.

    Args:
        context: whose state.
        chosen: the earlier version.
        newest: the id of the newest version when it was chosen.

    Raises:
        OperatorError: another run holds the state, or has changed it meanwhile.
    """
    s3, stack = _s3(context), chosen.stack
    with locked(context, stack, "Restore"):
        versions = list_versions(context, stack, most=1000)
        if versions[0].id != newest:
            raise _no_version(f"Another run has changed the state of {stack} meanwhile.", stack)
        serial = 1 + max(each.serial or 0 for each in (*versions, chosen))
        answer = s3.put_object(
            Bucket=context.settings.state_bucket,
            Key=state_key(stack),
            Body=json.dumps({**chosen.document, "serial": serial}, indent=2).encode(),
            ContentType="application/json",
            ExpectedBucketOwner=context.settings.aws_account_id,
        )
    return Restored(chosen, serial, answer.get("VersionId", ""))


def _no_version(what: str, stack: str) -> OperatorError:
    return OperatorError(
        ErrorCode.STATE_VERSION,
        f"{what} Nothing was changed. All versions: {VERSIONS_COMMAND} {stack}",
    )


def _entries(s3: S3Client, bucket: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield what S3 lists of a key, newest first."""
    found: list[dict[str, Any]] = []
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=key):
        found += [dict(each) for each in page.get("Versions", [])]
        found += [{**each, "Deletion": True} for each in page.get("DeleteMarkers", [])]
    ours = [each for each in found if each["Key"] == key]
    yield from sorted(ours, key=lambda each: (each["IsLatest"], each["LastModified"]), reverse=True)


def _read(context: Context, s3: S3Client, stack: str, entry: dict[str, Any]) -> StateVersion:
    settings = context.settings
    document: dict[str, Any] = {}
    problem: OperatorError | None = None
    if not entry.get("Deletion"):
        answer = s3.get_object(
            Bucket=settings.state_bucket, Key=entry["Key"], VersionId=entry["VersionId"]
        )
        try:
            document = parse_state(
                answer["Body"].read(), stack=stack, where=f"the version {entry['VersionId']}"
            )
            require_own_state(settings, stack, document)
        except OperatorError as error:
            problem = error
    return StateVersion(
        stack=stack,
        id=entry["VersionId"],
        saved_at=entry["LastModified"],
        size=entry.get("Size", 0),
        owner=entry.get("Owner", {}).get("DisplayName", ""),
        is_current=entry["IsLatest"],
        is_deletion=bool(entry.get("Deletion")),
        problem=problem,
        document=document,
    )


def _s3(context: Context) -> S3Client:
    return context.session.client("s3", region_name=context.settings.state_region)
