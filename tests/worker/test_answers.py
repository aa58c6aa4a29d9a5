from __future__ import annotations

from decimal import Decimal

import pytest
from allora_worker.answers import NotAValueError, read_forecasts, read_number, read_truth
from allora_worker.losses import LossMethod, Truth, loss_method
from allora_worker.windows import Topic

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
        "1.1e40",
        "-9e-41",
        '{"value": 1, "value": 2}',
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


def loss(method: str) -> LossMethod:
    return loss_method(Topic(69, "a topic", method, 54, 60, 12))


def test_a_truth_is_a_number() -> None:
    assert read_truth("0.012", loss("mse")) == Truth(Decimal("0.012"))
    assert read_truth('{"value": 0.012, "std": 0}', loss("mse")) == Truth(Decimal("0.012"))


def test_a_truth_has_the_standard_deviation_that_its_loss_needs() -> None:
    text = '{"value": -0.012, "std": "0.020"}'
    assert read_truth(text, loss("czar")) == Truth(Decimal("-0.012"), Decimal("0.020"))


@pytest.mark.parametrize(
    "text",
    ["0.012", '{"value": 0.012}', '{"value": 0.012, "std": 0}', '{"value": 0.012, "std": -1}'],
)
def test_a_truth_without_its_standard_deviation_is_refused(text: str) -> None:
    with pytest.raises(NotAValueError, match="the loss czar is measured in standard deviations"):
        read_truth(text, loss("czar"))


@pytest.mark.parametrize(
    "text", ['{"value": 1, "std": true}', '{"std": 1}', '{"value": 1, "std": "x"}']
)
def test_a_truth_of_no_numbers_is_refused(text: str) -> None:
    with pytest.raises(NotAValueError, match="not a number"):
        read_truth(text, loss("czar"))
