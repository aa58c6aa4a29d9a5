"""Opens a session in the right account, and says in a sentence what AWS refuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from botocore import exceptions

from settings import Settings


class OperatorError(Exception):
    """Something that the operator can put right; the message says how."""


def open_session(settings: Settings) -> boto3.Session:
    """A session with the operator's credentials.

    Raises:
        OperatorError: the credentials are another account's.
    """
    session = boto3.Session(profile_name=settings.aws_profile, region_name=settings.aws_region)
    account = session.client("sts").get_caller_identity()["Account"]
    if account != settings.aws_account_id:
        raise OperatorError(
            f"Your AWS credentials are account {account}'s, and AWS_ACCOUNT_ID is "
            f"{settings.aws_account_id}. Nothing was changed. Use credentials of that account "
            "(AWS_PROFILE names a profile), or correct AWS_ACCOUNT_ID."
        )
    return session


# What AWS answers to credentials that are no longer good.
# https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
_REFUSED = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidAccessKeyId",
}
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}


@contextmanager
def one_sentence_errors() -> Iterator[None]:
    """Turns what AWS and its client answer into an `OperatorError` with the remedy."""
    try:
        yield
    except exceptions.ProfileNotFound as error:
        raise OperatorError(
            f"{error}. `aws configure list-profiles` lists those that there are."
        ) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise OperatorError(
            "No AWS credentials were found. Run `aws configure sso` (or `aws configure`), "
            "or set AWS_PROFILE."
        ) from error
    except (exceptions.SSOError, exceptions.TokenRetrievalError, exceptions.LoginError) as error:
        raise OperatorError(f"{error} Run `aws sso login` again.") from error
    except exceptions.ConnectionError as error:
        raise OperatorError(f"AWS does not answer: {error}") from error
    except exceptions.ClientError as error:
        raise OperatorError(_explain(error)) from error


def _explain(error: exceptions.ClientError) -> str:
    code = str(error.response["Error"].get("Code", ""))
    if code in _EXPIRED:
        return "Your AWS credentials have expired. Run `aws sso login`, or get new ones."
    if code in _REFUSED:
        return (
            f"AWS does not accept your credentials ({code}). Check AWS_PROFILE and `aws configure`."
        )
    if code in _DENIED:
        return f"You may not do that: {error}. Ask the account's administrator for this action."
    return str(error)
