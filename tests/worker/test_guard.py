"""Which values are off by orders of magnitude, and what the worker does about them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from allora_worker.guard import implausible
from allora_worker.topic_facts import Facts, Kind

PRICE = Facts(Kind.PRICE, "BTC", "8h")
RETURN_8H = Facts(Kind.LOG_RETURN, "BTC", "8h")
RETURN_15MIN = Facts(Kind.LOG_RETURN, "BTC", "15min")
VOLATILITY = Facts(Kind.VOLATILITY, "BTC", "15min")
CLASSES = Facts(Kind.CLASSIFICATION, "WTI", "24h")

PRICES = ("64000", "64010", "63990", "64100", "1")
RETURNS = ("0.001", "-0.002", "0.0005", "-0.0001", "64000")
CRASH = ("-0.62", "-0.55", "-0.7", "-0.65")
VOLATILITIES = ("0.002", "0.003", "0.0025")


@pytest.mark.parametrize(
    ("value", "others", "facts", "reason"),
    [
        # A price.
        ("64123.4", PRICES, PRICE, None),
        ("7000", PRICES, PRICE, None),
        ("639000", PRICES, PRICE, None),
        ("641000", PRICES, PRICE, "is 10 times the network's median, 64000"),
        ("6.4E+12", PRICES, PRICE, "is 1e+08 times"),
        ("3000", PRICES, PRICE, "is the 21.3th part of the network's median"),
        ("0.0012", PRICES, PRICE, "th part of"),
        ("-0.0012", PRICES, PRICE, "not above 0"),
        ("0", PRICES, PRICE, "not above 0"),
        # A log return.
        ("0.003", RETURNS, RETURN_8H, None),
        ("-0.25", RETURNS, RETURN_8H, None),
        ("0", ("0", "0", "0"), RETURN_8H, None),
        ("0.01", ("0", "0", "0"), RETURN_8H, None),
        ("64000", RETURNS, RETURN_8H, "64000 is no plausible log return"),
        ("1.5", RETURNS, RETURN_8H, "far from the network's median, 0.0005"),
        ("-1.5", RETURNS, RETURN_8H, "-1.5 is no plausible"),
        ("0.04", RETURNS, RETURN_15MIN, None),
        ("0.06", RETURNS, RETURN_15MIN, "is no plausible log return"),
        ("-0.75", CRASH, RETURN_8H, None),
        ("64000", CRASH, RETURN_8H, "is no plausible log return"),
        # A volatility.
        ("0.0004", VOLATILITIES, VOLATILITY, None),
        ("0.02", VOLATILITIES, VOLATILITY, None),
        ("0.3", VOLATILITIES, VOLATILITY, "is 120 times"),
        ("64000", VOLATILITIES, VOLATILITY, "is 2.56e+07 times"),
        ("-0.002", VOLATILITIES, VOLATILITY, "not above 0"),
        # What is not known.
        ("0.001", PRICES, None, "th part of"),
        ("64000", ("0.001", "-0.002", "0.003"), None, "over 1000 times the network's largest"),
        ("1", ("0.001", "-0.002", "0.003"), None, None),
        ("1", ("0", "0", "0"), None, None),
        # Nothing to compare with.
        ("1", (), PRICE, None),
        ("1", ("64000", "64000"), PRICE, None),
        ("1", ("64000", "NaN", "64000"), PRICE, None),
        ("64000", ("0", "-1", "0"), PRICE, None),
        ("64000", ("0.3", "0.3", "0.4"), CLASSES, None),
        ("1E+100", PRICES, PRICE, "times the network's median"),
    ],
)
def test_what_is_off_by_orders_of_magnitude(
    value: str, others: tuple[str, ...], facts: Facts | None, reason: str | None
) -> None:
    found = implausible(Decimal(value), [Decimal(other) for other in others], facts)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert reason in found
