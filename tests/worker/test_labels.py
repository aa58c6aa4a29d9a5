"""Topics that take a number for each of several labels."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from allora_worker.answers import NotAValueError, read_inference
from allora_worker.chain_answers import read_topic
from allora_worker.labels import Labels

CLASSES = Labels(allowed=("down", "flat", "up"), most=3, tolerance=Decimal("0.01"))
FREE = Labels(allowed=(), most=2)


def test_a_number_for_each_label_keeps_all_its_digits() -> None:
    text = '{"up": 0.333333333333333333333333333333, "down": "0.33", "flat": 0.34}'
    assert read_inference(text, CLASSES) == {
        "up": Decimal("0.333333333333333333333333333333"),
        "down": Decimal("0.33"),
        "flat": Decimal("0.34"),
    }


def test_labels_are_in_the_form_that_the_chain_stores() -> None:
    text = '{" UP ": 0.5, "Down": 0.5, "flat": 0}'
    assert list(read_inference(text, CLASSES)) == ["up", "down", "flat"]
    exact = Labels(allowed=(), most=2, is_case_sensitive=True)
    assert read_inference('{"Up": 1, "up": 2}', exact) == {"Up": Decimal(1), "up": Decimal(2)}
    assert read_inference('{"Caf\\u0065\\u0301": 1}', FREE) == {"caf\u00e9": Decimal(1)}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"up": 0.6, "down": 0.4, "sideways": 0}', "the label 'sideways', which the topic does"),
        ('{"up": 0.6, "down": 0.4}', "no number for 'flat', and the topic takes one for each"),
        ('{"up": 0.6, "down": 0.2, "flat": 0.1}', "numbers with the sum 0.9, and the topic takes"),
        ('{"up": 0.6, "down": 0.2, "flat": 0.3}', "numbers with the sum 1.1, and the topic takes"),
        ('{"up": 0, "down": 0, "flat": 0}', "0 for every label, which the network takes for no"),
        ('{"up": 0.5, "UP": 0.5, "down": 0, "flat": 0}', "the label 'up' twice"),
        ('{"up": 0.5, "up": 0.5, "down": 0, "flat": 0}', "a JSON object with one name twice"),
        ('{"up": NaN, "down": 0, "flat": 0}', "NaN is not a finite number"),
        ('{"up": "much", "down": 0, "flat": 0}', "not a number: 'much'"),
        ('{"up": {"value": 1}, "down": 0, "flat": 0}', "not a number"),
        ("0.6", "'0.6', and the topic takes a JSON object of numbers by label"),
        ("[0.6, 0.4, 0]", "and the topic takes a JSON object of numbers by label"),
        ("{}", "and the topic takes a JSON object of numbers by label"),
        ("up", "neither a number nor JSON"),
    ],
)
def test_what_the_network_would_take_a_fee_for_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(NotAValueError) as caught:
        read_inference(text, CLASSES)
    assert complaint in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('{"a": 1, "b": 2, "c": 3}', "3 labels, and the topic takes 2 at most"),
        ('{"": 1}', "'', which is no label"),
        ('{" ": 1}', "which is no label"),
        ('{"a\\u200bb": 1}', "which is no label"),
        ('{"\\ud800": 1}', "which is no label"),
        (f'{{"{"é" * 33}": 1}}', "which is no label"),
    ],
)
def test_a_topic_with_any_labels_has_rules_too(text: str, complaint: str) -> None:
    with pytest.raises(NotAValueError) as caught:
        read_inference(text, FREE)
    assert complaint in str(caught.value)


def test_a_sum_may_be_anything_where_the_topic_says_so() -> None:
    assert read_inference('{"a": 10, "b": -3}', FREE) == {"a": Decimal(10), "b": Decimal(-3)}


def test_a_topic_with_more_labels_than_a_submission_may_have_takes_some() -> None:
    some = Labels(allowed=("a", "b", "c"), most=2)
    assert read_inference('{"b": 1}', some) == {"b": Decimal(1)}


def test_a_single_number_takes_no_labels() -> None:
    with pytest.raises(NotAValueError, match="not a number"):
        read_inference('{"up": 0.6, "down": 0.4}', None)


def answer(**members: Any) -> Any:
    topic = {
        "metadata": "a topic",
        "loss_method": "focal",
        "epoch_length": 54,
        "epoch_last_ended": 1000,
        "ground_truth_lag": 60,
        "worker_submission_window": 12,
        "output_arity": SimpleNamespace(name="MULTI"),
        "label_whitelist": ["down", "up"],
        "max_labels_per_submission": 2,
        "label_case_sensitive": True,
        "label_default_value": "",
        "require_unity": True,
        "unity_tolerance": "0.001",
    }
    return SimpleNamespace(**topic | members)


def test_the_chain_tells_the_rules() -> None:
    assert read_topic(87, answer()).labels == Labels(
        ("down", "up"), 2, is_case_sensitive=True, tolerance=Decimal("0.001")
    )
    free = read_topic(87, answer(require_unity=False, label_default_value="0.5")).labels
    assert free is not None
    assert (free.tolerance, free.default) == (None, Decimal("0.5"))
    assert read_topic(69, answer(output_arity=SimpleNamespace(name="SINGLE"))).labels is None


@pytest.mark.parametrize(
    "nonsense",
    [
        {"unity_tolerance": "NaN"},
        {"label_default_value": "Infinity"},
        {"max_labels_per_submission": 0},
        {"max_labels_per_submission": 2**63},
    ],
)
def test_rules_that_make_no_sense_are_a_failure_of_the_endpoint(nonsense: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        read_topic(87, answer(**nonsense))
