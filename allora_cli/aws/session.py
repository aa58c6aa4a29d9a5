"""Open a session in the right account; explain AWS's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import boto3
from botocore import exceptions

from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings
from settings.environment import aws_endpoint_url
from shared.loopback import is_loopback


def open_session(settings: Settings) -> boto3.Session:
    """Return a session; raise an OperatorError if the credentials belong to another account."""
    session = boto3.Session(profile_name=settings.aws_profile, region_name=settings.aws_region)
    account = session.client("sts").get_caller_identity()["Account"]
    if account != settings.aws_account_id:
        raise OperatorError(
            ErrorCode.OTHER_ACCOUNT,
            f"Your AWS credentials belong to account {account}, but AWS_ACCOUNT_ID is "
            f"{settings.aws_account_id}. Nothing was changed. Use credentials of that account "
            "(AWS_PROFILE names a profile), or correct AWS_ACCOUNT_ID.",
        )
    return session


def is_embedded() -> bool:
    """Return whether AWS is the embedded one, where no host boots."""
    return is_loopback(aws_endpoint_url())


class _Meaning(NamedTuple):
    codes: set[str]
    code: ErrorCode
    sentence: str


# AWS's error codes, and the operator's error; {error} is AWS's message.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
_MEANINGS = (
    _Meaning(
        {"ExpiredToken", "ExpiredTokenException", "RequestExpired"},
        ErrorCode.CREDENTIALS_EXPIRED,
        "Your AWS credentials have expired. Run `aws sso login`, or get new ones.",
    ),
    _Meaning(
        {
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "SignatureDoesNotMatch",
            "InvalidAccessKeyId",
        },
        ErrorCode.CREDENTIALS_REFUSED,
        "AWS does not accept your credentials: {error}. Check AWS_PROFILE and `aws configure`.",
    ),
    _Meaning(
        {"OptInRequired", "AuthFailure", "RegionDisabledException"},
        ErrorCode.REGION_DISABLED,
        "AWS does not accept your credentials in this region: {error}. Enable the region in the "
        "AWS console under Account, Regions, or choose another AWS_REGION.",
    ),
    _Meaning(
        {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"},
        ErrorCode.ACCESS_DENIED,
        "You may not do that: {error}. Ask the account's administrator for this action.",
    ),
    _Meaning(
        {
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestLimitExceeded",
            "TooManyRequestsException",
            "RequestThrottled",
            "SlowDown",
        },
        ErrorCode.THROTTLED,
        "AWS limits the requests in this account and region: {error}. Run the same command again "
        "in a minute.",
    ),
    _Meaning(
        {
            "LimitExceededException",
            "VcpuLimitExceeded",
            "InstanceLimitExceeded",
            "AddressLimitExceeded",
            "VpcLimitExceeded",
            "ServiceQuotaExceededException",
            "ResourceLimitExceeded",
        },
        ErrorCode.QUOTA,
        "A quota of the account is used up: {error}. Free something, or request an increase at "
        "https://console.aws.amazon.com/servicequotas/.",
    ),
    _Meaning(
        {"InsufficientInstanceCapacity"},
        ErrorCode.CAPACITY,
        "AWS has no free instance of this type in this zone at the moment: {error}. Try again in a "
        "few minutes, or choose another AWS_INSTANCE_TYPE or AWS_AVAILABILITY_ZONE.",
    ),
)


@contextmanager
def one_sentence_errors() -> Iterator[None]:
    """Turn errors of AWS and its client into an `OperatorError` with the remedy."""
    try:
        yield
    except exceptions.ProfileNotFound as error:
        raise OperatorError(
            ErrorCode.NO_CREDENTIALS,
            f"{error}. To list the profiles: aws configure list-profiles",
        ) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise OperatorError(
            ErrorCode.NO_CREDENTIALS,
            "No AWS credentials were found. Run `aws configure sso` (or `aws configure`), "
            "or set AWS_PROFILE.",
        ) from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.LoginError) as error:
        raise OperatorError(
            ErrorCode.CREDENTIALS_EXPIRED, f"{error} Run `aws sso login` again."
        ) from error
    except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
        raise OperatorError(
            ErrorCode.AWS_UNREACHABLE,
            f"AWS does not answer: {error}. Check the internet connection, the proxy and the "
            "region, and run the same command again.",
        ) from error
    except exceptions.ClientError as error:
        raise explain(error) from error
    except exceptions.BotoCoreError as error:  # a broken profile, a helper program that fails, ...
        raise OperatorError(
            ErrorCode.NO_CREDENTIALS,
            f"The AWS client failed: {str(error).rstrip('.')}. Check ~/.aws/config and "
            "AWS_PROFILE until `aws sts get-caller-identity` works.",
        ) from error


def explain(error: exceptions.ClientError) -> OperatorError:
    """Return AWS's error in a sentence with the remedy."""
    code = str(error.response["Error"].get("Code", ""))
    words = str(error).rstrip(".")
    for meaning in _MEANINGS:
        if code in meaning.codes:
            return OperatorError(meaning.code, meaning.sentence.format(error=words))
    return OperatorError(ErrorCode.AWS_REFUSED, f"AWS refuses: {words}.")
