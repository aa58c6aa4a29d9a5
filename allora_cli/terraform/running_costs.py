"""What of the stacks' resources costs money while nobody uses it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from allora_cli.aws.price_list import open_price_list
from allora_cli.aws.prices import (
    CALCULATOR,
    monthly_address_cost,
    monthly_instance_cost,
    monthly_storage_cost,
)
from allora_cli.context import Context

COSTLY: Final = frozenset({"aws_instance", "aws_eip", "aws_ebs_volume"})
"""Terraform's types that AWS charges by the hour, whether they are used or not."""


class RunningCosts:
    """The monthly prices of resources, in USD.

    Args:
        context: whose region and settings.
    """

    def __init__(self, context: Context) -> None:
        self._settings = context.settings
        self._prices = open_price_list(context.session, context.settings.aws_region)

    def monthly(self, type_: str, values: Mapping[str, Any]) -> float | None:
        """Return the price of a month; None if unknown, 0 of what is free.

        Args:
            type_: Terraform's.
            values: Terraform's of that type, or some of them.
        """
        settings, prices = self._settings, self._prices
        match type_:
            case "aws_instance":
                size = str(values.get("instance_type") or settings.instance_type)
                return monthly_instance_cost(settings, prices, size)
            case "aws_eip":
                return monthly_address_cost(settings, prices)
            case "aws_ebs_volume":
                kind, gib = str(values.get("type") or "gp3"), int(values.get("size") or 0)
                return monthly_storage_cost(settings, prices, kind, gib)
        return 0.0


def price(usd: float | None) -> str:
    """Return a monthly price in words."""
    if usd is None:
        return f"price unknown ({CALCULATOR})"
    return f"{usd:.2f} USD a month" if usd else "free"


def name_of(type_: str, values: Mapping[str, Any]) -> str:
    """Return what a resource that costs money is called on screens."""
    match type_:
        case "aws_instance":
            return f"the instance {values.get('id')} ({values.get('instance_type')})"
        case "aws_eip":
            return f"the address {values.get('public_ip')}"
        case "aws_ebs_volume":
            return f"the volume {values.get('id')} ({values.get('size')} GiB)"
    return f"{type_} {values.get('id')}"
