"""Open a session in the right account; explain AWS's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import boto3
from botocore import exceptions

from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings
from settings.environment import aws_endpoint_url
from shared.loopback import is_loopback


def open_session(settings: Settings) -> boto3.Session:
    """Return a session; raise an OperatorError if the credentials belong to another account."""
    session = make_session(settings)
    account = session.client("sts").get_caller_identity()["Account"]
    if account != settings.aws_account_id:
        raise OperatorError(
            ErrorCode.OTHER_ACCOUNT,
            f"Your AWS credentials belong to account {account}, but AWS_ACCOUNT_ID is "
            f"{settings.aws_account_id}. Nothing was changed. Use credentials of that account "
            "(AWS_PROFILE names a profile), or correct AWS_ACCOUNT_ID.",
        )
    return session


def make_session(settings: Settings) -> boto3.Session:
    """Return a session with the settings' profile and region, before AWS has seen it."""
    return boto3.Session(profile_name=settings.aws_profile, region_name=settings.aws_region)


def is_embedded() -> bool:
    """Return whether AWS is the embedded one, where no host boots."""
    return is_loopback(aws_endpoint_url())


class _Meaning(NamedTuple):
    """An operator's error; {error} in its sentence is AWS's message."""

    code: ErrorCode
    sentence: str


_SERVICE_ERRORS: Final = {
    "ExpiredToken ExpiredTokenException RequestExpired": _Meaning(
        ErrorCode.CREDENTIALS_EXPIRED,
        "Your AWS credentials have expired. Run `aws sso login`, or get new ones.",
    ),
    "InvalidClientTokenId UnrecognizedClientException SignatureDoesNotMatch"
    " InvalidAccessKeyId": _Meaning(
        ErrorCode.CREDENTIALS_REFUSED,
        "AWS does not accept your credentials: {error}. Check AWS_PROFILE and `aws configure`.",
    ),
    "OptInRequired AuthFailure RegionDisabledException": _Meaning(
        ErrorCode.REGION_DISABLED,
        "AWS does not accept your credentials in this region: {error}. Enable the region in the "
        "AWS console under Account, Regions, or choose another AWS_REGION.",
    ),
    "AccessDenied AccessDeniedException UnauthorizedOperation 403": _Meaning(
        ErrorCode.ACCESS_DENIED,
        "You may not do that: {error}. Ask the account's administrator for this action.",
    ),
    "Throttling ThrottlingException ThrottledException RequestLimitExceeded"
    " TooManyRequestsException RequestThrottled SlowDown": _Meaning(
        ErrorCode.THROTTLED,
        "AWS limits the requests in this account and region: {error}. Run the same command again "
        "in a minute.",
    ),
    "LimitExceededException VcpuLimitExceeded InstanceLimitExceeded AddressLimitExceeded"
    " VpcLimitExceeded ServiceQuotaExceededException ResourceLimitExceeded": _Meaning(
        ErrorCode.QUOTA,
        "A quota of the account is used up: {error}. Free something, or request an increase under "
        "Service Quotas in the AWS console; `allora doctor` has the address.",
    ),
    "VolumeModificationRateExceeded IncorrectModificationState": _Meaning(
        ErrorCode.AWS_REFUSED,
        "AWS still changes the volume, or has changed it too often: {error}. Run the same command "
        "again in some hours.",
    ),
    "InsufficientInstanceCapacity": _Meaning(
        ErrorCode.CAPACITY,
        "AWS has no free instance of this type in this zone at the moment: {error}. Try again in a "
        "few minutes, or choose another AWS_INSTANCE_TYPE or AWS_AVAILABILITY_ZONE.",
    ),
}
"""By AWS's error codes.
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

_CLIENT_ERRORS: Final[dict[tuple[type[exceptions.BotoCoreError], ...], _Meaning]] = {
    (exceptions.ProfileNotFound,): _Meaning(
        ErrorCode.NO_CREDENTIALS,
        "{error}. To list the profiles: aws configure list-profiles",
    ),
    (exceptions.NoCredentialsError, exceptions.PartialCredentialsError): _Meaning(
        ErrorCode.NO_CREDENTIALS,
        "No AWS credentials were found. Run `aws configure sso` (or `aws configure`), or set "
        "AWS_PROFILE.",
    ),
    (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.LoginError): _Meaning(
        ErrorCode.CREDENTIALS_EXPIRED, "{error}. Run `aws sso login` again."
    ),
    (exceptions.ConnectionError, exceptions.HTTPClientError): _Meaning(
        ErrorCode.AWS_UNREACHABLE,
        "AWS does not answer: {error}. Check the internet connection, the proxy and the region, "
        "and run the same command again.",
    ),
    # A broken profile, a helper program that fails, …
    (exceptions.BotoCoreError,): _Meaning(
        ErrorCode.NO_CREDENTIALS,
        "The AWS client failed: {error}. Check ~/.aws/config and AWS_PROFILE until `aws sts "
        "get-caller-identity` works.",
    ),
}


@contextmanager
def one_sentence_errors() -> Iterator[None]:
    """Turn errors of AWS and its client into an `OperatorError` with the remedy."""
    try:
        yield
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        raise explain(error) from error


def explain(error: exceptions.BotoCoreError | exceptions.ClientError) -> OperatorError:
    """Return an error of AWS or its client in a sentence with the remedy."""
    meaning = _meaning(error)
    return OperatorError(meaning.code, meaning.sentence.format(error=str(error).rstrip(".")))


def _meaning(error: exceptions.BotoCoreError | exceptions.ClientError) -> _Meaning:
    if isinstance(error, exceptions.BotoCoreError):
        return next(found for kinds, found in _CLIENT_ERRORS.items() if isinstance(error, kinds))
    code = str(error.response["Error"].get("Code", ""))
    refused = _Meaning(ErrorCode.AWS_REFUSED, "AWS refuses: {error}.")
    return next(
        (found for codes, found in _SERVICE_ERRORS.items() if code in codes.split()), refused
    )
