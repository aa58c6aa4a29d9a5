"""Read AWS's public prices from the Price List API, and cache them for a day.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-query-api.html
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config

from allora_cli.aws.queries import Question, Unknown

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_pricing import PricingClient
    from mypy_boto3_pricing.type_defs import FilterTypeDef

_CACHE: Final = Path(__file__).parents[2] / ".tools" / "prices.json"
_DAY: Final = 24 * 3600.0

_ENDPOINT: Final = "https://api.pricing.us-east-1.amazonaws.com"
"""One of the API's few endpoints; each has the prices of all regions."""

_QUICK: Final = Config(connect_timeout=3, read_timeout=8, retries={"total_max_attempts": 1})


@dataclass(frozen=True)
class Product:
    """A product in AWS's price list.

    Attributes:
        usage_type: as in us-east-1; other regions add a prefix (EUC1-BoxUsage:t3.medium).
        fields: names and values of attributes that narrow the search.
    """

    service: str
    usage_type: str
    fields: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rates:
    """Prices of a unit in USD.

    Attributes:
        problem: why prices are missing, if AWS refused or did not answer.
    """

    usd: Mapping[Product, float]
    problem: str = ""


class PriceList:
    """The on-demand prices of one region.

    Once AWS has refused or not answered, it is not asked again: each time would last as long.

    Args:
        client: for the Price List API.
        region: the deployment's, not the client's.
        cache: the file for rates of the last 24 hours, or None.
    """

    def __init__(self, client: PricingClient, region: str, cache: Path | None) -> None:
        self._client = client
        self._region = region
        self._cache = cache
        self._problem = ""

    def find_rates(self, products: Iterable[Product]) -> Rates:
        """Return rates from the cache and, at the same time for all others, from AWS."""
        products = tuple(products)
        cached = self._read_cache()
        missing = {product for product in products if self._key(product) not in cached}
        to_ask = set() if self._problem else missing
        questions = {product: Question(partial(self._ask, product)) for product in to_ask}
        for product, question in questions.items():
            rate = question.answer()
            if isinstance(rate, Unknown):
                self._problem = str(rate.error)
            elif rate is not None:
                cached[self._key(product)] = (rate, time.time())
        if to_ask:
            self._write_cache(cached)
        found = {
            product: cached[self._key(product)][0]
            for product in products
            if self._key(product) in cached
        }
        return Rates(found, self._problem if missing else "")

    def _key(self, product: Product) -> str:
        return f"{self._region} {product.service} {product.usage_type}"

    def _ask(self, product: Product) -> float | None:
        filters: list[FilterTypeDef] = [
            {"Type": "CONTAINS", "Field": "usagetype", "Value": product.usage_type}
        ]
        for name, value in (("regionCode", self._region), *product.fields):
            filters.append({"Type": "TERM_MATCH", "Field": name, "Value": value})
        pages = self._client.get_paginator("get_products").paginate(
            ServiceCode=product.service, Filters=filters
        )
        listed = (json.loads(text) for page in pages for text in page["PriceList"])
        try:
            rates = (_first_rate(each) for each in listed if _is_usage(each, product.usage_type))
            return next((rate for rate in rates if rate is not None), None)
        except (KeyError, ValueError, TypeError, AttributeError):
            return None  # an estimate does not fail

    def _read_cache(self) -> dict[str, tuple[float, float]]:
        """Return rates of the last day, each with its time."""
        try:
            content = json.loads(self._cache.read_text("utf-8")) if self._cache else {}
            kept = {key: (float(usd), float(at)) for key, (usd, at) in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return {key: rate for key, rate in kept.items() if 0 <= time.time() - rate[1] < _DAY}

    def _write_cache(self, rates: Mapping[str, tuple[float, float]]) -> None:
        if self._cache is None:
            return
        draft = self._cache.with_suffix(f".{secrets.token_hex(4)}")
        try:
            draft.write_text(json.dumps(rates), "utf-8")
            draft.replace(self._cache)
        except OSError:
            draft.unlink(missing_ok=True)


def open_price_list(session: boto3.Session, region: str) -> PriceList:
    """Return the prices of a region; only those from AWS's own endpoint are cached."""
    client = session.client("pricing", region_name="us-east-1", config=_QUICK)
    return PriceList(client, region, _CACHE if client.meta.endpoint_url == _ENDPOINT else None)


def _is_usage(listed: Mapping[str, Any], usage_type: str) -> bool:
    found: str = listed["product"]["attributes"]["usagetype"]
    # The prefix of a region, and no more: SpotUsage-Fargate-GB-Hours is another usage.
    return re.fullmatch(rf"(?:[A-Z0-9]+-)?{re.escape(usage_type)}", found) is not None


def _first_rate(listed: Mapping[str, Any]) -> float | None:
    """Return the price in USD of a unit in the lowest tier that is not free, or None.

    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file-for-services.html
    """
    tiers = [
        (float(tier.get("beginRange", 0)), float(tier["pricePerUnit"]["USD"]))
        for term in listed["terms"].get("OnDemand", {}).values()
        for tier in term["priceDimensions"].values()
    ]
    return next((usd for _, usd in sorted(tiers) if usd > 0), None)
