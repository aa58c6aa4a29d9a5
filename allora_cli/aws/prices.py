"""What a deployment costs: AWS's own price of the instance, list prices of the rest.

Estimates, in USD, on demand, without taxes, traffic and an account's credits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from containers.worker.allora_worker.metric_names import METRICS, WORKER, WORKER_AND_TOPIC
from scripts.host.bin import host_status
from settings import EbsVolume, Settings

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_pricing import PricingClient

CALCULATOR: Final = "https://calculator.aws/"

HOURS_A_MONTH: Final = 730
"""What AWS's own calculator takes a month for."""

# The tables are of November 2026, from secondary sources: AWS's pages were not at hand.

# On-demand Linux instances in us-east-1, USD an hour.
# https://aws.amazon.com/ec2/pricing/on-demand/
_INSTANCE_HOUR: Final[dict[str, float]] = {
    "t2.micro": 0.0116,
    "t2.small": 0.023,
    "t2.medium": 0.0464,
    "t2.large": 0.0928,
    "t3.micro": 0.0104,
    "t3.small": 0.0208,
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "t3.xlarge": 0.1664,
    "t3.2xlarge": 0.3328,
    "t3a.micro": 0.0094,
    "t3a.small": 0.0188,
    "t3a.medium": 0.0376,
    "t3a.large": 0.0752,
    "t3a.xlarge": 0.1504,
    "t3a.2xlarge": 0.3008,
    "t4g.micro": 0.0084,
    "t4g.small": 0.0168,
    "t4g.medium": 0.0336,
    "t4g.large": 0.0672,
    "t4g.xlarge": 0.1344,
    "t4g.2xlarge": 0.2688,
    "m5.large": 0.096,
    "m5.xlarge": 0.192,
    "m5a.large": 0.086,
    "m6a.large": 0.0864,
    "m6g.medium": 0.0385,
    "m6g.large": 0.077,
    "m6i.large": 0.096,
    "m6i.xlarge": 0.192,
    "m7g.medium": 0.0408,
    "m7g.large": 0.0816,
    "m7i.large": 0.1008,
    "m7i.xlarge": 0.2016,
    "m7i-flex.large": 0.09576,
    "c5.large": 0.085,
    "c5.xlarge": 0.17,
    "c5a.large": 0.077,
    "c6a.large": 0.0765,
    "c6g.medium": 0.034,
    "c6g.large": 0.068,
    "c6i.large": 0.085,
    "c6i.xlarge": 0.17,
    "c7g.medium": 0.0363,
    "c7g.large": 0.0725,
    "c7i.large": 0.08925,
    "c7i.xlarge": 0.1785,
    "c7i-flex.large": 0.08479,
}

_IPV4_HOUR: Final = 0.005
"""Of a public address, in every region (https://aws.amazon.com/vpc/pricing/)."""

# EBS in us-east-1, USD a month (https://aws.amazon.com/ebs/pricing/).
_GIB: Final = {"gp3": 0.08, "io1": 0.125, "io2": 0.125}
_GP3_FREE_IOPS: Final = 3000
_GP3_IOPS: Final = 0.005
_GP3_FREE_MIB_S: Final = 125
_GP3_MIB_S: Final = 0.04
_IO1_IOPS: Final = 0.065
_IO2_IOPS: Final = ((32_000, 0.065), (32_000, 0.046), (192_000, 0.032))
"""How many of them, at what price each: the first, the next, and the rest."""

# CloudWatch in us-east-1, USD a month (https://aws.amazon.com/cloudwatch/pricing/).
_FREE_METRICS: Final = 10
_METRIC: Final = 0.30


@dataclass(frozen=True)
class Item:
    """One part of the bill.

    Attributes:
        name: what it is, in words.
        usd: a month's price; None when this release does not know it.
    """

    name: str
    usd: float | None


@dataclass(frozen=True)
class Cost:
    """What a worker costs in a month.

    Attributes:
        items: the parts.
        source: where the prices are from, in words.
    """

    items: tuple[Item, ...]
    source: str

    @property
    def total(self) -> float | None:
        """USD a month; None when the price of a part is unknown."""
        prices = [item.usd for item in self.items if item.usd is not None]
        return sum(prices) if len(prices) == len(self.items) else None


def monthly_cost(settings: Settings, session: boto3.Session | None) -> Cost:
    """What the configured worker costs in a month of 730 hours.

    Logs are not in it: what comes in costs 0.50 a GB, and nobody knows how much that will be. Of
    alarms and custom metrics an account's first ten are free; here this worker has them all. The
    eleventh alarm, for 0.10, is left out.

    Args:
        settings: what is, or is to be, deployed.
        session: asks AWS's Price List API for the instance's price in its region; where that does
            not answer, or without a session, a table of us-east-1's list prices has to do.
    """
    return cost_by(price_list(settings, session) if session else None, settings)


def price_list(settings: Settings, session: boto3.Session) -> PricingClient | None:
    """A client of AWS's Price List API; None where its prices are not in USD.

    It is in a few regions only, and answers for all of its partition: China's list is in yuan, and
    GovCloud has none of its own.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-list-api.html
    """
    if settings.partition != "aws":
        return None
    return session.client("pricing", region_name="us-east-1", config=_QUICK)


def cost_by(prices: PricingClient | None, settings: Settings) -> Cost:
    """As `monthly_cost`, with a client that was made before: by one thread for another."""
    asked = _asked_hour(prices, settings) if prices else None
    hour = asked or _INSTANCE_HOUR.get(settings.instance_type)
    items = [
        Item(settings.instance_type, hour * HOURS_A_MONTH if hour else None),
        Item("public IPv4 address", _IPV4_HOUR * HOURS_A_MONTH),
        Item(
            f"root volume, gp3, {settings.root_volume_size} GiB",
            settings.root_volume_size * _GIB["gp3"],
        ),
        *_data_volume(settings.data_volume),
        *_metrics_beyond_the_free_ones(settings),
    ]
    list_prices = "list prices of us-east-1, not checked with AWS"
    if asked:
        source = f"instance: AWS's price list for {settings.aws_region}; the rest: {list_prices}"
    else:
        source = list_prices
    return Cost(tuple(items), source)


def cost_so_far(cost: Cost, launched_at: datetime, now: datetime) -> float | None:
    """What the worker has cost since the month began (UTC), or since its launch in this month.

    Args:
        cost: of a month.
        launched_at: when the instance was launched; with its time zone.
        now: with its time zone.

    Returns:
        USD; None when the price of a part is unknown.
    """
    if cost.total is None:
        return None
    month_began = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    hours = (now - max(launched_at, month_began)).total_seconds() / 3600
    return cost.total / HOURS_A_MONTH * max(hours, 0)


def _custom_metrics(settings: Settings) -> int:
    """How many metrics host and worker send. Each set of dimensions with its values is one."""
    values = {WORKER: 1, WORKER_AND_TOPIC: len(settings.topic_ids)}
    ours = METRICS if not settings.worker_image else ()
    sets = (dimensions for metric in ours for dimensions in metric.dimensions)
    return len(host_status.METRICS) + sum(values.get(dimensions, 0) for dimensions in sets)


def _data_volume(volume: EbsVolume | None) -> Iterator[Item]:
    if volume is None:
        return
    usd = volume.size * _GIB[volume.type]
    match volume.type:
        case "gp3":
            usd += max(volume.iops - _GP3_FREE_IOPS, 0) * _GP3_IOPS
            usd += max((volume.throughput or 0) - _GP3_FREE_MIB_S, 0) * _GP3_MIB_S
        case "io1":
            usd += volume.iops * _IO1_IOPS
        case "io2":
            rest = volume.iops
            for count, price in _IO2_IOPS:
                usd += min(rest, count) * price
                rest -= min(rest, count)
    yield Item(f"data volume, {volume.type}, {volume.size} GiB", usd)


def _metrics_beyond_the_free_ones(settings: Settings) -> Iterator[Item]:
    count = _custom_metrics(settings)
    if count > _FREE_METRICS:
        name = f"{count} custom metrics, of which {_FREE_METRICS} are free"
        yield Item(name, (count - _FREE_METRICS) * _METRIC)


_QUICK: Final = Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 1})


def _asked_hour(prices: PricingClient, settings: Settings) -> float | None:
    """The instance's price an hour by AWS's own list; None when it does not tell."""
    traits = {
        "instanceType": settings.instance_type,
        "regionCode": settings.aws_region,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    try:
        answer = prices.get_products(
            ServiceCode="AmazonEC2",
            Filters=[
                {"Type": "TERM_MATCH", "Field": field, "Value": value}
                for field, value in traits.items()
            ],
        )
        return _on_demand_hour(answer["PriceList"])
    except (BotoCoreError, ClientError, KeyError, ValueError):
        return None  # An estimate is no reason to fail, and the source says where it is from.


def _on_demand_hour(price_list: list[str]) -> float | None:
    """The price in USD an hour in a list of products, each of which is a text in JSON.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
    """
    for text in price_list:
        product: dict[str, Any] = json.loads(text)
        for term in product["terms"].get("OnDemand", {}).values():
            for dimension in term["priceDimensions"].values():
                usd = float(dimension["pricePerUnit"]["USD"])
                if dimension["unit"] == "Hrs" and usd > 0:
                    return usd
    return None
