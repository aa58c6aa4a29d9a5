"""The settings, the credentials, and the account that they lead to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import boto3
from botocore.exceptions import ClientError

from allora_cli.aws.session import explain, one_sentence_errors
from allora_cli.doctor.check_context import QUICK, Caller, CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings, SettingsError, load_settings

_ENOUGH: Final = timedelta(minutes=30)
"""A deployment with its first submission takes less."""

_REFUSED: Final = {
    ErrorCode.NO_CREDENTIALS: ("none were found", "aws configure sso, or AWS_PROFILE in .env"),
    ErrorCode.CREDENTIALS_EXPIRED: ("they have expired", "aws sso login, or get new ones"),
    ErrorCode.CREDENTIALS_REFUSED: ("AWS refuses them", "check AWS_PROFILE, and aws configure"),
}


def look_at_settings(context: CheckContext) -> Finding:
    """Whether the settings can be used."""
    try:
        settings = load_settings()
    except SettingsError as error:
        return fail(
            str(error).partition("\n")[0],
            "\n".join(map(str, error.problems)),
            problems=[str(problem) for problem in error.problems],
        )
    context.opens_with(settings)
    if settings.warnings:
        count = len(settings.warnings)
        return warning(
            "complete; 1 remark" if count == 1 else f"complete; {count} remarks",
            "\n".join(settings.warnings),
            warnings=list(settings.warnings),
        )
    return ok("complete")


def look_at_credentials(context: CheckContext) -> Finding:
    """Whether AWS accepts the credentials, and whether they are the account's."""
    settings = context.settings
    try:
        with one_sentence_errors():
            session = boto3.Session(
                profile_name=settings.aws_profile, region_name=settings.aws_region
            )
            # Not in the worker's region, which may be disabled.
            sts = session.client("sts", region_name=context.home_region, config=QUICK)
            identity = sts.get_caller_identity()
    except OperatorError as error:
        if error.code not in _REFUSED:
            return unknown(str(error))
        detail, remedy = _REFUSED[error.code]
        return fail(f"{detail}{_profile(settings)}", remedy, trouble=error.code)
    caller = Caller(arn=identity["Arn"], account_id=identity["Account"])
    if caller.account_id != settings.aws_account_id:
        return fail(
            f"they are account {caller.account_id}'s, and AWS_ACCOUNT_ID is "
            f"{settings.aws_account_id}",
            "use that account's (AWS_PROFILE), or correct AWS_ACCOUNT_ID",
            arn=caller.arn,
        )
    context.signs_in(session, caller)
    return _lifetime(session, caller)


def look_at_region(context: CheckContext) -> Finding:
    """Whether the account may use the region.

    The region itself is asked: where it is disabled, it knows no credentials.
    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    region = context.settings.aws_region
    disabled = fail(
        f"{region} is not enabled in this account",
        "AWS console: Account, AWS Regions; or another AWS_REGION",
    )
    ec2 = context.client(lambda session: session.client("ec2", config=QUICK))
    try:
        answer = ec2.describe_regions(RegionNames=[region], AllRegions=True)
    except ClientError as error:
        match explain(error).code:
            case ErrorCode.REGION_DISABLED | ErrorCode.CREDENTIALS_REFUSED:
                return disabled
            case ErrorCode.ACCESS_DENIED:
                return ok(f"{region} knows these credentials")
            case _:
                raise
    if [found.get("OptInStatus") for found in answer["Regions"]] == ["not-opted-in"]:
        return disabled
    return ok(f"{region} is enabled")


def _profile(settings: Settings) -> str:
    return f" (profile {settings.aws_profile})" if settings.aws_profile else ""


def _lifetime(session: boto3.Session, caller: Caller) -> Finding:
    """Whose they are; and when they end, where the environment or a profile tells that."""
    credentials = session.get_credentials()
    # botocore has no public way to learn it.
    until: datetime | None = getattr(credentials, "_expiry_time", None)
    who = caller.arn.partition("::")[2].partition(":")[2]
    if until is None:
        return ok(who, arn=caller.arn)
    shown = f"{who}, until {until.astimezone():%H:%M}"
    left = until - datetime.now(UTC)
    renewed = getattr(credentials, "method", "") != "env"
    if left < _ENOUGH and not renewed:
        return warning(
            f"{shown}, in {max(left, timedelta()).seconds // 60} minutes",
            "get new ones before a deployment, which takes a while",
            arn=caller.arn,
            until=until.isoformat(),
        )
    return ok(
        shown + (", then renewed" if renewed else ""), arn=caller.arn, until=until.isoformat()
    )
