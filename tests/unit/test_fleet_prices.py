"""What a fleet costs, by a price list that a real client of botocore asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from allora_cli.aws.price_list import Product
from allora_cli.aws.prices import Cost, monthly_cost, monthly_cost_change
from settings import Settings
from settings.fleet import Fleet, FleetOptions, FleetWorker
from tests.price_server import PriceServer, price_server
from tests.unit.test_prices import price_list, usd

MakeSettings = Callable[..., Settings]
RUNBOOK = (Path(__file__).parents[2] / "docs/operations.md").read_text("utf-8")


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with price_server() as server:
        yield server


def fleet_of(make_settings: MakeSettings, count: int, **options: object) -> Fleet:
    """A fleet of equal workers."""
    how = FleetOptions.model_validate(options)
    names = (f"w{number}" for number in range(count))
    return Fleet(tuple(FleetWorker(make_settings(ALLORA_WORKER_NAME=name), how) for name in names))


def alone(make_settings: MakeSettings, server: PriceServer, count: int, **options: object) -> Cost:
    """The cost of a fleet in us-east-1 without a host."""
    return monthly_cost(
        make_settings(AWS_REGION="us-east-1"),
        price_list(server),
        fleet=fleet_of(make_settings, count, **options),
        with_host=False,
    )


@pytest.mark.parametrize("count", [1, 10, 100])
@pytest.mark.parametrize(("capacity", "most"), [("FARGATE", 11), ("FARGATE_SPOT", 6)])
def test_a_worker_of_the_default_size_costs_no_more_than_this(
    make_settings: MakeSettings, server: PriceServer, count: int, capacity: str, most: float
) -> None:
    cost = alone(make_settings, server, count, capacity=capacity)
    assert cost.total is not None
    assert cost.total / count <= most


def test_parts_of_the_bill(make_settings: MakeSettings, server: PriceServer) -> None:
    cost = alone(make_settings, server, 100)
    assert [item.name for item in cost.items] == [
        "100 tasks of 0.25 vCPU, 0.5 GB, arm64",
        "100 public IPv4 addresses",
        "logs, about 15 GB, of which 5 are free",
    ]
    assert usd(cost, "tasks") == pytest.approx(100 * 730 * (0.03238 / 4 + 0.00356 / 2))
    assert usd(cost, "IPv4") == pytest.approx(365)
    assert usd(cost, "logs") == pytest.approx(5)


def test_the_runbooks_table_is_what_the_prices_make(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    head, *rows = re.findall(r"^\| (Size|[\d.]+ vCPU, [\d.]+ GB) \|(.*)\|$", RUNBOOK, re.MULTILINE)
    columns = [column.split(",") for column in head[1].split("|")]
    assert len(rows) == 3
    for size, figures in rows:
        for (architecture, *spot), shown in zip(columns, figures.split("|"), strict=True):
            options = {"size": size, "architecture": architecture.strip()}
            if spot:
                options["capacity"] = "FARGATE_SPOT"
            assert f"{alone(make_settings, server, 1, **options).total:.2f}" == shown.strip()


def test_metrics_and_alarms_do_not_grow_with_the_workers(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    one, hundred = (alone(make_settings, server, count) for count in (1, 100))
    for cost in (one, hundred):
        assert not [item for item in cost.items if "metrics" in item.name or "alarms" in item.name]
    assert usd(one, "1 task of") == pytest.approx((usd(hundred, "100 tasks") or 0) / 100)


def test_each_kind_of_task_has_its_price(make_settings: MakeSettings, server: PriceServer) -> None:
    arm = alone(make_settings, server, 1, size="1 vCPU, 2 GB")
    assert usd(arm, "1 vCPU, 2 GB, arm64") == pytest.approx(730 * (0.03238 + 2 * 0.00356))
    x86 = alone(make_settings, server, 1, size="1 vCPU, 2 GB", architecture="x86_64")
    on_demand = 730 * (0.04048 + 2 * 0.004445)
    assert usd(x86, "1 vCPU, 2 GB, x86_64") == pytest.approx(on_demand)
    spot = alone(
        make_settings,
        server,
        1,
        size="1 vCPU, 2 GB",
        architecture="x86_64",
        capacity="FARGATE_SPOT",
    )
    assert usd(spot, "x86_64, Spot") == pytest.approx(0.3184 * on_demand)


def test_paused_workers_cost_nothing(make_settings: MakeSettings, server: PriceServer) -> None:
    assert alone(make_settings, server, 3, paused=True).total == 0


def test_a_host_beside_the_fleet_shares_what_is_free(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    settings = make_settings(AWS_REGION="us-east-1")
    fleet = fleet_of(make_settings, 2)
    both = monthly_cost(settings, price_list(server), fleet=fleet)
    assert usd(both, "13 custom metrics, of which 10 are free") == pytest.approx(0.9)
    assert usd(both, "17 alarms, of which 10 are free") == pytest.approx(0.7)
    assert usd(both, "3 public IPv4 addresses") == pytest.approx(3 * 3.65)


def deployed(count: int, *, desired: int = 1, capacity: str = "FARGATE") -> list[dict[str, Any]]:
    """A fleet's resources as a state of Terraform has them."""
    found: list[dict[str, Any]] = []
    for number in range(count):
        definition = {
            "arn": f"arn:{number}:1",
            "cpu": "256",
            "memory": "512",
            "runtime_platform": [{"cpu_architecture": "ARM64"}],
        }
        service = {
            "task_definition": f"arn:{number}:1",
            "desired_count": desired,
            "capacity_provider_strategy": [{"capacity_provider": capacity}],
        }
        found += [
            {"type": "aws_ecs_task_definition", "values": definition},
            {"type": "aws_ecs_service", "values": service},
        ]
    return [*found, *[{"type": "aws_cloudwatch_metric_alarm", "values": {}} for _ in range(5)]]


class TestCostChange:
    def test_what_is_deployed_costs_what_its_file_says(
        self, make_settings: MakeSettings, server: PriceServer
    ) -> None:
        fleet = fleet_of(make_settings, 3, capacity="FARGATE_SPOT")
        change = monthly_cost_change(
            make_settings(AWS_REGION="us-east-1"),
            deployed(3, capacity="FARGATE_SPOT"),
            price_list(server),
            fleet=fleet,
            with_host=False,
        )
        assert change.before == change.after

    def test_of_a_paused_fleet(self, make_settings: MakeSettings, server: PriceServer) -> None:
        change = monthly_cost_change(
            make_settings(AWS_REGION="us-east-1"),
            deployed(3, desired=0),
            price_list(server),
            fleet=fleet_of(make_settings, 3),
            with_host=False,
        )
        assert change.before
        assert change.before.total == 0
        assert (change.after.total or 0) > 30

    def test_of_a_service_without_its_definition(
        self, make_settings: MakeSettings, server: PriceServer
    ) -> None:
        (_, service, *_) = deployed(1)
        change = monthly_cost_change(make_settings(), [service], price_list(server))
        assert change.before is None


def test_spot_is_another_usage_than_on_demand(server: PriceServer) -> None:
    """Its name ends with that of the other."""
    on_demand = Product("AmazonECS", "Fargate-ARM-vCPU-Hours:perCPU")
    server.prices = {"AmazonECS SpotUsage-Fargate-ARM-vCPU-Hours:perCPU": 0.9}
    assert price_list(server).find_rates([on_demand]).usd == {}
