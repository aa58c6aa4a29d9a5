"""AWS's Free plan: whether an account is on it, and the instance types that it may start.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/free-tier-plans.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

    from settings.catalogue import Architecture

REGION: Final = "us-east-1"
"""The only one with the Free Tier API."""


@dataclass(frozen=True)
class FreePlan:
    """The Free plan of an account.

    Attributes:
        is_over: whether its time or its credits are used up.
        usd_left: credits that are left; None where AWS does not say.
        ends: None where AWS does not say.
    """

    is_over: bool
    usd_left: float | None
    ends: datetime | None


@dataclass(frozen=True)
class EligibleType:
    """An instance type that an account on the Free plan may start."""

    name: str
    architectures: frozenset[str]
    memory_mib: int


def find_free_plan(freetier: Any) -> FreePlan | None:  # noqa: ANN401 - boto3's types lack it
    """Return the account's Free plan; None without one.

    Args:
        freetier: a client for the Free Tier API in `REGION`.
    """
    try:
        found = freetier.get_account_plan_state()
    except freetier.exceptions.ResourceNotFoundException:  # an account from before July 2025
        return None
    if found["accountPlanType"] != "FREE":
        return None
    return FreePlan(
        found["accountPlanStatus"] == "EXPIRED",
        found.get("accountPlanRemainingCredits", {}).get("amount"),
        found.get("accountPlanExpirationDate"),
    )


def eligible_types(ec2: EC2Client) -> list[EligibleType]:
    """Return the types of the client's region, by name."""
    pages = ec2.get_paginator("describe_instance_types").paginate(
        Filters=[{"Name": "free-tier-eligible", "Values": ["true"]}]
    )
    found = (
        EligibleType(
            each["InstanceType"],
            frozenset(each["ProcessorInfo"]["SupportedArchitectures"]),
            each["MemoryInfo"]["SizeInMiB"],
        )
        for page in pages
        for each in page["InstanceTypes"]
    )
    return sorted(found, key=lambda each: each.name)


def large_enough(
    eligible: list[EligibleType], memory_mib: int, architecture: Architecture
) -> list[str]:
    """Return the names of types with that much memory, those of the architecture first."""
    enough = [each for each in eligible if each.memory_mib >= memory_mib]
    enough.sort(key=lambda each: architecture not in each.architectures)
    return [each.name for each in enough]
