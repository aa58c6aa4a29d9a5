"""AWS's Price List API, as far as GetProducts goes, in the shape that AWS documents.

https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.http_server import Handler, handled_by

ON_DEMAND = {
    "AmazonEC2 BoxUsage:t4g.small": 0.0168,
    "AmazonEC2 BoxUsage:t3.medium": 0.0416,
    "AmazonEC2 EBS:VolumeUsage.gp3": 0.08,
    "AmazonEC2 EBS:VolumeP-IOPS.gp3": 0.005,
    "AmazonEC2 EBS:VolumeP-Throughput.gp3": 40.96,
    "AmazonEC2 EBS:VolumeUsage.piops": 0.125,
    "AmazonEC2 EBS:VolumeP-IOPS.piops": 0.065,
    "AmazonEC2 EBS:VolumeUsage.io2": 0.125,
    "AmazonEC2 EBS:VolumeP-IOPS.io2": 0.065,
    "AmazonEC2 EBS:VolumeP-IOPS.io2.tier2": 0.0455,
    "AmazonEC2 EBS:VolumeP-IOPS.io2.tier3": 0.03185,
    "AmazonEC2 EBS:SnapshotUsage": 0.05,
    "AmazonEC2 EBS:SnapshotUsageUnderBilling": 0.04,
    "AmazonVPC PublicIPv4:InUseAddress": 0.005,
    "AmazonVPC PublicIPv4:IdleAddress": 0.005,
    "AmazonCloudWatch CW:MetricMonitorUsage": 0.3,
    "AmazonCloudWatch CW:AlarmMonitorUsage": 0.1,
    "AmazonECS SpotUsage-Fargate-ARM-vCPU-Hours:perCPU": 0.9,
    "AmazonECS Fargate-ARM-vCPU-Hours:perCPU": 0.03238,
    "AmazonECS Fargate-ARM-GB-Hours": 0.00356,
    "AmazonECS Fargate-vCPU-Hours:perCPU": 0.04048,
    "AmazonECS Fargate-GB-Hours": 0.004445,
    "AmazonECS Fargate-EphemeralStorage-GB-Hours": 0.000111,
    "AmazonCloudWatch DataProcessing-Bytes": 0.5,
    "AmazonCloudWatch CW:HighResAlarmMonitorUsage": 0.3,
}
"""USD of a service's usage type, without the prefix of a region."""

_LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
}


@dataclass
class PriceServer:
    """The server's answers, and what it was asked.

    Attributes:
        region: whose prices it has.
        prefix: what the region puts before usage types.
        prices: as `ON_DEMAND`.
        refusal: the code of an error to answer instead.
        answer: a price list to answer instead.
        asked: the usage types that were asked for.
    """

    region: str = "us-east-1"
    prefix: str = ""
    prices: Mapping[str, float] = field(default_factory=lambda: ON_DEMAND)
    refusal: str = ""
    answer: list[str] | None = None
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def respond(self, request: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer; a page has one product."""
        filters = request["Filters"]
        self.asked += [each["Value"] for each in filters if each["Field"] == "usagetype"]
        if self.refusal:
            return 400, {"__type": self.refusal, "Message": "so it is"}
        found = self.answer
        if found is None:
            listed = (self._attributes(name) | {"price": name} for name in self.prices)
            found = [
                self._product(each)
                for each in listed
                if each["servicecode"] == request["ServiceCode"] and _matches(each, filters)
            ]
        at = int(request.get("NextToken", 0))
        page = {"FormatVersion": "aws_v1", "PriceList": found[at : at + 1]}
        return 200, page | ({"NextToken": str(at + 1)} if at + 1 < len(found) else {})

    def _attributes(self, name: str) -> dict[str, str]:
        service, usage_type = name.split(" ")
        attributes = {
            "servicecode": service,
            "regionCode": self.region,
            "usagetype": f"{self.prefix}{usage_type}",
        }
        if usage_type.startswith("BoxUsage:"):
            attributes |= _LINUX | {"instanceType": usage_type.removeprefix("BoxUsage:")}
        return attributes

    def _product(self, attributes: dict[str, str]) -> str:
        usd = self.prices[attributes.pop("price")]
        tiers = {
            # A tier that costs nothing, and two that are in no order.
            "SKU.JRT.3": {"beginRange": "10000", "pricePerUnit": {"USD": f"{usd / 3:.10f}"}},
            "SKU.JRT.2": {"beginRange": "1", "pricePerUnit": {"USD": f"{usd:.10f}"}},
            "SKU.JRT.1": {"beginRange": "0", "pricePerUnit": {"USD": "0.0000000000"}},
        }
        return json.dumps(
            {
                "product": {"attributes": attributes, "sku": "SKU"},
                "serviceCode": attributes["servicecode"],
                "terms": {
                    "OnDemand": {"SKU.JRT": {"priceDimensions": tiers, "sku": "SKU"}},
                    "Reserved": {},
                },
            }
        )


def _matches(attributes: Mapping[str, str], filters: list[dict[str, str]]) -> bool:
    return all(
        each["Value"] in attributes.get(each["Field"], "")
        if each["Type"] == "CONTAINS"
        else each["Value"] == attributes.get(each["Field"])
        for each in filters
    )


@contextmanager
def price_server(**options: Any) -> Iterator[PriceServer]:
    """Serve on this computer.

    Args:
        options: attributes of the `PriceServer`.
    """
    prices = PriceServer(**options)

    class Prices(Handler):
        def do_POST(self) -> None:
            assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = prices.respond(request)
            self.answer(status, answer, {"Content-Type": "application/x-amz-json-1.1"})

    with handled_by(Prices) as prices.url:
        yield prices
