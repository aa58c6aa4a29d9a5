"""The locks of Terraform's states: who holds one, whether the holder still runs, and its release.

A lock is an object beside the state, which S3 lets only one of two runs create.
https://developer.hashicorp.com/terraform/language/backend/s3#state-locking
"""

from __future__ import annotations

import getpass
import json
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import psutil
from botocore.exceptions import ClientError

from allora_cli.context import Context
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings
from settings.environment import aws_endpoint_url, terraform_binary
from shared.stacks import lock_key, state_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ENDPOINT: Final = "AWS_ENDPOINT_URL"
_PROGRAMS: Final = frozenset({"terraform", "tofu"})
_NO_NAMES: Final = frozenset({"", "localhost", "localhost.localdomain"})
"""Host names that many computers have."""

_CLOCK_SECONDS: Final = 2
"""By how much a process's start may seem to move when the computer's clock is set."""


class Holder(StrEnum):
    """What is known of a lock's holder."""

    RUNS = "runs"
    """On this computer."""
    GONE = "gone"
    """It was on this computer, and runs no more."""
    ELSEWHERE = "elsewhere"
    """Another computer, or unknown."""


@dataclass(frozen=True)
class Lock:
    """A state's lock, as Terraform writes it; a part is empty or None where it is not there.

    https://github.com/hashicorp/terraform/blob/v1.11.4/internal/states/statemgr/locker.go

    Attributes:
        stack: whose state it locks.
        operation: what for, such as `apply`.
        who: user and computer, `ada@laptop`.
        pid: the holder's process, of a lock of `allora state`.
        document: all that the object has.
    """

    stack: str
    id: str
    path: str
    operation: str
    who: str
    created: datetime | None
    pid: int | None
    document: Mapping[str, Any]

    @property
    def since(self) -> str:
        """Return when it was created, without the nanoseconds."""
        return f"{self.created:%Y-%m-%d %H:%M} UTC" if self.created else "an unknown time"

    def as_dict(self, holder: Holder) -> dict[str, Any]:
        """Return the lock for JSON."""
        return {
            "stack": self.stack,
            "id": self.id,
            "operation": self.operation,
            "who": self.who,
            "created": self.created and self.created.isoformat(),
            "holder": holder,
        }


def held_lock(context: Context, stack: str) -> Lock | None:
    """Return the lock of a stack's state; None when it is not locked.

    Raises:
        OperatorError: the state bucket does not exist.
    """
    s3, bucket = _s3(context), context.settings.state_bucket
    try:
        return find_lock(s3, bucket, stack)
    except s3.exceptions.NoSuchBucket:
        raise OperatorError(
            ErrorCode.BUCKET,
            f"The bucket {bucket} for Terraform's state does not exist. Make it: allora bootstrap",
        ) from None


def find_lock(s3: S3Client, bucket: str, stack: str) -> Lock | None:
    """Return the lock of a stack's state, also one that cannot be read; None without one."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=lock_key(stack))
    except s3.exceptions.NoSuchKey:
        return None
    return parse_lock(stack, answer["Body"].read())


def parse_lock(stack: str, body: bytes) -> Lock:
    """Return the lock in an object's content, with what can be read of it."""
    document: Any = None
    with suppress(ValueError):
        document = json.loads(body)
    if not isinstance(document, dict):
        document = {}
    created = None
    with suppress(ValueError):
        created = datetime.fromisoformat(str(document.get("Created")))
    return Lock(
        stack=stack,
        id=str(document.get("ID") or ""),
        path=str(document.get("Path") or ""),
        operation=str(document.get("Operation") or "").removeprefix("OperationType").lower(),
        who=str(document.get("Who") or ""),
        created=created,
        pid=_pid(document.get("Info")),
        document=document,
    )


def holder_of(lock: Lock, settings: Settings) -> Holder:
    """Return whether the holder still runs, as far as this computer knows."""
    computer = socket.gethostname()
    if lock.who.rpartition("@")[2] != computer or computer.lower() in _NO_NAMES:
        return Holder.ELSEWHERE
    if lock.created is None:
        return Holder.ELSEWHERE
    if lock.pid is not None:
        return Holder.RUNS if psutil.pid_exists(lock.pid) else Holder.GONE
    until = lock.created.timestamp() + _CLOCK_SECONDS
    runs = any(_may_hold(process, until, settings, lock.stack) for process in psutil.process_iter())
    return Holder.RUNS if runs else Holder.GONE


def release(context: Context, lock: Lock) -> bool:
    """Delete a lock, unless another run holds one by now; return whether it was deleted."""
    s3, bucket = _s3(context), context.settings.state_bucket
    present = find_lock(s3, bucket, lock.stack)
    if present is None or present.document != lock.document:
        return False
    s3.delete_object(
        Bucket=bucket,
        Key=lock_key(lock.stack),
        ExpectedBucketOwner=context.settings.aws_account_id,
    )
    return True


@contextmanager
def locked(context: Context, stack: str, operation: str) -> Iterator[None]:
    """Hold the lock of a stack's state, as Terraform does.

    Args:
        context: whose state.
        stack: its id.
        operation: what for, in one word with a capital, as Terraform's `Apply`.

    Raises:
        OperatorError: another run holds it.
    """
    s3, bucket = _s3(context), context.settings.state_bucket
    lock = {
        "ID": str(uuid.uuid4()),
        "Operation": f"OperationType{operation}",
        "Info": json.dumps({"pid": psutil.Process().pid}),
        "Who": f"{_user()}@{socket.gethostname()}",
        "Version": "",
        "Created": datetime.now(UTC).isoformat(),
        "Path": f"{bucket}/{state_key(stack)}",
    }
    body = json.dumps(lock).encode()
    try:
        s3.put_object(Bucket=bucket, Key=lock_key(stack), Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {
            HTTPStatus.PRECONDITION_FAILED,
            HTTPStatus.CONFLICT,
        }:
            raise
        require_unlocked(context, stack)
        raise
    try:
        yield
    finally:
        release(context, parse_lock(stack, body))


def require_unlocked(context: Context, stack: str) -> None:
    """Make sure that no run holds a stack's state.

    Raises:
        OperatorError: one does.
    """
    lock = held_lock(context, stack)
    if lock:
        raise lock_error(lock, holder_of(lock, context.settings))


def lock_error(lock: Lock, holder: Holder) -> OperatorError:
    """Return who holds a lock, and what to do."""
    match holder:
        case Holder.RUNS:
            then = "It still runs on this computer: wait until it is over."
        case Holder.GONE:
            then = (
                "It was on this computer and runs no more: it was killed. Release its lock: "
                f"allora state unlock {lock.stack}"
            )
        case Holder.ELSEWHERE:
            then = (
                "Wait until it is over. Only if it is surely dead: "
                f"allora state unlock {lock.stack}"
            )
    return OperatorError(
        ErrorCode.STATE_LOCKED,
        f"The state of {lock.stack} is locked: {describe(lock)}. {then}",
    )


def describe(lock: Lock) -> str:
    """Return who holds a lock, for what, and since when."""
    return (
        f"{lock.who or 'an unknown user'} runs {lock.operation or 'Terraform'} since {lock.since}"
    )


def _pid(info: object) -> int | None:
    with suppress(ValueError, TypeError, KeyError):
        return int(json.loads(str(info))["pid"])
    return None


def _user() -> str:
    with suppress(KeyError, OSError):  # a container may run as a user without a name
        return getpass.getuser()
    return ""


def _may_hold(process: psutil.Process, until: float, settings: Settings, stack: str) -> bool:
    """Return whether a process is Terraform at work on a stack; yes where that cannot be seen."""
    try:
        if _program(process) not in _PROGRAMS | {Path(terraform_binary()).name}:
            return False
        if process.create_time() > until or process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(_ENDPOINT, "") != aws_endpoint_url():
            return False
        return _works_on(_folder(process.cwd(), process.cmdline()), settings, stack)
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def _program(process: psutil.Process) -> str:
    try:
        words = process.cmdline()
    except psutil.AccessDenied:
        # macOS shows nobody the command lines of other users.
        return process.name()
    return Path(words[0]).name if words else ""


def _folder(cwd: str, words: list[str]) -> Path:
    changes = [word.removeprefix("-chdir=") for word in words if word.startswith("-chdir=")]
    return Path(cwd, *changes)


def _works_on(folder: Path, settings: Settings, stack: str) -> bool:
    """Return whether Terraform's working directory is connected to a stack's state."""
    try:
        pointer: Any = json.loads((folder / ".terraform" / "terraform.tfstate").read_bytes())
        config = pointer["backend"]["config"]
        there = config["bucket"], config["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return folder.name == stack
    return there == (settings.state_bucket, state_key(stack))


def _s3(context: Context) -> S3Client:
    return context.session.client("s3", region_name=context.settings.state_region)
