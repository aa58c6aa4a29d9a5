"""What a worker costs, with and without AWS's own price list."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from allora_cli.aws.prices import Cost, Item, cost_by, cost_so_far, monthly_cost, price_list
from settings import Settings

MakeSettings = Callable[..., Settings]
README = Path(__file__).parents[2] / "README.md"


def usd(cost: Cost, name: str) -> float | None:
    (found,) = [item.usd for item in cost.items if name in item.name]
    return found


def test_the_default_is_what_the_readme_says(make_settings: MakeSettings) -> None:
    cost = monthly_cost(make_settings(AWS_REGION="us-east-1"), None)
    readme = README.read_text("utf-8")
    for part in ("t3.medium", "public IPv4 address", "root volume"):
        assert f"{usd(cost, part):.2f}" in readme
    assert cost.total == pytest.approx(sum(item.usd or 0 for item in cost.items))
    assert "us-east-1" in cost.source


def test_more_topics_have_more_metrics(make_settings: MakeSettings) -> None:
    one = monthly_cost(make_settings(), None)
    three = monthly_cost(make_settings(ALLORA_WORKER_TOPIC_ID="1,2,3"), None)
    assert (three.total or 0) - (one.total or 0) == pytest.approx(2 * 0.30)


def test_a_foreign_worker_has_no_metrics_that_cost(make_settings: MakeSettings) -> None:
    cost = monthly_cost(make_settings(ALLORA_WORKER_IMAGE="example.com/worker:1"), None)
    assert [item.name for item in cost.items if "metrics" in item.name] == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"EDGE_DATA_VOL_TYPE": "gp3", "EDGE_DATA_VOL_SIZE": "100"}, 8.0),
        (
            {
                "EDGE_DATA_VOL_TYPE": "gp3",
                "EDGE_DATA_VOL_SIZE": "100",
                "EDGE_DATA_VOL_IOPS": "4000",
                "EDGE_DATA_VOL_THROUGHPUT": "225",
            },
            8.0 + 1000 * 0.005 + 100 * 0.04,
        ),
        (
            {
                "EDGE_DATA_VOL_TYPE": "io1",
                "EDGE_DATA_VOL_SIZE": "100",
                "EDGE_DATA_VOL_IOPS": "1000",
            },
            12.5 + 65.0,
        ),
        (
            {
                "EDGE_DATA_VOL_TYPE": "io2",
                "EDGE_DATA_VOL_SIZE": "100",
                "EDGE_DATA_VOL_IOPS": "70000",
            },
            12.5 + 32_000 * 0.065 + 32_000 * 0.046 + 6_000 * 0.032,
        ),
    ],
)
def test_data_volumes(
    make_settings: MakeSettings, variables: dict[str, str], expected: float
) -> None:
    cost = monthly_cost(make_settings(**variables), None)
    assert usd(cost, "data volume") == pytest.approx(expected)


def test_an_unknown_price_is_no_zero(make_settings: MakeSettings) -> None:
    cost = monthly_cost(make_settings(AWS_INSTANCE_TYPE="x2iedn.32xlarge"), None)
    assert usd(cost, "x2iedn.32xlarge") is None
    assert cost.total is None
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert cost_so_far(cost, now, now) is None


def product(unit: str, price: str) -> str:
    dimension = {"unit": unit, "pricePerUnit": {"USD": price}}
    return json.dumps({"terms": {"OnDemand": {"a": {"priceDimensions": {"b": dimension}}}}})


def asked(settings: Settings, **answer: Any) -> Cost:
    session = boto3.Session("id", "secret", region_name=settings.aws_region)
    client = price_list(settings, session)
    assert client
    with Stubber(client) as stub:
        if "error" in answer:
            stub.add_client_error("get_products", answer["error"])
        else:
            stub.add_response("get_products", {"FormatVersion": "aws_v1", **answer})
        return cost_by(client, settings)


def test_aws_s_own_price_comes_first(make_settings: MakeSettings) -> None:
    # What is reserved or unused has a price of 0 in the same list.
    prices = [product("Hrs", "0.0000000000"), product("Hrs", "0.0480000000")]
    cost = asked(make_settings(AWS_REGION="eu-central-1"), PriceList=prices)
    assert usd(cost, "t3.medium") == pytest.approx(0.048 * 730)
    assert "AWS's price list for eu-central-1" in cost.source


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "AccessDeniedException"},
        {"PriceList": []},
        {"PriceList": ["no JSON"]},
        {"PriceList": ["{}"]},
        {"PriceList": [product("Quantity", "99")]},
    ],
)
def test_without_a_usable_answer_the_table_has_to_do(
    make_settings: MakeSettings, answer: dict[str, Any]
) -> None:
    cost = asked(make_settings(), **answer)
    assert usd(cost, "t3.medium") == pytest.approx(30.368)
    assert "AWS's price list" not in cost.source


def test_prices_in_other_currencies_are_not_taken(make_settings: MakeSettings) -> None:
    session = boto3.Session("id", "secret", region_name="cn-north-1")
    assert price_list(make_settings(AWS_REGION="cn-north-1"), session) is None


@pytest.mark.parametrize(
    ("launched", "hours"),
    [
        ("2026-10-05T00:00:00+00:00", 10.0),  # counts from the first of the month
        ("2026-11-01T04:00:00+00:00", 6.0),
        ("2026-11-01T11:00:00+00:00", 0.0),  # a clock that is wrong costs nothing
    ],
)
def test_cost_so_far(launched: str, hours: float) -> None:
    cost = Cost((Item("all", 73.0),), "")
    # The month is UTC's: ten hours into November, though it is five o'clock somewhere else.
    now = datetime.fromisoformat("2026-11-01T05:00:00-05:00")
    assert cost_so_far(cost, datetime.fromisoformat(launched), now) == pytest.approx(hours * 0.1)
