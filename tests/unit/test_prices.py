"""A worker's cost, by a price list that a real client of botocore asks for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest

from allora_cli.aws.price_list import PriceList, Product, open_price_list
from allora_cli.aws.prices import (
    Cost,
    Item,
    cost_so_far,
    monthly_cost,
    monthly_cost_change,
    monthly_snapshot_cost,
)
from allora_cli.doctor.account import check_cost
from allora_cli.doctor.check_context import CheckContext
from settings import Settings
from tests.price_server import PriceServer, price_server

MakeSettings = Callable[..., Settings]
README = Path(__file__).parents[2] / "README.md"
INSTANCE = Product("AmazonEC2", "BoxUsage:t4g.small")


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with price_server() as server:
        yield server


def price_list(
    server: PriceServer, cache: Path | None = None, region: str = "us-east-1"
) -> PriceList:
    session = boto3.Session("id", "secret", region_name=region)
    client = session.client("pricing", region_name="us-east-1", endpoint_url=server.url)
    return PriceList(client, region, cache)


def usd(cost: Cost, name: str) -> float | None:
    (found,) = [item.usd for item in cost.items if name in item.name]
    return found


def test_default_costs_what_the_readme_says(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    cost = monthly_cost(make_settings(AWS_REGION="us-east-1"), price_list(server))
    readme = README.read_text("utf-8")
    for part in ("t4g.small", "public IPv4 address", "root volume"):
        assert f"{usd(cost, part):.2f}" in readme
    assert cost.total is not None
    assert cost.total == pytest.approx(sum(item.usd or 0 for item in cost.items))
    assert cost.source == "AWS's price list for us-east-1"
    assert cost.total < 20


def test_alarms_beyond_the_free_ones_cost(make_settings: MakeSettings, server: PriceServer) -> None:
    assert usd(monthly_cost(make_settings(), price_list(server)), "12 alarms") == 0.2
    steady = make_settings(AWS_INSTANCE_TYPE="m7g.medium")  # it has no credits to watch
    assert usd(monthly_cost(steady, price_list(server)), "11 alarms") == 0.1
    foreign = make_settings(ALLORA_WORKER_IMAGE="example.com/worker:1")
    assert "alarms" not in str(monthly_cost(foreign, price_list(server)).items)


def test_other_regions_have_prices_and_a_prefix_of_their_own(make_settings: MakeSettings) -> None:
    prices = {
        "AmazonEC2 BoxUsage:t4g.small": 0.0192,
        "AmazonEC2 EBS:VolumeUsage.gp3": 0.0952,
        "AmazonVPC PublicIPv4:InUseAddress": 0.005,
        "AmazonCloudWatch CW:MetricMonitorUsage": 0.3,
        "AmazonCloudWatch CW:AlarmMonitorUsage": 0.1,
    }
    with price_server(region="eu-central-1", prefix="EUC1-", prices=prices) as server:
        settings = make_settings(AWS_REGION="eu-central-1")
        cost = monthly_cost(settings, price_list(server, region="eu-central-1"))
    assert usd(cost, "t4g.small") == pytest.approx(0.0192 * 730)
    assert cost.total is not None
    assert cost.source == "AWS's price list for eu-central-1"


def test_more_topics_have_more_metrics(make_settings: MakeSettings, server: PriceServer) -> None:
    three, five = (
        monthly_cost(make_settings(ALLORA_WORKER_TOPIC_ID=topics), price_list(server)).total
        for topics in ("1,2,3", "1,2,3,4,5")  # three have ten metrics, which are free
    )
    assert five is not None
    assert three is not None
    assert five - three == pytest.approx(2 * 0.30)


def test_worker_image_of_another_has_no_metrics_that_cost(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    settings = make_settings(ALLORA_WORKER_IMAGE="example.com/worker:1")
    cost = monthly_cost(settings, price_list(server))
    assert [item.name for item in cost.items if "metrics" in item.name] == []


@pytest.mark.parametrize(
    ("volume_type", "iops", "throughput", "expected"),
    [
        ("gp3", "", "", 8.0),
        ("gp3", "4000", "225", 8.0 + 1000 * 0.005 + 100 * 0.04),
        ("io1", "1000", "", 12.5 + 65.0),
        ("io2", "32000", "", 12.5 + 32_000 * 0.065),
        ("io2", "70000", "", 12.5 + 32_000 * 0.065 + 32_000 * 0.0455 + 6_000 * 0.03185),
    ],
)
def test_data_volumes(
    make_settings: MakeSettings,
    server: PriceServer,
    volume_type: str,
    iops: str,
    throughput: str,
    expected: float,
) -> None:
    variables = {"SIZE": "100", "TYPE": volume_type, "IOPS": iops, "THROUGHPUT": throughput}
    given = {f"EDGE_DATA_VOL_{name}": value for name, value in variables.items() if value}
    cost = monthly_cost(make_settings(**given), price_list(server))
    assert usd(cost, "data volume") == pytest.approx(expected)


def test_snapshot(make_settings: MakeSettings, server: PriceServer) -> None:
    assert monthly_snapshot_cost(make_settings(), price_list(server), 20) == pytest.approx(1.0)
    server.refusal = "AccessDeniedException"
    assert monthly_snapshot_cost(make_settings(), price_list(server), 20) is None


def test_price_that_is_not_listed_is_unknown(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    settings = make_settings(AWS_INSTANCE_TYPE="m5zn.large")
    cost = monthly_cost(settings, price_list(server))
    assert usd(cost, "m5zn.large") is None
    assert usd(cost, "IPv4") == pytest.approx(3.65)
    assert cost.total is None
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert cost_so_far(cost, now, now) is None


@pytest.mark.parametrize(
    ("code", "says"),
    [("AccessDeniedException", "administrator"), ("ThrottlingException", "in a minute")],
)
def test_refusal_makes_all_unknown_with_the_reason(
    make_settings: MakeSettings, server: PriceServer, code: str, says: str
) -> None:
    server.refusal = code
    cost = monthly_cost(make_settings(), price_list(server))
    assert {item.usd for item in cost.items} == {None}
    assert says in cost.source


@pytest.mark.parametrize("answer", [[], ["no JSON"], ["{}"], ["[]"], ['{"product": null}']])
def test_answer_in_another_form_is_unknown(
    make_settings: MakeSettings, server: PriceServer, answer: list[str]
) -> None:
    server.answer = answer
    cost = monthly_cost(make_settings(), price_list(server))
    assert cost.total is None


def test_product_without_a_price_on_demand_is_passed_over(server: PriceServer) -> None:
    free, price = ({"a": {"pricePerUnit": {"USD": usd}}} for usd in ("0.0000000000", "0.0168"))
    terms: list[dict[str, object]] = [
        {"Reserved": {}},
        {"OnDemand": {"x": {"priceDimensions": free}}},
        {"OnDemand": {"x": {"priceDimensions": price}}},
    ]
    product = {"attributes": {"usagetype": INSTANCE.usage_type}}
    server.answer = [json.dumps({"product": product, "terms": each}) for each in terms]
    assert price_list(server).find_rates([INSTANCE]).usd == {INSTANCE: 0.0168}


def test_without_an_answer_all_is_unknown(make_settings: MakeSettings) -> None:
    with price_server() as server:
        pass
    cost = monthly_cost(make_settings(), price_list(server))
    assert cost.total is None
    assert "does not answer" in cost.source


def test_a_refusal_is_not_asked_for_again(make_settings: MakeSettings, server: PriceServer) -> None:
    server.refusal = "AccessDeniedException"
    prices = price_list(server)
    first = monthly_cost(make_settings(), prices)
    asked = len(server.asked)
    again = monthly_cost(make_settings(AWS_INSTANCE_TYPE="t3.medium"), prices)
    assert len(server.asked) == asked
    assert again.source == first.source
    assert again.total is None


def test_without_credentials_all_is_unknown(make_settings: MakeSettings) -> None:
    cost = monthly_cost(make_settings(), None)
    assert cost.total is None
    assert "credentials" in cost.source


class TestDoctor:
    """What `allora doctor` makes of it."""

    @staticmethod
    def said(settings: Settings, session: boto3.Session | None = None) -> str:
        return check_cost(CheckContext(known_settings=settings, session=session)).detail

    def test_without_any_price(self, make_settings: MakeSettings) -> None:
        assert self.said(make_settings()) == (
            "no prices from AWS; https://calculator.aws/ has them (AWS's price list needs AWS "
            "credentials.)"
        )

    def test_without_one_price(
        self, make_settings: MakeSettings, server: PriceServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", server.url)
        settings = make_settings(AWS_REGION="us-east-1", AWS_INSTANCE_TYPE="m5zn.large")
        assert self.said(settings, boto3.Session("id", "secret")) == (
            "about 5 USD without m5zn.large, whose price https://calculator.aws/ has (AWS's price "
            "list for us-east-1)"
        )


def test_prices_in_other_currencies_are_not_asked_for(
    make_settings: MakeSettings, server: PriceServer
) -> None:
    settings = make_settings(AWS_REGION="cn-north-1")
    cost = monthly_cost(settings, price_list(server, region="cn-north-1"))
    assert cost.total is None
    assert "aws-cn" in cost.source
    assert server.asked == []


def deployed(instance_type: str, root_gib: int, **volume: object) -> list[dict[str, Any]]:
    """Return resources as a state of Terraform has them."""
    root = [{"volume_size": root_gib, "volume_type": "gp3"}]
    instance = {"instance_type": instance_type, "root_block_device": root}
    return [
        {"type": "aws_vpc", "values": {}},
        {"type": "aws_instance", "values": instance},
        {"type": "aws_eip", "values": {}},
        *([{"type": "aws_ebs_volume", "values": volume}] if volume else []),
        *[{"type": "aws_cloudwatch_metric_alarm", "values": {}} for _ in range(12)],
    ]


class TestCostChange:
    def test_of_an_old_default(self, make_settings: MakeSettings, server: PriceServer) -> None:
        change = monthly_cost_change(
            make_settings(), deployed("t3.medium", 30), price_list(server, region="us-east-1")
        )
        assert change.before
        assert usd(change.before, "t3.medium") == pytest.approx(30.368)
        assert usd(change.before, "30 GiB") == pytest.approx(2.4)
        assert change.after == monthly_cost(make_settings(), price_list(server))
        assert change.before.total is not None
        assert change.after.total is not None
        assert change.before.total - change.after.total == pytest.approx(18.104 + 0.8)

    def test_of_a_data_volume(self, make_settings: MakeSettings, server: PriceServer) -> None:
        settings = make_settings(EDGE_DATA_VOL_TYPE="gp3")
        plain, volume = (
            deployed("t4g.small", 20, **more)
            for more in ({}, {"type": "gp3", "size": 20, "iops": 3000, "throughput": 125})
        )
        assert monthly_cost_change(settings, volume, price_list(server)).before == monthly_cost(
            settings, price_list(server)
        )
        without = monthly_cost_change(settings, plain, price_list(server)).before
        assert without == monthly_cost(make_settings(), price_list(server))

    def test_of_what_an_interrupted_run_has_left(
        self, make_settings: MakeSettings, server: PriceServer
    ) -> None:
        instance = {"instance_type": "t4g.small", "root_block_device": None}
        volume = {"type": "gp3", "size": 20, "iops": None, "throughput": None}
        resources = [
            {"type": "aws_instance", "values": instance},
            {"type": "aws_ebs_volume", "values": volume},
        ]
        change = monthly_cost_change(make_settings(), resources, price_list(server))
        assert change.before
        assert change.before.total

    def test_of_a_half_destroyed_worker(
        self, make_settings: MakeSettings, server: PriceServer
    ) -> None:
        volume = {"type": "gp3", "size": 20, "iops": 3000, "throughput": 125}
        resources = [
            {"type": "aws_eip", "values": {}},
            {"type": "aws_ebs_volume", "values": volume},
        ]
        before = monthly_cost_change(make_settings(), resources, price_list(server)).before
        assert before
        assert before.total == pytest.approx(3.65 + 1.6)

    @pytest.mark.parametrize("resources", [[], [{"type": "aws_vpc", "values": {}}]], ids=str)
    def test_of_a_first_deployment(
        self,
        make_settings: MakeSettings,
        server: PriceServer,
        resources: list[dict[str, Any]],
    ) -> None:
        change = monthly_cost_change(make_settings(), resources, price_list(server))
        assert change.before is None
        assert change.after == monthly_cost(make_settings(), price_list(server))


class TestCache:
    def test_rates_are_asked_for_once_a_day(self, server: PriceServer, tmp_path: Path) -> None:
        cache = tmp_path / "prices.json"
        for _ in range(2):
            assert price_list(server, cache).find_rates([INSTANCE]).usd == {INSTANCE: 0.0168}
        assert server.asked == ["BoxUsage:t4g.small"]
        rates = json.loads(cache.read_text())
        yesterday = {key: [usd, at - 24 * 3600] for key, (usd, at) in rates.items()}
        cache.write_text(json.dumps(yesterday))
        server.asked.clear()
        price_list(server, cache).find_rates([INSTANCE])
        assert server.asked == ["BoxUsage:t4g.small"]
        ((_, at),) = json.loads(cache.read_text()).values()
        assert time.time() - at < 12 * 3600

    def test_regions_do_not_mix(self, server: PriceServer, tmp_path: Path) -> None:
        cache = tmp_path / "prices.json"
        assert price_list(server, cache).find_rates([INSTANCE]).usd
        assert not price_list(server, cache, "eu-central-1").find_rates([INSTANCE]).usd

    def test_unknown_is_not_kept(self, server: PriceServer, tmp_path: Path) -> None:
        cache = tmp_path / "prices.json"
        server.refusal = "AccessDeniedException"
        assert not price_list(server, cache).find_rates([INSTANCE]).usd
        server.refusal = ""
        assert price_list(server, cache).find_rates([INSTANCE]).usd

    @pytest.mark.parametrize("content", ["", "[]", "null", '{"a": 1}', '{"a": ["b", "c"]}'])
    def test_damaged_cache_is_replaced(
        self, server: PriceServer, tmp_path: Path, content: str
    ) -> None:
        cache = tmp_path / "prices.json"
        cache.write_text(content)
        assert price_list(server, cache).find_rates([INSTANCE]).usd
        assert len(json.loads(cache.read_text())) == 1

    def test_folder_that_is_missing_is_no_reason_to_fail(
        self, server: PriceServer, tmp_path: Path
    ) -> None:
        cache = tmp_path / "gone" / "prices.json"
        assert price_list(server, cache).find_rates([INSTANCE]).usd

    def test_prices_of_another_endpoint_are_not_kept(
        self, server: PriceServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        cache = tmp_path / "prices.json"
        monkeypatch.setattr("allora_cli.aws.price_list._CACHE", cache)
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", server.url)
        prices = open_price_list(boto3.Session("id", "secret"), "us-east-1")
        assert prices.find_rates([INSTANCE]).usd
        assert not cache.exists()


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
