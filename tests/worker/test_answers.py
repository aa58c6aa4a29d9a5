from __future__ import annotations

from decimal import Decimal

import pytest
from allora_worker.answers import NotAValueError, read_forecasts, read_number

ADDRESS = "allo19rl4cm2hmr8afy4kldpxz3fka4jguq0ajnh7gv"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("67123.45", "67123.45"),
        (" 67123.45\n", "67123.45"),
        ("-0.5", "-0.5"),
        ("7", "7"),
        ("1e-7", "1E-7"),
        (".5", "0.5"),
        ('{"value": 0.1}', "0.1"),
        ('{"value": "0.1", "at": "now"}', "0.1"),
        ('"12"', "12"),
        ("-0", "0"),
        ("0.12345678901234567890123456789", "0.12345678901234567890123456789"),
        ('{"value": 12345678901234567890.123}', "12345678901234567890.123"),
    ],
)
def test_a_number_keeps_all_its_digits(text: str, number: str) -> None:
    assert str(read_number(text)) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "inf",
        "-Infinity",
        '{"value": NaN}',
        '{"value": Infinity}',
        '{"value": "NaN"}',
        '{"value": true}',
        '{"value": null}',
        '{"value": [1]}',
        '{"value": {"value": 1}}',
        '{"values": 1}',
        "true",
        "null",
        "[1]",
        "1,5",
        "1_000",
        "0x10",
        "١٢",
        "1 2",
        "1e99999",
        "1e500",
        "9" * 101,
        "<html><body>502</body></html>",
        '{"error": "no model"}',
        '{"value": 1',
        "[" * 3000,
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NotAValueError):
        read_number(text)


def test_a_message_shows_only_the_beginning_of_an_answer() -> None:
    with pytest.raises(NotAValueError) as caught:
        read_number("x" * 4000)
    assert len(str(caught.value)) < 120


def test_forecasts_are_losses_by_address() -> None:
    assert read_forecasts(f'{{"{ADDRESS}": 0.10, "{ADDRESS[:-1]}w": "2"}}') == {
        ADDRESS: Decimal("0.10"),
        ADDRESS[:-1] + "w": Decimal(2),
    }


@pytest.mark.parametrize(
    "text",
    ["", "{}", "1", "[]", '{"cosmos1abc": 1}', f'{{"{ADDRESS}": "x"}}', f'{{"{ADDRESS}": true}}'],
)
def test_other_forecasts_are_refused(text: str) -> None:
    with pytest.raises(NotAValueError):
        read_forecasts(text)
