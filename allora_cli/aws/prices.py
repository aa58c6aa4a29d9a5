"""Estimate the cost of a deployment: USD, on demand, without taxes, traffic, logs and credits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from allora_cli.aws.billed_parts import NOTHING, Parts, Task, parts_in, parts_of, parts_of_fleet
from allora_cli.aws.price_list import PriceList, Product, Rates
from settings import EbsVolume, Settings
from settings.fleet import Architecture, Capacity, Fleet

CALCULATOR: Final = "https://calculator.aws/"

HOURS_A_MONTH: Final = 730
"""The month of AWS's own calculator."""

# Free of charge: https://aws.amazon.com/ebs/general-purpose/,
# https://aws.amazon.com/cloudwatch/pricing/.
_GP3_FREE_IOPS: Final = 3000
_GP3_FREE_MIB_S: Final = 125
_FREE_METRICS: Final = 10
_FREE_ALARMS: Final = 10
_FREE_LOGS: Final = 5
"""GB."""

SPOT_TAKEN: Final = "2026-09-28"
SPOT_SHARE: Final = 0.3184
"""Of the price on demand, on that day in us-east-1. Spot prices change, and AWS's price list has
none (https://aws.amazon.com/fargate/pricing/)."""

_IO2_TIERS: Final = (("io2", 32_000), ("io2.tier2", 32_000), ("io2.tier3", 192_000))
"""Each tier's usage type and IOPS (https://docs.aws.amazon.com/ebs/latest/userguide/provisioned-iops.html)."""

_USAGE_NAMES: Final = {"gp3": "gp3", "io1": "piops", "io2": "io2"}
"""Names of volume types in usage types."""


@dataclass(frozen=True)
class Item:
    """A part of the bill, with its monthly price; None if unknown."""

    name: str
    usd: float | None


@dataclass(frozen=True)
class Cost:
    """The monthly cost of what is deployed, or is to be.

    Attributes:
        source: the source of the prices, or why they are unknown.
    """

    items: tuple[Item, ...]
    source: str

    @property
    def total(self) -> float | None:
        """Return USD per month; None if the price of a part is unknown."""
        return None if self.missing else sum(item.usd or 0 for item in self.items)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the names of parts without a price."""
        return tuple(item.name for item in self.items if item.usd is None)


class CostChange(NamedTuple):
    """The monthly cost before and after a deployment; before the first one there is none."""

    before: Cost | None
    after: Cost


class _Usage(NamedTuple):
    """A monthly quantity of a product."""

    product: Product
    quantity: float


def monthly_cost(
    settings: Settings,
    prices: PriceList | None,
    *,
    fleet: Fleet | None = None,
    with_host: bool = True,
) -> Cost:
    """Estimate the cost of the configured workers in a month of 730 hours.

    Without a host's logs, whose volume is unknown. What AWS gives an account for nothing, such as
    ten alarms and ten custom metrics, counts for these workers. `prices` is None without
    credentials.

    Args:
        settings: of the host, and of the account and region.
        prices: None without credentials.
        fleet: the workers on Fargate.
        with_host: whether there is a single host, too.
    """
    host = parts_of(settings) if with_host else NOTHING
    parts = host + (parts_of_fleet(fleet) if fleet else NOTHING)
    return _cost_of(parts, settings, prices)


def monthly_cost_change(
    settings: Settings,
    deployed: Iterable[Mapping[str, Any]],
    prices: PriceList | None,
    *,
    fleet: Fleet | None = None,
    with_host: bool = True,
) -> CostChange:
    """Estimate the monthly cost of what is deployed, and of what the settings ask for.

    Args:
        settings: those that are to be deployed.
        deployed: `type` and `values` of each resource in the states, as
            `allora_cli.terraform.state_objects.resources_of` returns them.
        prices: None without credentials.
        fleet: the workers on Fargate that are to be deployed.
        with_host: whether a single host is, too.
    """
    present = parts_in(deployed, settings)
    before = None if present is None else _cost_of(present, settings, prices)
    after = monthly_cost(settings, prices, fleet=fleet, with_host=with_host)
    return CostChange(before, after)


def monthly_snapshot_cost(settings: Settings, prices: PriceList, gib: int) -> float | None:
    """Estimate the monthly price of a full snapshot; None if unknown."""
    return _price_of(_Usage(_SNAPSHOT, gib), settings, prices)


def monthly_instance_cost(settings: Settings, prices: PriceList, type_: str) -> float | None:
    """Estimate the monthly price of an instance without its disk; None if unknown."""
    return _price_of(_Usage(_instance(type_), HOURS_A_MONTH), settings, prices)


def monthly_address_cost(settings: Settings, prices: PriceList) -> float | None:
    """Estimate the monthly price of a public IPv4 address, used or not; None if unknown."""
    return _price_of(_Usage(_ADDRESS, HOURS_A_MONTH), settings, prices)


def monthly_storage_cost(
    settings: Settings, prices: PriceList, volume_type: str, gib: int
) -> float | None:
    """Estimate the monthly price of a volume without provisioned IOPS; None if unknown."""
    if volume_type not in _USAGE_NAMES:
        return None
    return _price_of(_Usage(_storage(volume_type), gib), settings, prices)


def cost_so_far(cost: Cost, launched_at: datetime, now: datetime) -> float | None:
    """Estimate USD since the month began (UTC) or the later launch; None if a price is unknown."""
    if cost.total is None:
        return None
    month_began = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    hours = (now - max(launched_at, month_began)).total_seconds() / 3600
    return cost.total / HOURS_A_MONTH * max(hours, 0)


def _cost_of(parts: Parts, settings: Settings, prices: PriceList | None) -> Cost:
    bill = dict(_bill(parts))
    rates = _find_rates(settings, prices, bill.values())
    items = tuple(Item(name, _sum(usages, rates)) for name, usages in bill.items())
    return Cost(items, rates.problem or f"AWS's price list for {settings.aws_region}")


def _price_of(usage: _Usage, settings: Settings, prices: PriceList) -> float | None:
    return _sum([usage], _find_rates(settings, prices, [[usage]]))


def _find_rates(
    settings: Settings, prices: PriceList | None, bill: Iterable[Sequence[_Usage]]
) -> Rates:
    if settings.partition != "aws":
        return Rates({}, f"AWS lists no prices in USD for the partition {settings.partition}.")
    if prices is None:
        return Rates({}, "AWS's price list needs AWS credentials.")
    return prices.find_rates(usage.product for usages in bill for usage in usages)


def _sum(usages: Sequence[_Usage], rates: Rates) -> float | None:
    if any(usage.product not in rates.usd for usage in usages):
        return None
    return sum(rates.usd[usage.product] * usage.quantity for usage in usages)


def _bill(parts: Parts) -> Iterator[tuple[str, list[_Usage]]]:
    """Yield each part's name and usage."""
    if type_ := parts.instance_type:
        yield type_, [_Usage(_instance(type_), HOURS_A_MONTH)]
    for task, count in parts.tasks.items():
        yield _task_name(task, count), list(_task(task, HOURS_A_MONTH * count))
    if count := parts.addresses:
        name = "public IPv4 address" if count == 1 else f"{count} public IPv4 addresses"
        yield name, [_Usage(_ADDRESS, HOURS_A_MONTH * count)]
    if parts.root_gib:
        yield f"root volume, gp3, {parts.root_gib} GiB", [_Usage(_storage("gp3"), parts.root_gib)]
    if volume := parts.data_volume:
        yield f"data volume, {volume.type}, {volume.size} GiB", list(_data_volume(volume))
    for name, product, count, free in (
        ("custom metrics", _METRIC, parts.metrics, _FREE_METRICS),
        ("alarms", _ALARM, parts.alarms, _FREE_ALARMS),
    ):
        if count > free:
            yield f"{count} {name}, of which {free} are free", [_Usage(product, count - free)]
    if parts.log_gb > _FREE_LOGS:
        name = f"logs, about {parts.log_gb:.0f} GB, of which {_FREE_LOGS} are free"
        yield name, [_Usage(_LOGS, parts.log_gb - _FREE_LOGS)]


def _task_name(task: Task, count: int) -> str:
    name = f"{count} task{'s' * (count > 1)} of {task.size}, {task.architecture}"
    return f"{name}, Spot" if task.capacity is Capacity.SPOT else name


def _task(task: Task, hours: float) -> Iterator[_Usage]:
    paid = hours * (SPOT_SHARE if task.capacity is Capacity.SPOT else 1)
    yield _Usage(_fargate(task, "vCPU-Hours:perCPU"), task.size.cpu / 1024 * paid)
    yield _Usage(_fargate(task, "GB-Hours"), task.size.memory / 1024 * paid)


def _fargate(task: Task, unit: str) -> Product:
    arm = "ARM-" if task.architecture is Architecture.ARM64 else ""
    return Product("AmazonECS", f"Fargate-{arm}{unit}")


def _data_volume(volume: EbsVolume) -> Iterator[_Usage]:
    yield _Usage(_storage(volume.type), volume.size)
    match volume.type:
        case "gp3":
            if (iops := volume.iops - _GP3_FREE_IOPS) > 0:
                yield _Usage(_volume("VolumeP-IOPS.gp3"), iops)
            if (mib_s := (volume.throughput or 0) - _GP3_FREE_MIB_S) > 0:
                # AWS lists the price of a GiB/s.
                yield _Usage(_volume("VolumeP-Throughput.gp3"), mib_s / 1024)
        case "io1":
            yield _Usage(_volume("VolumeP-IOPS.piops"), volume.iops)
        case "io2":
            rest = volume.iops
            for tier, most in _IO2_TIERS:
                if rest > 0:
                    yield _Usage(_volume(f"VolumeP-IOPS.{tier}"), min(rest, most))
                rest -= most


def _instance(instance_type: str) -> Product:
    return Product(
        "AmazonEC2",
        f"BoxUsage:{instance_type}",
        (
            ("instanceType", instance_type),
            ("operatingSystem", "Linux"),
            ("tenancy", "Shared"),
            ("preInstalledSw", "NA"),
            ("capacitystatus", "Used"),
        ),
    )


def _storage(volume_type: str) -> Product:
    return _volume(f"VolumeUsage.{_USAGE_NAMES[volume_type]}")


def _volume(usage: str) -> Product:
    return Product("AmazonEC2", f"EBS:{usage}")


_SNAPSHOT: Final = Product("AmazonEC2", "EBS:SnapshotUsage")
_ADDRESS: Final = Product("AmazonVPC", "PublicIPv4:InUseAddress")
_METRIC: Final = Product("AmazonCloudWatch", "CW:MetricMonitorUsage")
_ALARM: Final = Product("AmazonCloudWatch", "CW:AlarmMonitorUsage")
_LOGS: Final = Product("AmazonCloudWatch", "DataProcessing-Bytes")
