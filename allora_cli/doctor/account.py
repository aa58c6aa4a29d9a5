"""Checks of the settings, the credentials, their account, and its bill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import boto3
from botocore.exceptions import ClientError

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import CALCULATOR, SPOT_TAKEN, Cost, monthly_cost
from allora_cli.aws.queries import QUICK
from allora_cli.aws.session import explain, make_session, one_sentence_errors
from allora_cli.doctor.check_context import CheckContext
from allora_cli.doctor.findings import Finding, fail, ok, unknown, warning
from allora_cli.errors import ErrorCode, OperatorError
from settings import Settings, SettingsError, load_settings
from settings.fleet import Capacity, Fleet
from settings.fleet_file import load_fleet

_ENOUGH: Final = timedelta(minutes=30)
"""A deployment with its first submission takes less."""

_REFUSED: Final = {
    ErrorCode.NO_CREDENTIALS: ("none were found", "aws configure sso, or AWS_PROFILE in .env"),
    ErrorCode.CREDENTIALS_EXPIRED: ("they have expired", "aws sso login, or get new ones"),
    ErrorCode.CREDENTIALS_REFUSED: ("AWS refuses them", "check AWS_PROFILE, and aws configure"),
}


def check_settings(context: CheckContext) -> Finding:
    """Check that the settings are valid."""
    try:
        settings, fleet = load_settings(), load_fleet()
    except SettingsError as error:
        return fail(
            str(error).partition("\n")[0],
            "\n".join(map(str, error.problems)),
            problems=[str(problem) for problem in error.problems],
        )
    context.known_settings, context.fleet = settings, fleet
    complete = f"complete; {count_of(fleet)}" if fleet else "complete"
    if count := len(settings.warnings):
        return warning(
            f"{complete}; {count} remark{'s' * (count > 1)}",
            "\n".join(settings.warnings),
            warnings=list(settings.warnings),
        )
    return ok(complete)


def check_credentials(context: CheckContext) -> Finding:
    """Check that AWS accepts the credentials, and that they are the account's."""
    settings = context.settings
    try:
        with one_sentence_errors():
            session = make_session(settings)
            # The worker's own region may be disabled.
            sts = session.client("sts", region_name=context.home_region, config=QUICK)
            identity = sts.get_caller_identity()
    except OperatorError as error:
        if error.code not in _REFUSED:
            return unknown(str(error))
        detail, remedy = _REFUSED[error.code]
        return fail(f"{detail}{_profile(settings)}", remedy, trouble=error.code)
    arn, account_id = identity["Arn"], identity["Account"]
    if account_id != settings.aws_account_id:
        return fail(
            f"they belong to account {account_id}, but AWS_ACCOUNT_ID is {settings.aws_account_id}",
            "use that account's (AWS_PROFILE), or correct AWS_ACCOUNT_ID",
            arn=arn,
        )
    context.session, context.caller_arn = session, arn
    return _lifetime(session, arn)


def check_region(context: CheckContext) -> Finding:
    """Check that the account may use the region: a disabled region accepts no credentials.

    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
    """
    region = context.settings.aws_region
    disabled = fail(
        f"{region} is not enabled in this account",
        "AWS console: Account, AWS Regions; or another AWS_REGION",
    )
    try:
        answer = context.ec2.describe_regions(RegionNames=[region], AllRegions=True)
    except ClientError as error:
        match explain(error).code:
            case ErrorCode.REGION_DISABLED | ErrorCode.CREDENTIALS_REFUSED:
                return disabled
            case ErrorCode.ACCESS_DENIED:
                return ok(f"{region} accepts these credentials")
            case _:
                raise
    if [found.get("OptInStatus") for found in answer["Regions"]] == ["not-opted-in"]:
        return disabled
    return ok(f"{region} is enabled")


def check_cost(context: CheckContext) -> Finding:
    """Estimate the workers' monthly cost."""
    settings = context.settings
    region = settings.aws_region
    prices = context.client(lambda each: open_price_list(each, region)) if context.session else None
    with_host = not context.fleet or bool(context.deployed)
    cost = monthly_cost(settings, prices, fleet=context.fleet, with_host=with_host)
    facts = {
        "usd_a_month": None if cost.total is None else round(cost.total, 2),
        "items": [{"name": item.name, "usd": item.usd} for item in cost.items],
        "source": cost.source,
    }
    if cost.total is None:
        return unknown(_without_prices(cost), **facts)
    return ok(f"about {cost.total:.0f} USD, {_shares(cost, context.fleet)}", **facts)


def _shares(cost: Cost, fleet: Fleet | None) -> str:
    """Return what most of the cost is for, and where the prices are from."""
    if fleet:
        parts = ", ".join(f"{item.usd:.2f} for {item.name}" for item in cost.items)
        spot = any(worker.options.capacity is Capacity.SPOT for worker in fleet.workers)
        source = f"{cost.source}; Spot by AWS's price of {SPOT_TAKEN}" if spot else cost.source
        return f"for {count_of(fleet)}: {parts or 'all are paused'} ({source})"
    instance = cost.items[0]
    return f"{instance.usd:.0f} of it for {instance.name}, plus logs ({cost.source})"


def count_of(fleet: Fleet) -> str:
    """Return the number of workers in words."""
    count = len(fleet.workers)
    paused = sum(worker.options.paused for worker in fleet.workers)
    shown = f"{count} worker{'s' * (count != 1)}"
    return f"{shown}, {paused} of them paused" if paused else shown


def _profile(settings: Settings) -> str:
    return f" (profile {settings.aws_profile})" if settings.aws_profile else ""


def _lifetime(session: boto3.Session, arn: str) -> Finding:
    """Return who the caller is and, if known, when the credentials expire."""
    credentials = session.get_credentials()
    # botocore has no public attribute for it.
    until: datetime | None = getattr(credentials, "_expiry_time", None)
    who = arn.partition("::")[2].partition(":")[2]
    if until is None:
        return ok(who, arn=arn)
    shown = f"{who}, until {until.astimezone():%H:%M}"
    left = until - datetime.now(UTC)
    renewed = getattr(credentials, "method", "") != "env"
    if left < _ENOUGH and not renewed:
        return warning(
            f"{shown}, in {max(left, timedelta()).seconds // 60} minutes",
            "get new ones before a deployment, which takes a while",
            arn=arn,
            until=until.isoformat(),
        )
    return ok(shown + (", then renewed" if renewed else ""), arn=arn, until=until.isoformat())


def _without_prices(cost: Cost) -> str:
    """Return what is not known, and where it is to be found."""
    if len(cost.missing) == len(cost.items):
        return f"no prices from AWS; {CALCULATOR} has them ({cost.source})"
    known = sum(item.usd or 0 for item in cost.items)
    return (
        f"about {known:.0f} USD without {' and '.join(cost.missing)}, whose price {CALCULATOR} has "
        f"({cost.source})"
    )
