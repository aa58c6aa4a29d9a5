"""Find the AWS account and the region in the user's own AWS configuration."""

from __future__ import annotations

from dataclasses import dataclass

import boto3

from allora_cli.aws.queries import QUICK
from allora_cli.aws.session import one_sentence_errors
from allora_cli.errors import OperatorError

NO_PROFILE = "default"
"""What botocore calls the profile if none is chosen."""
_ANY_REGION = "us-east-1"


@dataclass(frozen=True)
class Caller:
    """Whom AWS takes the user for.

    Attributes:
        account_id: None without working credentials.
        arn: "" without them.
        problem: why there are none.
    """

    account_id: str | None
    arn: str = ""
    problem: str = ""


def profiles_to_choose_from() -> list[str]:
    """Return the profiles, if it is open which one is meant; the AWS tools' own choice first."""
    session = boto3.Session()
    if session.profile_name != NO_PROFILE:
        return []
    credentials = session.get_credentials()
    if credentials and credentials.method not in {"shared-credentials-file", "sso", "config-file"}:
        return []  # from the environment, or from the computer itself
    names = sorted(session.available_profiles, key=lambda name: (name != NO_PROFILE, name))
    return [] if names == [NO_PROFILE] else names


def chosen_profile() -> str:
    """Return the profile that the environment names, or ""."""
    name = boto3.Session().profile_name
    return "" if name == NO_PROFILE else name


def open_profile(profile: str) -> boto3.Session:
    """Return a session with a profile, or with the AWS tools' own choice for ""."""
    return boto3.Session(profile_name=profile or None)


def identify(session: boto3.Session) -> Caller:
    """Ask AWS whose the credentials are."""
    try:
        with one_sentence_errors():
            region = session.region_name or _ANY_REGION
            sts = session.client("sts", region_name=region, config=QUICK)
            identity = sts.get_caller_identity()
    except OperatorError as error:
        return Caller(None, problem=str(error))
    return Caller(identity["Account"], identity["Arn"])
